/* test_spec_keras.c - models that Keras wrote, and what is refused in them. */
#include "spec_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KERAS(layers) KERAS_CONFIG("'name':'sequential','layers':[" layers "]")
#define KERAS_CONFIG(config)                                                                       \
	"{'dataset':'mnist','model':{'class_name':'Sequential','config':{" config "}}}"

/* As Keras 2.11 and Keras 3.5 write the network of the MNIST job. */
#define KERAS2_INITIALIZERS                                                                        \
	"'kernel_initializer':{'class_name':'GlorotUniform','config':{'seed':null}},"              \
	"'bias_initializer':{'class_name':'Zeros','config':{}},'kernel_regularizer':null,"         \
	"'bias_regularizer':null,'activity_regularizer':null,'kernel_constraint':null,'bias_"      \
	"constraint':null"
#define KERAS2_MODEL                                                                               \
	"{'class_name':'Sequential','config':{'name':'sequential','layers':["                      \
	"{'class_name':'InputLayer','config':{'batch_input_shape':[null,28,28,1],'dtype':'"        \
	"float32','sparse':false,"                                                                 \
	"'ragged':false,'name':'conv2d_input'}},"                                                  \
	"{'class_name':'Conv2D','config':{'name':'conv2d','trainable':true,'batch_input_shape':["  \
	"null,28,28,1],"                                                                           \
	"'dtype':'float32','filters':32,'kernel_size':[3,3],'strides':[1,1],'padding':'valid',"    \
	"'data_format':'channels_last','dilation_rate':[1,1],'groups':1,'activation':'relu','use_" \
	"bias':true," KERAS2_INITIALIZERS "}},"                                                    \
	"{'class_name':'MaxPooling2D','config':{'name':'max_pooling2d','trainable':true,'dtype':'" \
	"float32',"                                                                                \
	"'pool_size':[2,2],'padding':'valid','strides':[2,2],'data_format':'channels_last'}},"     \
	"{'class_name':'Flatten','config':{'name':'flatten','trainable':true,'dtype':'float32','"  \
	"data_format':'channels_last'}},"                                                          \
	"{'class_name':'Dense','config':{'name':'dense','trainable':true,'dtype':'float32','"      \
	"units':64,'activation':'relu',"                                                           \
	"'use_bias':true," KERAS2_INITIALIZERS "}},"                                               \
	"{'class_name':'Dense','config':{'name':'dense_1','trainable':true,'dtype':'float32','"    \
	"units':10,'activation':'softmax',"                                                        \
	"'use_bias':true," KERAS2_INITIALIZERS                                                     \
	"}}]},'keras_version':'2.11.0','backend':'tensorflow'}"

#define KERAS3_DTYPE                                                                               \
	"'dtype':{'module':'keras','class_name':'DTypePolicy','config':{'name':'float32'},'"       \
	"registered_name':null}"
#define KERAS3_INITIALIZERS                                                                        \
	"'kernel_initializer':{'module':'keras.initializers','class_name':'GlorotUniform','"       \
	"config':{'seed':null},"                                                                   \
	"'registered_name':null},'bias_initializer':{'module':'keras.initializers','class_name':'" \
	"Zeros','config':{},"                                                                      \
	"'registered_name':null},'kernel_regularizer':null,'bias_regularizer':null,'activity_"     \
	"regularizer':null,"                                                                       \
	"'kernel_constraint':null,'bias_constraint':null"
#define KERAS3_LAYER(class, config)                                                                \
	"{'module':'keras.layers','class_name':'" class "','config':{" config                      \
							"},'registered_name':null,"                \
							"'build_config':{'input_shape':[null,28,"  \
							"28,1]}}"
#define KERAS3_MODEL(more)                                                                                     \
	"{'module':'keras','class_name':'Sequential','config':{'name':'sequential','trainable':"               \
	"true," KERAS3_DTYPE ",'layers':["                                                                     \
	"{'module':'keras.layers','class_name':'InputLayer','config':{'batch_shape':[null,28,28,"              \
	"1],'dtype':'float32',"                                                                                \
	"'sparse':false,'name':'input_layer'},'registered_name':null}," KERAS3_LAYER("Conv2D",                 \
		"'name':'conv2d','trainable':true," KERAS3_DTYPE                                               \
		",'filters':32,'kernel_size':[3,3],"                                                           \
		"'strides':[1,1],'padding':'valid','data_format':'channels_last','dilation_rate':"             \
		"[1,1],'groups':1,"                                                                            \
		"'activation':'relu','use_bias':true," KERAS3_INITIALIZERS) "," KERAS3_LAYER("Max"             \
											     "Poo"             \
											     "lin"             \
											     "g2"              \
											     "D",              \
		"'name':'max_pooling2d','trainable':true," KERAS3_DTYPE ",'pool_size':[2,2],"                  \
		"'padding':'valid','strides':[2,2],'data_format':'channels_last'") "," KERAS3_LAYER("Flatten", \
		"'name':'flatten','trainable':true," KERAS3_DTYPE                                              \
		",'data_format':'channels_last'") "," KERAS3_LAYER("Dense",                                    \
		"'name':'dense','trainable':true," KERAS3_DTYPE                                                \
		",'units':64,'activation':'relu','use_bias':true," KERAS3_INITIALIZERS                         \
		",'quantization_config':null") "," KERAS3_LAYER("Dense",                                       \
		"'name':'dense_1','trainable':true," KERAS3_DTYPE                                              \
		",'units':10,'activation':'softmax',"                                                          \
		"'use_bias':true," KERAS3_INITIALIZERS) "],'build_input_shape':[null,28,28,1]},'"              \
							"registered_name':null,'build_config':{'"              \
							"input_shape':[null,28,28,1]}" more "}"

static void what_keras_writes_is_the_same_job(void **state)
{
	(void)state;
	static const char ours[] =
		LAYERS("{'type':'Conv2D','filters':32,'kernel_size':3,'activation':'relu'},"
		       "{'type':'MaxPooling2D','pool_size':2,'strides':2},{'type':'Flatten'},"
		       "{'type':'Dense','units':64,'activation':'relu'},"
		       "{'type':'Dense','units':10,'activation':'softmax'}");
	static const char *const theirs[] = {
		"{'dataset':'mnist','model':" KERAS2_MODEL "}",
		"{'dataset':'mnist','model':" KERAS3_MODEL("") "}",
		"{'dataset':'mnist','model':" KERAS3_MODEL(",'compile_config':null") "}",
		"{'dataset':'mnist','loss':'sparse_categorical_crossentropy','optimizer':'adam',"
		"'model':" KERAS3_MODEL(",'compile_config':{'optimizer':'sgd','loss':'mse'}") "}",
	};
	char *wanted = echo_of_job(ours);

	for (size_t i = 0; i < COUNT_OF(theirs); i++) {
		char *seen = echo_of_job(theirs[i]);
		assert_string_equal(seen, wanted);
		free(seen);
	}
	free(wanted);
}

/* A layer as Keras writes it, and the same as ours. */
#define KERAS2_CONV(class, config)                                                                 \
	KERAS("{'class_name':'" class "','config':{'name':'one','trainable':true,'dtype':'"        \
				      "float32','data_format':"                                    \
				      "'channels_last','activity_regularizer':null,'bias_"         \
				      "regularizer':null,"                                         \
				      "'bias_constraint':null,'bias_initializer':{'class_name':'"  \
				      "Zeros','config':{}}"                                        \
				      "," config "}}")
#define KERAS2_KERNEL                                                                              \
	"'kernel_initializer':{'class_name':'GlorotUniform','config':{'seed':null}},"              \
	"'kernel_regularizer':null,'kernel_constraint':null"

static void every_convolution_of_keras_is_ours(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ KERAS2_CONV("Conv2D",
			  "'filters':6,'kernel_size':[3,2],'strides':[1,1],'padding':'same',"
			  "'dilation_rate':[2,3],'groups':2,'activation':'relu',"
			  "'use_bias':false," KERAS2_KERNEL),
			LAYERS("{'type':'Conv2D','name':'one','filters':6,'kernel_size':[3,2],"
			       "'padding':'same','dilation_rate':[2,3],'groups':2,"
			       "'activation':'relu','use_bias':false}") },
		{ KERAS2_CONV("Conv1D",
			  "'filters':6,'kernel_size':[3],'strides':[2],'padding':'causal',"
			  "'dilation_rate':[1],'groups':3,'activation':'linear',"
			  "'use_bias':true," KERAS2_KERNEL),
			LAYERS("{'type':'Conv1D','name':'one','filters':6,'kernel_size':3,"
			       "'strides':2,'padding':'causal','groups':3}") },
		{ KERAS2_CONV("DepthwiseConv2D",
			  "'kernel_size':[3,2],'strides':[1,1],'padding':'same','dilation_rate':"
			  "[1,1],'groups':1,'activation':'relu','use_bias':true,"
			  "'depth_multiplier':2,'depthwise_initializer':{'class_name':'HeNormal',"
			  "'config':{'seed':null}},'depthwise_regularizer':null,"
			  "'depthwise_constraint':null"),
			LAYERS("{'type':'DepthwiseConv2D','name':'one','kernel_size':[3,2],"
			       "'padding':'same','activation':'relu','depth_multiplier':2,"
			       "'depthwise_initializer':'he_normal'}") },
		{ KERAS2_CONV("SeparableConv2D",
			  "'filters':8,'kernel_size':[3,3],'strides':[2,2],'padding':'valid',"
			  "'dilation_rate':[1,1],'groups':1,'activation':'linear','use_bias':true,"
			  "'depth_multiplier':1," KERAS2_KERNEL
			  ",'depthwise_initializer':{'class_name':'GlorotUniform','config':"
			  "{'seed':null}},'pointwise_initializer':{'class_name':'HeUniform',"
			  "'config':{'seed':null}},'depthwise_regularizer':null,"
			  "'pointwise_regularizer':null,'depthwise_constraint':null,"
			  "'pointwise_constraint':null"),
			LAYERS("{'type':'SeparableConv2D','name':'one','filters':8,'kernel_size':3,"
			       "'strides':2,'pointwise_initializer':'he_uniform'}") },
		{ KERAS2_CONV("Conv2DTranspose",
			  "'filters':8,'kernel_size':[3,3],'strides':[2,2],'padding':'same',"
			  "'dilation_rate':[1,1],'groups':1,'activation':'linear','use_bias':true,"
			  "'output_padding':null," KERAS2_KERNEL),
			LAYERS("{'type':'Conv2DTranspose','name':'one','filters':8,"
			       "'kernel_size':3,'strides':2,'padding':'same'}") },
		{ KERAS2_CONV("Conv2DTranspose",
			  "'filters':8,'kernel_size':[3,3],'strides':[2,2],'padding':'same',"
			  "'dilation_rate':[1,1],'activation':'linear','use_bias':true,"
			  "'output_padding':[1,0]," KERAS2_KERNEL),
			LAYERS("{'type':'Conv2DTranspose','name':'one','filters':8,"
			       "'kernel_size':3,'strides':2,'padding':'same',"
			       "'output_padding':[1,0]}") },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char *seen = echo_of_job(cases[i][0]), *wanted = echo_of_job(cases[i][1]);
		assert_string_equal(seen, wanted);
		free(seen);
		free(wanted);
	}
}

static void initializers_of_keras_are_ours(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "{'class_name':'HeNormal','config':{'seed':null}}",
			"{'type':'HeNormal','seed':null}" },
		{ "{'class_name':'HeNormal','config':{'seed':7}}", "{'type':'HeNormal','seed':7}" },
		{ "{'class_name':'Ones','config':{'dtype':'float32'}}", "{'type':'Ones'}" },
		{ "{'class_name':'Zeros','config':{'seed':null}}", "{'type':'Zeros'}" },
		{ "{'class_name':'RandomUniform','config':{'minval':-0.1,'maxval':0.3,'seed':null}"
		  "}",
			"{'type':'RandomUniform','minval':-0.1,'maxval':0.3,'seed':null}" },
		{ "{'module':'keras.initializers','class_name':'VarianceScaling','config':{'scale':"
		  "2.0,'mode':'fan_out','distribution':'uniform','seed':3},'registered_name':null}",
			"{'type':'VarianceScaling','scale':2,'mode':'fan_out','distribution':"
			"'uniform','seed':3}" },
		{ "{'class_name':'Orthogonal','config':{'gain':1.0,'seed':null}}",
			"{'type':'Orthogonal','gain':1,'seed':null}" },
		{ "{'class_name':'Constant','config':{'value':0.5}}",
			"{'type':'Constant','value':0.5}" },
		{ "'lecun_uniform'", "{'type':'LecunUniform','seed':null}" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char job[1000];
		(void)snprintf(job, sizeof job,
			"{'dataset':'d','model':{'class_name':'Sequential','config':{'layers':[{'"
			"class_name':'Dense',"
			"'config':{'units':1,'kernel_initializer':%s}}]}}}",
			cases[i][0]);
		char *text = echo_of_job(job);
		AUTO_FREE(json_free) struct json_document *d = document(text);
		assert_value_at(json_root(d), "/model/layers/0/kernel_initializer", cases[i][1]);
		free(text);
	}
}

static void regularizers_and_constraints_of_keras_are_ours(void **state)
{
	(void)state;
	char *text = echo_of_job(
		KERAS("{'class_name':'Dense','config':{'units':1,"
		      "'kernel_regularizer':{'module':'keras.regularizers','class_name':'L1L2',"
		      "'config':{'l1':0.25,'l2':0.5},'registered_name':null},"
		      "'bias_regularizer':{'class_name':'L2','config':{'l2':0.009999999776482582}},"
		      "'kernel_constraint':{'class_name':'MaxNorm','config':{'max_value':3,'axis':["
		      "0,1]}},"
		      "'bias_constraint':'non_neg'}}"));
	static const char *const wanted[][2] = {
		{ "/model/layers/0/kernel_regularizer", "{'type':'L1L2','l1':0.25,'l2':0.5}" },
		{ "/model/layers/0/bias_regularizer", "{'type':'L2','l2':0.009999999776482582}" },
		{ "/model/layers/0/kernel_constraint",
			"{'type':'MaxNorm','max_value':3,'axis':[0,1]}" },
		{ "/model/layers/0/bias_constraint", "{'type':'NonNeg'}" },
	};
	AUTO_FREE(json_free) struct json_document *d = document(text);

	for (size_t i = 0; i < COUNT_OF(wanted); i++)
		assert_value_at(json_root(d), wanted[i][0], wanted[i][1]);
	free(text);
}

/* What Keras 2 or 3 writes of a layer, beside "name", "trainable" and "dtype", and ours. */
static const struct {
	const char *class_name, *config, *ours;
} layer_cases[] = {
	{ "MaxPooling1D",
		"'pool_size':[3],'padding':'same','strides':[2],'data_format':"
		"'channels_last'",
		"'pool_size':3,'padding':'same','strides':2" },
	{ "AveragePooling1D",
		"'pool_size':2,'padding':'valid','strides':2,'data_format':"
		"'channels_last'",
		"'strides':2" },
	{ "AveragePooling2D",
		"'pool_size':[3,2],'padding':'valid','strides':[2,2],'data_format':"
		"'channels_last'",
		"'pool_size':[3,2],'strides':2" },
	{ "GlobalAveragePooling1D", "'data_format':'channels_last','keepdims':false", "" },
	{ "GlobalAveragePooling2D", "'data_format':'channels_last','keepdims':true",
		"'keepdims':true" },
	{ "GlobalMaxPooling1D", "'data_format':'channels_last','keepdims':false", "" },
	{ "GlobalMaxPooling2D", "'data_format':'channels_last','keepdims':false", "" },
	{ "Reshape", "'target_shape':[-1,4]", "'target_shape':[-1,4]" },
	{ "Permute", "'dims':[2,1]", "'dims':[2,1]" },
	{ "ZeroPadding2D", "'padding':[[1,2],[3,4]],'data_format':'channels_last'",
		"'padding':[[1,2],[3,4]]" },
	{ "Cropping2D", "'cropping':[[1,1],[2,2]],'data_format':'channels_last'",
		"'cropping':[1,2]" },
	{ "UpSampling2D", "'size':[2,2],'data_format':'channels_last','interpolation':'bilinear'",
		"'interpolation':'bilinear'" },
	{ "Dropout", "'rate':0.5,'noise_shape':null,'seed':null", "'rate':0.5" },
	{ "SpatialDropout2D", "'rate':0.25,'seed':3,'data_format':'channels_last'",
		"'rate':0.25,'seed':3" },
	{ "GaussianNoise", "'stddev':0.1,'seed':null", "'stddev':0.1" },
	{ "LayerNormalization",
		"'axis':[3],'epsilon':0.001,'center':true,'scale':true,'beta_initializer':{"
		"'class_name':'Zeros','config':{}},'gamma_initializer':{'class_name':'Ones',"
		"'config':{}},'beta_regularizer':null,'gamma_regularizer':null,'beta_constraint':"
		"null,'gamma_constraint':null,'rms_scaling':false",
		"'axis':3" },
	{ "GroupNormalization",
		"'groups':8,'axis':-1,'epsilon':0.001,'center':true,'scale':false,"
		"'beta_initializer':{'class_name':'Zeros','config':{}},'gamma_initializer':{"
		"'class_name':'Ones','config':{}},'beta_regularizer':null,'gamma_regularizer':null,"
		"'beta_constraint':null,'gamma_constraint':null",
		"'groups':8,'scale':false" },
	{ "BatchNormalization",
		"'axis':[3],'momentum':0.9,'epsilon':0.001,'center':true,'scale':true,"
		"'moving_mean_initializer':{'class_name':'Zeros','config':{}},'synchronized':false",
		"'axis':3,'momentum':0.9" },
	{ "Rescaling", "'scale':0.5,'offset':-1.0", "'scale':0.5,'offset':-1" },
	{ "Normalization", "'axis':[-1],'invert':false,'mean':null,'variance':null", "" },
	{ "Normalization", "'axis':-1,'invert':false,'mean':[1.0,2.0],'variance':4.0",
		"'mean':[1,2],'variance':[4]" },
	{ "Concatenate", "'axis':-1", "" },
	{ "Maximum", "", "" },
};

static void what_keras_writes_of_each_layer_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(layer_cases); i++) {
		const char *config = layer_cases[i].config, *ours = layer_cases[i].ours;
		char theirs_job[2000], our_job[2000];
		(void)snprintf(theirs_job, sizeof theirs_job,
			KERAS("{'class_name':'%s','config':{'trainable':true,'dtype':'float32'%s%s}"
			      "}"),
			layer_cases[i].class_name, *config ? "," : "", config);
		(void)snprintf(our_job, sizeof our_job, LAYERS("{'type':'%s'%s%s}"),
			layer_cases[i].class_name, *ours ? "," : "", ours);
		char *seen = echo_of_job(theirs_job), *wanted = echo_of_job(our_job);
		assert_string_equal(seen, wanted);
		free(seen);
		free(wanted);
	}
}

#define KERAS_DENSE(config) KERAS("{'class_name':'Dense','config':{'units':1," config "}}")
#define KERAS_AT            "/model/config/layers/0/config"

static const struct refusal keras_refusals[] = {
	{ "{'dataset':'d','model':{'class_name':'MyModel','config':{}}}", "/model/class_name",
		"class_name is a string (\"MyModel\"); wanted: \"Sequential\", \"Functional\" or "
		"\"Model\"" },
	{ "{'dataset':'d','model':{'class_name':3}}", "/model/class_name",
		"class_name is a number (3)" },
	{ "{'dataset':'d','model':{'class_name':'Sequential'}}", "/model/config",
		"config is missing" },
	{ "{'dataset':'d','model':{'class_name':'Sequential','config':[]}}", "/model/config",
		"config is a list; wanted: an object" },
	{ "{'dataset':'d','model':{'class_name':'Sequential','layers':[],'config':{}}}",
		"/model/layers", "unknown key \"layers\"" },
	{ KERAS_CONFIG("'name':'x'"), "/model/config/layers", "layers is missing" },
	{ KERAS_CONFIG("'layers':[{'class_name':'InputLayer','config':{}}]"),
		"/model/config/layers", "there is no layer but InputLayer" },
	{ KERAS_CONFIG("'layers':[{'class_name':'Flatten','config':{}}],'trainable':false"),
		"/model/config/trainable", "trainable is a boolean (false); wanted: true" },
	{ KERAS("7"), "/model/config/layers/0", "a layer is a number (7)" },
	{ KERAS("{'config':{}}"), "/model/config/layers/0/class_name",
		"layer type is missing; known: " },
	{ KERAS("{'class_name':'Flaten','config':{}}"), "/model/config/layers/0/class_name",
		"did you mean \"Flatten\"?" },
	{ KERAS("{'class_name':'Sequential','config':{'layers':[]}}"),
		"/model/config/layers/0/class_name",
		"class_name is a string (\"Sequential\"); wanted: a layer, since this version "
		"reads "
		"no model within a model" },
	{ KERAS("{'class_name':'Flatten'}"), KERAS_AT, "config is missing" },
	{ KERAS("{'class_name':'Flatten','config':{},'inbound_nodes':[]}"),
		"/model/config/layers/0/inbound_nodes", "unknown key \"inbound_nodes\"" },
	{ KERAS("{'class_name':'InputLayer','config':{}},{'class_name':'Dense','config':{}}"),
		"/model/config/layers/1/config/units", "units is missing" },
	{ KERAS("{'class_name':'Dense','config':{'units':0}}"), KERAS_AT "/units",
		"units is 0; allowed: [1, 65536]" },
	{ KERAS_DENSE("'name':7"), KERAS_AT "/name", "name is a number (7)" },
	{ KERAS_DENSE("'name':'a/b'"), KERAS_AT "/name", "not allowed" },
	{ KERAS_DENSE("'unit':1"), KERAS_AT "/unit", "did you mean \"units\"?" },
	{ KERAS_DENSE("'trainable':false"), KERAS_AT "/trainable",
		"trainable is a boolean (false); wanted: true" },
	{ KERAS_DENSE("'dtype':'float16'"), KERAS_AT "/dtype",
		"dtype is a string (\"float16\"); wanted: \"float32\"" },
	{ KERAS_DENSE("'dtype':{'class_name':'DTypePolicy','config':{'name':'mixed_float16'}}"),
		KERAS_AT "/dtype", "wanted: \"float32\"" },
	{ KERAS_DENSE("'data_format':'channels_first'"), KERAS_AT "/data_format",
		"wanted: \"channels_last\"" },
	{ KERAS_DENSE("'dilation_rate':[2,1]"), KERAS_AT "/dilation_rate", "wanted: [1, 1]" },
	{ KERAS("{'class_name':'Dropout','config':{'rate':0.5,'noise_shape':[1,3]}}"),
		KERAS_AT "/noise_shape", "noise_shape is a list; wanted: null" },
	{ KERAS("{'class_name':'Dropout','config':{'rate':1}}"), KERAS_AT "/rate",
		"rate is 1; allowed: [0, 1)" },
	{ KERAS("{'class_name':'Normalization','config':{'invert':true}}"), KERAS_AT "/invert",
		"invert is a boolean (true); wanted: false" },
	{ KERAS("{'class_name':'LayerNormalization','config':{'axis':[1,2]}}"), KERAS_AT "/axis",
		"axis is a list; wanted: an integer" },
	{ KERAS("{'class_name':'UpSampling2D','config':{'interpolation':'bicubic'}}"),
		KERAS_AT "/interpolation", "allowed: \"nearest\", \"bilinear\"" },
	{ KERAS("{'class_name':'GaussianNoise','config':{}}"), KERAS_AT "/stddev",
		"stddev is missing" },
	{ KERAS("{'class_name':'GaussianNoise','config':{'stddev':1.5}}"), KERAS_AT "/stddev",
		"stddev is 1.5; allowed: [0, 1]" },
	{ KERAS_DENSE("'groups':2"), KERAS_AT "/groups", "groups is a number (2); wanted: 1" },
	{ KERAS_DENSE("'activity_regularizer':{'class_name':'L2','config':{'l2':0.01}}"),
		KERAS_AT "/activity_regularizer",
		"activity_regularizer is an object; wanted: null" },
	{ KERAS_DENSE("'kernel_regularizer':{'class_name':'L2','config':{'l2':-0.01}}"),
		KERAS_AT "/kernel_regularizer/config/l2", "l2 is -0.01; allowed: " },
	{ KERAS_DENSE("'kernel_regularizer':{'class_name':'L3','config':{}}"),
		KERAS_AT "/kernel_regularizer/class_name", "unknown regularizer \"L3\"" },
	{ KERAS_DENSE("'bias_constraint':{'class_name':'NonNeg','config':{'axis':0}}"),
		KERAS_AT "/bias_constraint/config/axis", "unknown key \"axis\"" },
	{ KERAS_DENSE("'activation':{'class_name':'LeakyReLU'}"), KERAS_AT "/activation",
		"activation is an object; wanted: a string: \"linear\"" },
	{ KERAS_DENSE("'kernel_initializer':{'class_name':'Ortogonal','config':{}}"),
		KERAS_AT "/kernel_initializer/class_name",
		"unknown initializer \"Ortogonal\"; did you mean \"Orthogonal\"?" },
	{ KERAS_DENSE("'kernel_initializer':{'class_name':7,'config':{}}"),
		KERAS_AT "/kernel_initializer/class_name", "kernel_initializer is a number (7)" },
	{ KERAS_DENSE("'kernel_initializer':{'class_name':'Zeros'}"),
		KERAS_AT "/kernel_initializer/config", "config is missing" },
	{ KERAS_DENSE("'kernel_initializer':{}"), KERAS_AT "/kernel_initializer/class_name",
		"initializer is missing; known: \"GlorotUniform\"" },
	{ KERAS_DENSE("'kernel_initializer':{'class_name':'HeNormal','config':{'seed':-7}}"),
		KERAS_AT "/kernel_initializer/config/seed",
		"seed is -7; allowed: [0, 9007199254740991] or null" },
	{ KERAS_DENSE("'kernel_initializer':{'class_name':'Zeros','config':{'seed':7}}"),
		KERAS_AT "/kernel_initializer/config/seed", "seed is a number (7); wanted: null" },
	{ KERAS_DENSE(
		  "'kernel_initializer':{'class_name':'RandomNormal','config':{'stddev':-0.1}}"),
		KERAS_AT "/kernel_initializer/config/stddev",
		"stddev is -0.1; allowed: [0, 1000000000]" },
	{ KERAS_DENSE("'kernel_initializer':{'class_name':'Zeros','config':{'gain':1}}"),
		KERAS_AT "/kernel_initializer/config/gain", "unknown key \"gain\"" },
	{ "{'dataset':'d','loss':'mean_squared_error','model':" KERAS3_MODEL(
		  ",'compile_config':{'optimizer':'sgd'}") "}",
		"/model/compile_config", "say \"loss\" and \"optimizer\" in the job" },
};

static void what_keras_writes_is_never_dropped_in_silence(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(keras_refusals); i++)
		assert_refused(&keras_refusals[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_keras_writes_is_the_same_job),
		cmocka_unit_test(every_convolution_of_keras_is_ours),
		cmocka_unit_test(what_keras_writes_of_each_layer_is_read),
		cmocka_unit_test(initializers_of_keras_are_ours),
		cmocka_unit_test(regularizers_and_constraints_of_keras_are_ours),
		cmocka_unit_test(what_keras_writes_is_never_dropped_in_silence),
	};

	return cmocka_run_group_tests_name("api/spec_keras", tests, NULL, NULL);
}
