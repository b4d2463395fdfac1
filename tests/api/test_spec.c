/* test_spec.c - how a job is read and echoed, and what each refusal says and points at. */
#include "spec_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- reading and echoing ---------------------------------------------------------------------- */

static void the_mnist_job_is_read(void **state)
{
	(void)state;
	AUTO_FREE(spec_free) struct spec *s = parse_good(mnist_job);

	assert_string_equal(s->name, "mnist-cnn");
	assert_string_equal(s->dataset, "mnist");
	assert_int_equal(s->validation, SPEC_VALIDATION_TEST);
	assert_int_equal(s->model->n_layers, 5);
	assert_string_equal(s->model->layers[4].name, "dense_1");
	assert_true(s->model->loss == loss_class_find("sparse_categorical_crossentropy"));
	assert_true(s->model->optimizer == optimizer_class_find("Adam"));
	assert_int_equal(s->model->n_metrics, 1);
	assert_string_equal(s->model->metrics[0].name, "accuracy");
	assert_int_equal(s->batch_size, 64);
	assert_int_equal(s->epochs, 5);
	assert_int_equal(s->seed, 7);
	assert_true(s->shuffle);
}

static void the_echo_has_every_default(void **state)
{
	(void)state;
	static const struct {
		const char *pointer, *value;
	} defaults[] = {
		{ "/name", "'mnist'" },
		{ "/dataset", "'mnist'" },
		{ "/validation", "{'split':'test'}" },
		{ "/loss/type", "'sparse_categorical_crossentropy'" },
		{ "/loss/from_logits", "false" },
		{ "/optimizer/type", "'Adam'" },
		{ "/optimizer/learning_rate", "0.001" },
		{ "/optimizer/beta_1", "0.9" },
		{ "/optimizer/beta_2", "0.999" },
		{ "/optimizer/epsilon", "1e-07" },
		{ "/metrics", "[]" },
		{ "/callbacks", "[]" },
		{ "/class_weight", "null" },
		{ "/augment", "[]" },
		{ "/last_batch", "'keep'" },
		{ "/precision", "'float32'" },
		{ "/steps_per_epoch", "null" },
		{ "/validation_freq", "1" },
		{ "/batch_size", "32" },
		{ "/epochs", "1" },
		{ "/seed", "0" },
		{ "/shuffle", "true" },
		{ "/sample_weight", "true" },
		{ "/threads", "0" },
		{ "/priority", "0" },
		{ "/metadata", "{}" },
		{ "/model/layers/0/name", "'conv2d'" },
		{ "/model/layers/0/kernel_size", "[3,3]" },
		{ "/model/layers/0/strides", "[1,1]" },
		{ "/model/layers/0/padding", "'valid'" },
		{ "/model/layers/0/use_bias", "true" },
		{ "/model/layers/0/kernel_initializer", "{'type':'GlorotUniform','seed':null}" },
		{ "/model/layers/1/strides", "null" },
		{ "/model/layers/2", "{'type':'Flatten','name':'flatten'}" },
		{ "/model/layers/3/name", "'dense'" },
		{ "/model/layers/3/activation", "'relu'" },
		{ "/model/layers/3/bias_initializer", "{'type':'Zeros'}" },
		{ "/model/layers/4/name", "'dense_1'" },
	};
	char *text = echo_of_job(LAYERS(MNIST_LAYERS));
	AUTO_FREE(json_free) struct json_document *d = document(text);

	for (size_t i = 0; i < COUNT_OF(defaults); i++)
		assert_value_at(json_root(d), defaults[i].pointer, defaults[i].value);
	assert_null(value_at(json_root(d), "/model/layers/1/inputs")); /* the layer before */
	free(text);
}

/* A job with every kind of thing in it. */
static const char *const good_jobs[] = {
	mnist_job,
	LAYERS(MNIST_LAYERS),
	JOB("'validation':null,'metrics':[],'optimizer':'sgd','loss':'mean_squared_error'"),
	JOB("'optimizer':{'type':'SGD','momentum':0.9,'nesterov':true},'threads':1024,'priority':-"
	    "1000"),
	JOB("'seed':9007199254740991,'epochs':1000000,'batch_size':1048576,'shuffle':false"),
	JOB("'metadata':{'who':'\xc3\xa4\\n\\u0001','empty':''},'name':'a.B-c_9'"),
	JOB("'loss':{'type':'sparse_categorical_crossentropy','from_logits':true}"),
	LAYERS("{'type':'Dense','units':8,'name':'a'},{'type':'Dense','units':8,'name':'b'},"
	       "{'type':'Add','inputs':['a','b']},{'type':'Activation','activation':'relu','inputs'"
	       ":['add']},"
	       "{'type':'Dense','units':2,'inputs':['a']}"),
	LAYERS("{'type':'Conv2D','filters':1,'kernel_size':[3,5],'strides':[2,1],'padding':'same','"
	       "use_bias':false},"
	       "{'type':'MaxPooling2D','pool_size':[1,2],'strides':3},{'type':'MaxPooling2D','"
	       "strides':null}"),
	JOB("'validation':{'fraction':0.3}"),
	JOB("'augment':['RandomFlip',{'type':'RandomRotation','factor':0.1},"
	    "{'type':'RandomTranslation','height_factor':[-0.1,0.2],'width_factor':0.1,"
	    "'fill_mode':'constant','fill_value':0.5}]"),
	JOB("'validation':{'fraction':0.25,'stratify':false},'class_weight':{'3':2.5,'0':1e6}"),
	JOB("'validation':{'fraction':0.25,'stratify':true},'class_weight':{}"),
	JOB("'metrics':['accuracy','auc',{'type':'f1_score','name':'f1'}],'last_batch':'merge',"
	    "'steps_per_epoch':7,'validation_freq':2,"
	    "'callbacks':[{'type':'EarlyStopping','monitor':'val_loss','patience':3}]"),
};

static void the_echo_reads_as_the_same_job(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(good_jobs); i++) {
		char *first = echo_of_job(good_jobs[i]);
		AUTO_FREE(json_free) struct json_document *d = document(first);
		struct problems problems = { 0 };
		AUTO_FREE(spec_free) struct spec *again = spec_parse(json_root(d), &problems);
		if (!again)
			fail_msg("%s: %s: %s", first, problems.list[0].pointer,
				problems.list[0].text);
		char *second = echo(again);
		assert_string_equal(first, second);
		free(first);
		free(second);
	}
}

static void two_spellings_of_one_job_have_one_echo(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {
		{ JOB("'optimizer':'adam'"), JOB("'optimizer':{'type':'Adam'}") },
		{ JOB("'loss':'mean_squared_error'"), JOB("'loss':{'type':'mean_squared_error'}") },
		{ JOB("'loss':'mean_squared_error'"), JOB("'loss':'MeanSquaredError'") },
		{ JOB("'loss':'mse'"), JOB("'loss':{'type':'mean_squared_error'}") },
		{ LAYERS("{'type':'Activation','activation':'swish'}"),
			LAYERS("{'type':'Activation','activation':'silu'}") },
		{ JOB("'batch_size':64"), JOB("'batch_size':6.4e1") },
		{ JOB("'name':'mnist'"), LAYERS(MNIST_LAYERS) },
		{ LAYERS("{'type':'Conv2D','filters':1,'kernel_size':3}"),
			LAYERS("{'kernel_size':[3,3],'type':'Conv2D','filters':1}") },
		{ LAYERS("{'type':'Flatten'},{'type':'Dense','units':1}"),
			LAYERS("{'type':'Flatten'},{'type':'Dense','units':1,'inputs':['flatten']"
			       "}") },
	};

	for (size_t i = 0; i < COUNT_OF(pairs); i++) {
		char *first = echo_of_job(pairs[i][0]), *second = echo_of_job(pairs[i][1]);
		assert_string_equal(first, second);
		free(first);
		free(second);
	}
}

static void inputs_name_layers_above(void **state)
{
	(void)state;
	AUTO_FREE(spec_free) struct spec *s = parse_good(good_jobs[7]);

	assert_int_equal(s->model->layers[0].inputs[0], MODEL_INPUT);
	assert_int_equal(s->model->layers[2].n_inputs, 2);
	assert_int_equal(s->model->layers[2].inputs[0], 0);
	assert_int_equal(s->model->layers[2].inputs[1], 1);
	assert_int_equal(s->model->layers[4].inputs[0], 0);
}

/* --- refusals --------------------------------------------------------------------------------- */

#define LONG_NAME "a234567890123456789012345678901234567890123456789012345678901234"
#define LONG_TEXT                                                                                  \
	"1234567890123456789012345678901234567890123456789012345678901234"                         \
	"1234567890123456789012345678901234567890123456789012345678901234"                         \
	"1234567890123456789012345678901234567890123456789012345678901234"                         \
	"1234567890123456789012345678901234567890123456789012345678901234"

static const struct refusal refusals[] = {
	/* The job itself. */
	{ "[]", "", "a job is a list; wanted: an object" },
	{ "'x'", "", "a job is a string (\"x\"); wanted: an object" },
	{ "{}", "/dataset", "dataset is missing" },
	{ "{'dataset':'mnist'}", "/model", "model is missing" },
	{ JOB("'batchsize':64"), "/batchsize",
		"unknown key \"batchsize\"; did you mean \"batch_size\"? known: \"name\"" },
	{ JOB("'Epochs':1"), "/Epochs", "did you mean \"epochs\"?" },
	{ JOB("'grid':[]"), "/grid",
		"unknown key \"grid\"; known: \"name\", \"dataset\", \"validation\"" },
	{ JOB("'class_weights':{}"), "/class_weights",
		"unknown key \"class_weights\"; did you mean" },
	{ JOB("'gradient_accumulation_steps':2"), "/gradient_accumulation_steps", "unknown key" },
	{ JOB("'a/b~c':1"), "/a~1b~0c", "unknown key \"a/b~c\"" },
	{ JOB("'':1"), "/", "unknown key \"\"; known:" },

	/* Plain numbers. */
	{ JOB("'batch_size':0"), "/batch_size", "batch_size is 0; allowed: [1, 1048576]" },
	{ JOB("'batch_size':-64"), "/batch_size", "batch_size is -64; allowed: [1, 1048576]" },
	{ JOB("'batch_size':1048577"), "/batch_size", "batch_size is 1048577" },
	{ JOB("'batch_size':64.5"), "/batch_size",
		"batch_size is a number (64.5); wanted: an integer: [1, 1048576]" },
	{ JOB("'batch_size':1e300"), "/batch_size",
		"batch_size is a number (1e+300); wanted: an integer" },
	{ JOB("'batch_size':'64'"), "/batch_size",
		"batch_size is a string (\"64\"); wanted: an integer: [1, 1048576]" },
	{ JOB("'batch_size':null"), "/batch_size", "batch_size is null; wanted: an integer" },
	{ JOB("'batch_size':[64]"), "/batch_size", "batch_size is a list; wanted: an integer" },
	{ JOB("'epochs':0"), "/epochs", "epochs is 0; allowed: [1, 1000000]" },
	{ JOB("'epochs':true"), "/epochs", "epochs is a boolean (true); wanted: an integer" },
	{ JOB("'seed':-1"), "/seed", "seed is -1; allowed: [0, " },
	{ JOB("'seed':9007199254740993"), "/seed", "wanted: an integer: [0, " },
	{ JOB("'shuffle':1"), "/shuffle",
		"shuffle is a number (1); wanted: a boolean: true, false" },
	{ JOB("'threads':1025"), "/threads", "threads is 1025; allowed: [0, 1024]" },
	{ JOB("'priority':1001"), "/priority", "priority is 1001; allowed: [-1000, 1000]" },

	/* Names. */
	{ JOB("'name':''"), "/name", "name is a string (\"\"); wanted: 1 to 64 letters, digits" },
	{ JOB("'name':'-x'"), "/name", "a letter or digit first" },
	{ JOB("'name':'a b'"), "/name", "name is a string (\"a b\")" },
	{ JOB("'name':'\xc3\xa4'"), "/name", "wanted: 1 to 64 letters" },
	{ JOB("'name':'" LONG_NAME "5'"), "/name", "wanted: 1 to 64 letters" },
	{ JOB("'name':7"), "/name", "name is a number (7)" },
	{ "{'dataset':'../etc','model':{'layers':[{'type':'Flatten'}]}}", "/dataset",
		"dataset is a string (\"../etc\")" },
	{ "{'dataset':null,'model':{'layers':[{'type':'Flatten'}]}}", "/dataset",
		"dataset is null" },

	/* Validation. */
	{ JOB("'validation':'test'"), "/validation",
		"validation is a string (\"test\"); wanted: {\"split\": \"test\"}, {\"fraction\"" },
	{ JOB("'validation':{}"), "/validation", "validation has neither \"split\" and" },
	{ JOB("'validation':{'stratify':true}"), "/validation", "validation has neither" },
	{ JOB("'validation':{'split':'test','fraction':0.3}"), "/validation",
		"validation has both \"split\" and" },
	{ JOB("'validation':{'split':'test','stratify':true}"), "/validation",
		"\"stratify\", which goes with \"fraction\" alone" },
	{ JOB("'validation':{'split':'train'}"), "/validation/split",
		"split is a string (\"train\"); wanted: \"test\"" },
	{ JOB("'validation':{'fraction':0}"), "/validation/fraction",
		"fraction is a number (0); wanted: a number: (0, 1)" },
	{ JOB("'validation':{'fraction':1}"), "/validation/fraction", "fraction is a number (1)" },
	{ JOB("'validation':{'fraction':'0.3'}"), "/validation/fraction", "fraction is a string" },
	{ JOB("'validation':{'fraction':0.3,'stratify':1}"), "/validation/stratify",
		"stratify is a number (1); wanted: a boolean" },

	/* Augmentations. */
	{ JOB("'augment':'RandomFlip'"), "/augment",
		"augment is a string (\"RandomFlip\"); wanted: a list of names" },
	{ JOB("'augment':['RandomFlop']"), "/augment/0",
		"unknown augmentation \"RandomFlop\"; did you mean \"RandomFlip\"?" },
	{ JOB("'augment':[{'type':'RandomFlip','mode':'sideways'}]"), "/augment/0/mode",
		"\"horizontal\"" },
	{ JOB("'augment':['RandomFlip',{'type':'RandomRotation'}]"), "/augment/1/factor",
		"factor is missing" },

	/* Class weights. */
	{ JOB("'class_weight':[1,2]"), "/class_weight",
		"class_weight is a list; wanted: an object of numbers" },
	{ JOB("'class_weight':{'cat':1}"), "/class_weight/cat",
		"\"cat\" is not the number of a class" },
	{ JOB("'class_weight':{'01':1}"), "/class_weight/01", "\"01\" is not the number" },
	{ JOB("'class_weight':{'-1':1}"), "/class_weight/-1", "\"-1\" is not the number" },
	{ JOB("'class_weight':{'':1}"), "/class_weight/", "\"\" is not the number" },
	{ JOB("'class_weight':{'1234567890':1}"), "/class_weight/1234567890", "is not the number" },
	{ JOB("'class_weight':{'1':0}"), "/class_weight/1",
		"the weight of a class is a number (0); wanted: a number: (0, 1000000]" },
	{ JOB("'class_weight':{'1':1e-60}"), "/class_weight/1", "the weight of a class is" },
	{ JOB("'class_weight':{'1':1000001}"), "/class_weight/1",
		"wanted: a number: (0, 1000000]" },
	{ JOB("'class_weight':{'1':'1'}"), "/class_weight/1", "is a string (\"1\")" },

	{ JOB("'validation':{'splt':'test'}"), "/validation/splt", "did you mean \"split\"?" },

	/* Loss, optimizer, metrics. */
	{ JOB("'loss':'mean_square_error'"), "/loss",
		"unknown loss \"mean_square_error\"; did you mean \"mean_squared_error\"?" },
	{ JOB("'loss':1"), "/loss",
		"loss is a number (1); wanted: a name, or an object with \"type\"" },
	{ JOB("'loss':{'type':'x'}"), "/loss/type", "unknown loss \"x\"; known: " },
	{ JOB("'loss':{'type':'mean_squared_error','from_logits':true}"), "/loss/from_logits",
		"unknown key \"from_logits\"; known: \"type\"" },
	{ JOB("'optimizer':'adma'"), "/optimizer", "did you mean \"Adam\"?" },
	{ JOB("'optimizer':{}"), "/optimizer/type", "optimizer is missing; known: \"Adadelta\"" },
	{ JOB("'optimizer':{'type':null}"), "/optimizer/type", "type is null; wanted: a name" },
	{ JOB("'optimizer':{'type':'Adam','lr':0.1}"), "/optimizer/lr",
		"unknown key \"lr\"; known: \"type\", \"learning_rate\"" },
	{ JOB("'optimizer':{'type':'Adam','learning_rate':0}"), "/optimizer/learning_rate",
		"\"StepDecay\" or a number in (0, inf)" },
	{ JOB("'optimizer':{'type':'Adam','learning_rate':-0.1}"), "/optimizer/learning_rate",
		"learning_rate is -0.1" },
	{ JOB("'optimizer':{'type':'Adam','learning_rate':'0.1'}"), "/optimizer/learning_rate",
		"unknown schedule \"0.1\"; known: \"ConstantSchedule\"" },
	{ JOB("'optimizer':{'type':'Adam','learning_rate':'cosine_decay'}"),
		"/optimizer/learning_rate/initial_learning_rate",
		"initial_learning_rate is missing; wanted: a number: [0, inf)" },
	{ JOB("'optimizer':{'type':'Adam','learning_rate':{'type':'CosineDecai'}}"),
		"/optimizer/learning_rate/type", "did you mean \"CosineDecay\"?" },
	{ JOB("'optimizer':{'type':'Adam','learning_rate':{'type':'StepDecay',"
	      "'initial_learning_rate':0.1,'drop':2,'every':5}}"),
		"/optimizer/learning_rate/drop", "drop is 2; allowed: [0, 1]" },
	{ JOB("'optimizer':{'type':'Adam','beta_1':1}"), "/optimizer/beta_1",
		"beta_1 is 1; allowed: [0, 1)" },
	{ JOB("'metrics':'accuracy'"), "/metrics",
		"metrics is a string (\"accuracy\"); wanted: a list of names, or of objects" },
	{ JOB("'metrics':['acuracy']"), "/metrics/0",
		"unknown metric \"acuracy\"; did you mean \"accuracy\"?" },
	{ JOB("'metrics':['accuracy','accuracy']"), "/metrics/1", "named twice" },
	{ JOB("'metrics':[1]"), "/metrics/0", "metric is a number (1)" },
	{ JOB("'metrics':[{'type':'top_k_categorical_accuracy','k':0}]"), "/metrics/0/k",
		"k is 0; allowed: [1, 65536]" },
	{ JOB("'metrics':['auc',{'type':'AUC','name':'auc'}]"), "/metrics/1/name", "named twice" },
	{ JOB("'callbacks':['EarlyStoping']"), "/callbacks/0", "did you mean \"EarlyStopping\"?" },
	{ JOB("'callbacks':[{'type':'EarlyStopping','patience':-1}]"), "/callbacks/0/patience",
		"patience is -1; allowed: [0, 1000000]" },
	{ JOB("'last_batch':'lose'"), "/last_batch", "\"keep\", \"drop\", \"merge\"" },
	{ JOB("'precision':'float16'"), "/precision", "\"float32\", \"bfloat16\"" },
	{ JOB("'steps_per_epoch':0"), "/steps_per_epoch", "steps_per_epoch is 0" },

	/* Metadata. */
	{ JOB("'metadata':[]"), "/metadata", "metadata is a list; wanted: an object of strings" },
	{ JOB("'metadata':{'k':1}"), "/metadata/k", "metadata is a number (1); wanted: a string" },
	{ JOB("'metadata':{'k':'" LONG_TEXT "5'}"), "/metadata/k",
		"a value of metadata has 257 bytes; allowed: at most 256" },
	{ JOB("'metadata':{'':'x'}"), "/metadata/",
		"a key of metadata has 0 bytes; allowed: 1 to 64" },
	{ JOB("'metadata':{'" LONG_NAME "5':''}"), "/metadata/" LONG_NAME "5",
		"a key of metadata has 65 bytes" },
	{ JOB("'metadata':{'a':'','b':'','c':'','d':'','e':'','f':'','g':'','h':'','i':'','j':'','"
	      "k':'','l':'','m':'','n':'',"
	      "'o':'','p':'','q':''}"),
		"/metadata", "metadata has 17 members; allowed: at most 16" },

	/* The model. */
	{ "{'dataset':'d','model':[]}", "/model",
		"model is a list; wanted: an object with \"layers\"" },
	{ "{'dataset':'d','model':'{}'}", "/model",
		"or the object that Keras's model.to_json() writes" },
	{ "{'dataset':'d','model':{}}", "/model/layers",
		"layers is missing; wanted: a list of 1 to 512 layers" },
	{ "{'dataset':'d','model':{'layers':{}}}", "/model/layers",
		"layers is an object; wanted: a list of 1 to 512 layers" },
	{ "{'dataset':'d','model':{'layers':[{'type':'Flatten'}],'loss':'x'}}", "/model/loss",
		"unknown key \"loss\"; known: \"layers\"" },
	{ LAYERS(""), "/model/layers", "layers has 0 elements; wanted: a list of 1 to 512 layers" },
	{ LAYERS("1"), "/model/layers/0",
		"a layer is a number (1); wanted: an object with \"type\"" },
	{ LAYERS("{}"), "/model/layers/0/type", "layer type is missing; known: \"Activation\"" },
	{ LAYERS("{'type':7}"), "/model/layers/0/type", "type is a number (7)" },
	{ LAYERS("{'type':'Conv2E'}"), "/model/layers/0/type",
		"unknown layer type \"Conv2E\"; did you mean \"Conv2D\"? known: \"Activation\"" },
	{ LAYERS("{'type':'Flatten'},{'type':'dense','units':1}"), "/model/layers/1/type",
		"did you mean \"Dense\"?" },
	{ LAYERS("{'type':'Transformer'}"), "/model/layers/0/type", "known: \"Activation\"" },

	/* Arguments of layers. */
	{ LAYERS("{'type':'Dense'}"), "/model/layers/0/units",
		"units is missing; wanted: an integer: [1, 65536]" },
	{ LAYERS("{'type':'Flatten'},{'type':'Dense','unit':8}"), "/model/layers/1/unit",
		"unknown key \"unit\"; did you mean \"units\"? known: \"type\", \"name\", "
		"\"inputs\", \"units\"" },
	{ LAYERS("{'type':'Dense','units':0}"), "/model/layers/0/units",
		"units is 0; allowed: [1, 65536]" },
	{ LAYERS("{'type':'Dense','units':'64'}"), "/model/layers/0/units",
		"units is a string (\"64\"); wanted: an integer: [1, 65536]" },
	{ LAYERS("{'type':'Dense','units':1.5}"), "/model/layers/0/units",
		"units is a number (1.5); wanted: an integer" },
	{ LAYERS("{'type':'Dense','units':null}"), "/model/layers/0/units",
		"units is null; wanted: an integer" },
	{ LAYERS("{'type':'Dense','units':1,'activation':'rely'}"), "/model/layers/0/activation",
		"activation is \"rely\"; allowed: \"linear\", \"relu\"" },
	{ LAYERS("{'type':'Dense','units':1,'activation':null}"), "/model/layers/0/activation",
		"activation is null; wanted: a string: \"linear\"" },
	{ LAYERS("{'type':'Dense','units':1,'use_bias':0}"), "/model/layers/0/use_bias",
		"use_bias is a number (0); wanted: a boolean: true, false" },
	{ LAYERS("{'type':'Conv2D','filters':1,'kernel_size':0}"), "/model/layers/0/kernel_size",
		"kernel_size is [0, 0]; allowed: [1, " },
	{ LAYERS("{'type':'Conv2D','filters':1,'kernel_size':[3]}"), "/model/layers/0/kernel_size",
		"kernel_size is a list; wanted: an integer or a list of two: [1, " },
	{ LAYERS("{'type':'Conv2D','filters':1,'kernel_size':[3,3,3]}"),
		"/model/layers/0/kernel_size", "kernel_size is a list" },
	{ LAYERS("{'type':'Conv2D','filters':1,'kernel_size':[3,'3']}"),
		"/model/layers/0/kernel_size", "kernel_size is a list" },
	{ LAYERS("{'type':'Conv2D','filters':1,'kernel_size':null}"), "/model/layers/0/kernel_size",
		"kernel_size is null" },

	/* Names and inputs of layers. */
	{ LAYERS("{'type':'Flatten','name':7}"), "/model/layers/0/name",
		"name is a number (7); wanted: a string" },
	{ LAYERS("{'type':'Flatten','name':''}"), "/model/layers/0/name", "allowed: 1 to 63" },
	{ LAYERS("{'type':'Flatten','name':'a/b'}"), "/model/layers/0/name", "not allowed" },
	{ LAYERS("{'type':'Flatten','name':'" LONG_NAME "'}"), "/model/layers/0/name",
		"64 characters; allowed: 1 to 63" },
	{ LAYERS("{'type':'Flatten','name':'a'},{'type':'Flatten','name':'a'}"),
		"/model/layers/1/name", "\"a\" already" },
	{ LAYERS("{'type':'Flatten','inputs':'a'}"), "/model/layers/0/inputs",
		"inputs is a string (\"a\"); wanted: a list of names" },
	{ LAYERS("{'type':'Flatten','inputs':[]}"), "/model/layers/0/inputs",
		"inputs has 0 names; allowed: 1 to 8" },
	{ LAYERS("{'type':'Flatten','inputs':['a','a','a','a','a','a','a','a','a']}"),
		"/model/layers/0/inputs", "inputs has 9 names; allowed: 1 to 8" },
	{ LAYERS("{'type':'Flatten','name':'a'},{'type':'Flatten','inputs':['a',1]}"),
		"/model/layers/1/inputs/1", "an input is a number (1)" },
	{ LAYERS("{'type':'Flatten','name':'a'},{'type':'Flatten','inputs':['b']}"),
		"/model/layers/1/inputs/0", "\"b\"" },
	{ LAYERS("{'type':'Flatten','name':'a','inputs':['a']}"), "/model/layers/0/inputs/0",
		"\"a\"" },
};

static void each_refusal_says_where_and_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(refusals); i++)
		assert_refused(&refusals[i]);
}

/* Its records would have a member twice. */
static void a_metric_cannot_be_named_like_what_stands_beside_it(void **state)
{
	(void)state;
	static const char *const names[] = { "loss", "val_auc", "epoch", "step", "learning_rate",
		"seconds", "update_seconds", "phase_seconds", "samples_per_second", "eta_seconds",
		"validating", "job_id", "created_at", "time" };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		char job[512], text[128];
		(void)snprintf(job, sizeof job,
			"{'dataset':'mnist','model':{'layers':[{'type':'Flatten'}]},'metrics':"
			"['auc',{'type':'f1_score','name':'%s'}]}",
			names[i]);
		(void)snprintf(text, sizeof text, "a metric cannot be named \"%s\"", names[i]);
		assert_refused(&(struct refusal){ job, "/metrics/1/name", text });
	}
}

static void names_as_long_as_allowed_are_taken(void **state)
{
	(void)state;
	AUTO_FREE(spec_free)
	struct spec *s = parse_good(
		JOB("'name':'" LONG_NAME "','metadata':{'" LONG_NAME "':'" LONG_TEXT "'}"));

	assert_string_equal(s->name, LONG_NAME);
}

static void all_problems_are_told_at_once(void **state)
{
	(void)state;
	struct problems problems;
	AUTO_FREE(spec_free)
	struct spec *s =
		parse("{'batch_size':0,'epoch':3,'model':{'layers':[{'type':'Conv2d','filters':1},"
		      "{'type':'Dense','units':-1,'activation':'relux'},{'type':'Dense','inputs':['"
		      "conv2d']}]},"
		      "'optimizer':{'type':'Adam','beta_1':2,'decay':0}}",
			&problems);
	static const char *const pointers[] = {
		"/batch_size",
		"/epoch",
		"/model/layers/0/type",
		"/model/layers/1/units",
		"/model/layers/1/activation",
		"/model/layers/2/units", /* but nothing about its input, which may be the layer that
					    was refused */
		"/optimizer/beta_1",
		"/optimizer/decay",
		"/dataset",
	};

	assert_null(s);
	assert_int_equal(problems.count, COUNT_OF(pointers));
	for (size_t i = 0; i < COUNT_OF(pointers); i++)
		assert_string_equal(problems.list[i].pointer, pointers[i]);
}

static void no_more_problems_are_kept_than_there_is_room_for(void **state)
{
	(void)state;
	struct problems problems;
	struct buffer job;

	buffer_init(&job, TEXT_BYTES_MAX);
	buffer_add_text(&job, "{");
	for (int i = 0; i < 100; i++)
		buffer_printf(&job, "'unknown %d':0,", i);
	buffer_add_text(&job, "'last':0}");
	assert_null(parse(job.data, &problems));
	assert_int_equal(problems.count, PROBLEMS_MAX);
	assert_string_equal(problems.list[PROBLEMS_MAX - 1].pointer, "/unknown 15");
	buffer_done(&job);
}

static void a_model_has_at_most_512_layers(void **state)
{
	(void)state;
	for (int n = MODEL_LAYERS_MAX; n <= MODEL_LAYERS_MAX + 1; n++) {
		struct problems problems;
		struct buffer job;
		buffer_init(&job, TEXT_BYTES_MAX);
		buffer_add_text(&job, "{'dataset':'d','model':{'layers':[");
		for (int i = 0; i < n; i++)
			buffer_printf(&job, "%s{'type':'Flatten'}", i ? "," : "");
		buffer_add_text(&job, "]}}");
		AUTO_FREE(spec_free) struct spec *s = parse(job.data, &problems);
		if (n <= MODEL_LAYERS_MAX) {
			assert_non_null(s);
			assert_string_equal(s->model->layers[n - 1].name, "flatten_511");
		} else {
			assert_null(s);
			assert_string_equal(problems.list[0].pointer, "/model/layers");
			assert_non_null(strstr(problems.list[0].text, "layers has 513 elements"));
		}
		buffer_done(&job);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_mnist_job_is_read),
		cmocka_unit_test(the_echo_has_every_default),
		cmocka_unit_test(the_echo_reads_as_the_same_job),
		cmocka_unit_test(two_spellings_of_one_job_have_one_echo),
		cmocka_unit_test(inputs_name_layers_above),
		cmocka_unit_test(each_refusal_says_where_and_why),
		cmocka_unit_test(a_metric_cannot_be_named_like_what_stands_beside_it),
		cmocka_unit_test(names_as_long_as_allowed_are_taken),
		cmocka_unit_test(all_problems_are_told_at_once),
		cmocka_unit_test(no_more_problems_are_kept_than_there_is_room_for),
		cmocka_unit_test(a_model_has_at_most_512_layers),
	};

	return cmocka_run_group_tests_name("api/spec", tests, NULL, NULL);
}
