/* test_spec_keras_functional.c - Functional models that Keras wrote, and what is refused in them.
 */
#include "spec_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MODEL(class, layers, ends)                                                                 \
	"{'dataset':'mnist','model':{'class_name':'" class "','config':{'name':'model','"          \
							   "trainable':true,'layers':[" layers     \
							   "]," ends "},'keras_version':'2.11.0'," \
							   "'backend':'tensorflow'}}"
#define ENDS(input, output)       "'input_layers':" input ",'output_layers':" output
#define FUNCTIONAL(layers)        MODEL("Functional", layers, ENDS("[['in',0,0]]", "[['out',0,0]]"))
#define OBJECT(class, name, rest) "{'class_name':'" class "','name':'" name "'," rest "}"

/* A layer as Keras 2.11 and as Keras 3.5 write it, called once. */
#define INPUT_2                                                                                    \
	OBJECT("InputLayer", "in",                                                                 \
		"'config':{'batch_input_shape':[null,28,28,1],'dtype':'float32','sparse':false,"   \
		"'ragged':false,'name':'in'},'inbound_nodes':[]")
#define CALLED_2(class, name, config, calls)                                                       \
	OBJECT(class, name,                                                                        \
		"'config':{'name':'" name "','trainable':true,'dtype':'float32'" config            \
		"},'inbound_nodes':[" calls "]")
#define LAYER_2(class, name, config, tensors) CALLED_2(class, name, config, "[" tensors "]")
#define TENSOR_2(name)                        "['" name "',0,0,{}]"
#define INPUT_3                                                                                    \
	OBJECT("InputLayer", "in",                                                                 \
		"'module':'keras.layers','registered_name':null,'config':{'batch_shape':[null,28," \
		"28,1],'dtype':'float32','sparse':false,'name':'in'},'inbound_nodes':[]")
#define CALLED_3(class, name, config, calls)                                                       \
	OBJECT(class, name,                                                                        \
		"'module':'keras.layers','registered_name':null,'build_config':{'input_shape':["   \
		"null,28,28,8]},'config':{'name':'" name "','trainable':true,'dtype':{'module':"   \
		"'keras','class_name':'DTypePolicy','config':{'name':'float32'},"                  \
		"'registered_name':null}" config "},'inbound_nodes':[" calls "]")
#define LAYER_3(class, name, config, args, kwargs)                                                 \
	CALLED_3(class, name, config, "{'args':[" args "],'kwargs':{" kwargs "}}")
#define TENSOR_3(name)                                                                             \
	"{'class_name':'__keras_tensor__','config':{'shape':[null,28,28,8],'dtype':'float32',"     \
	"'keras_history':['" name "',0,0]}}"

#define CONV  ",'filters':8,'kernel_size':[3,3],'padding':'same'"
#define DENSE ",'units':10,'activation':'softmax'"

/* The network of the tests: theirs and ours. */
#define LIST(a, b, c, d, e, f, g, h, i) a "," b "," c "," d "," e "," f "," g "," h "," i

#define OURS                                                                                       \
	LAYERS("{'type':'Conv2D','name':'a','filters':8,'kernel_size':3,'padding':'same'},"        \
	       "{'type':'Conv2D','name':'b','filters':8,'kernel_size':3,'padding':'same'},"        \
	       "{'type':'BatchNormalization','name':'norm'},"                                      \
	       "{'type':'Add','name':'sum','inputs':['norm','a']},"                                \
	       "{'type':'Activation','name':'relu','activation':'relu'},"                          \
	       "{'type':'Dropout','name':'drop','rate':0.25},"                                     \
	       "{'type':'GlobalAveragePooling2D','name':'mean'},"                                  \
	       "{'type':'Dense','name':'out','units':10,'activation':'softmax'}")
#define ONE_2(class, name, config, from) LAYER_2(class, name, config, TENSOR_2(from))
#define RESIDUAL_2                                                                                 \
	LIST(INPUT_2, ONE_2("Conv2D", "a", CONV, "in"), ONE_2("Conv2D", "b", CONV, "a"),           \
		ONE_2("BatchNormalization", "norm", "", "b"),                                      \
		LAYER_2("Add", "sum", "", TENSOR_2("norm") "," TENSOR_2("a")),                     \
		ONE_2("Activation", "relu", ",'activation':'relu'", "sum"),                        \
		ONE_2("Dropout", "drop", ",'rate':0.25", "relu"),                                  \
		ONE_2("GlobalAveragePooling2D", "mean", "", "drop"),                               \
		ONE_2("Dense", "out", DENSE, "mean"))
/* Keras 3 says mask and training where nobody has. */
#define A_3    LAYER_3("Conv2D", "a", CONV, TENSOR_3("in"), "")
#define B_3    LAYER_3("Conv2D", "b", CONV, TENSOR_3("a"), "")
#define NORM_3 LAYER_3("BatchNormalization", "norm", "", TENSOR_3("b"), "'mask':null")
#define SUM_3  LAYER_3("Add", "sum", "", "[" TENSOR_3("norm") "," TENSOR_3("a") "]", "")
#define RELU_3 LAYER_3("Activation", "relu", ",'activation':'relu'", TENSOR_3("sum"), "")
#define DROP_3 LAYER_3("Dropout", "drop", ",'rate':0.25", TENSOR_3("relu"), "'training':false")
#define MEAN_3 LAYER_3("GlobalAveragePooling2D", "mean", "", TENSOR_3("drop"), "")
#define OUT_3  LAYER_3("Dense", "out", DENSE, TENSOR_3("mean"), "")

static void assert_same_job(const char *theirs, const char *ours)
{
	char *seen = echo_of_job(theirs), *wanted = echo_of_job(ours);

	assert_string_equal(seen, wanted);
	free(seen);
	free(wanted);
}

static void a_residual_network_of_keras_is_ours(void **state)
{
	(void)state;
	static const char sum_of_operators[] = FUNCTIONAL(LIST(INPUT_3, A_3, B_3, NORM_3,
		LAYER_3("Add", "sum", "", TENSOR_3("norm") "," TENSOR_3("a"), ""), RELU_3, DROP_3,
		MEAN_3, OUT_3));

	assert_same_job(FUNCTIONAL(RESIDUAL_2), OURS);
	assert_same_job(MODEL("Model", RESIDUAL_2, ENDS("[['in',0,0]]", "[['out',0,0]]")), OURS);
	assert_same_job(
		FUNCTIONAL(LIST(INPUT_3, A_3, B_3, NORM_3, SUM_3, RELU_3, DROP_3, MEAN_3, OUT_3)),
		OURS);
	assert_same_job(sum_of_operators, OURS); /* keras.ops.add, which is x + y */
}

static void layers_in_any_order_are_put_below_their_inputs(void **state)
{
	(void)state;
	assert_same_job(
		FUNCTIONAL(LIST(OUT_3, MEAN_3, DROP_3, RELU_3, SUM_3, NORM_3, B_3, A_3, INPUT_3)),
		OURS);
	assert_same_job(
		FUNCTIONAL(LIST(SUM_3, INPUT_3, OUT_3, B_3, A_3, DROP_3, NORM_3, MEAN_3, RELU_3)),
		OURS);
}

static void the_ends_are_one_tensor_however_it_is_wrapped(void **state)
{
	(void)state;
	assert_same_job(MODEL("Functional", RESIDUAL_2, ENDS("['in',0,0]", "['out',0,0]")), OURS);
	assert_same_job(MODEL("Functional", RESIDUAL_2,
				ENDS("{'image':['in',0,0]}", "{'digit':['out',0,0]}")),
		OURS);
}

#define BRANCHES                                                                                   \
	FUNCTIONAL(INPUT_2 "," ONE_2("Conv2D", "a", CONV, "in") "," ONE_2(                         \
		"Conv2D", "b", CONV, "in") "," LAYER_2("Concatenate", "both", ",'axis':-1",        \
		TENSOR_2("a") "," TENSOR_2("b")) "," ONE_2("Flatten", "flat", "",                  \
		"both") "," ONE_2("Dense", "out", DENSE, "flat"))

static void an_input_of_several_layers_becomes_a_layer_that_changes_nothing(void **state)
{
	(void)state;
	assert_same_job(BRANCHES,
		LAYERS("{'type':'Activation','name':'in','activation':'linear'},"
		       "{'type':'Conv2D','name':'a','filters':8,'kernel_size':3,'padding':'same'},"
		       "{'type':'Conv2D','name':'b','filters':8,'kernel_size':3,'padding':'same',"
		       "'inputs':['in']},"
		       "{'type':'Concatenate','name':'both','inputs':['a','b']},"
		       "{'type':'Flatten','name':'flat'},"
		       "{'type':'Dense','name':'out','units':10,'activation':'softmax'}"));
	assert_same_job(FUNCTIONAL(INPUT_2 "," LAYER_2("Add", "twice", "",
				TENSOR_2("in") "," TENSOR_2("in")) "," LAYER_2("Flatten", "out", "",
				TENSOR_2("twice"))),
		LAYERS("{'type':'Activation','name':'in','activation':'linear'},"
		       "{'type':'Add','name':'twice','inputs':['in','in']},"
		       "{'type':'Flatten','name':'out'}"));
}

static void branches_of_the_input_are_planned(void **state)
{
	(void)state;
	static const struct dataset digits = {
		.name = "digits",
		.parts = {
			{ .present = true, .dtype = "uint8", .rank = 3, .dim = { 100, 12, 12 } },
			{ .present = true, .dtype = "uint8", .rank = 1, .dim = { 100 },
				.label_max = 9 },
			{ .present = true, .dtype = "uint8", .rank = 3, .dim = { 20, 12, 12 } },
			{ .present = true, .dtype = "uint8", .rank = 1, .dim = { 20 },
				.label_max = 9 },
		},
	};
	struct problems problems = { 0 };
	AUTO_FREE(spec_free) struct spec *s = parse_good(BRANCHES);
	AUTO_FREE(plan_free)
	struct plan *plan = spec_plan(s, &digits, /* bytes_max= */ 64 << 20, &problems);

	if (!plan)
		fail_msg("%s: %s", problems.list[0].pointer, problems.list[0].text);
	/* two 3x3 kernels of 1 x 8 and their biases; 12 x 12 x 16 values to 10 */
	struct plan_forecast forecast;
	plan_forecast(plan, &forecast);
	assert_int_equal(forecast.parameters, 2 * (9 * 8 + 8) + 12 * 12 * 16 * 10 + 10);
}

/* MODEL_LAYERS_MAX of them, the InputLayer among them, each taking the one behind it. */
static void the_longest_chain_is_read_upside_down(void **state)
{
	(void)state;
	enum { BYTES = 160 * MODEL_LAYERS_MAX };
	char *job = malloc(BYTES);
	int used = snprintf(job, BYTES,
		"{'dataset':'d','model':{'class_name':'Functional','config':{'layers':[");

	for (int i = MODEL_LAYERS_MAX - 1; i > 0; i--)
		used += snprintf(job + used, BYTES - (size_t)used,
			"{'class_name':'Softmax','config':{'name':'l%d'},'inbound_nodes':[[['l%d',"
			"0,0,{}]]]},",
			i, i - 1);
	(void)snprintf(job + used, BYTES - (size_t)used,
		"{'class_name':'InputLayer','config':{'name':'l0'}}],'input_layers':[['l0',0,0]],"
		"'output_layers':[['l%d',0,0]]}}}",
		MODEL_LAYERS_MAX - 1);
	AUTO_FREE(spec_free) struct spec *s = parse_good(job);
	assert_int_equal(s->model->n_layers, MODEL_LAYERS_MAX - 1);
	assert_string_equal(s->model->layers[0].name, "l1");
	assert_string_equal(s->model->layers[MODEL_LAYERS_MAX - 2].name, "l511");
	free(job);
}

#define AT(index)        "/model/config/layers/" #index
#define OUT_2            LAYER_2("Dense", "out", DENSE, TENSOR_2("in"))
#define ONE(layer)       FUNCTIONAL(INPUT_2 "," layer)
#define CALL_2(calls)    ONE(CALLED_2("Dense", "out", DENSE, calls))
#define CALL_3(calls)    ONE(CALLED_3("Dense", "out", DENSE, calls))
#define ENDS_OF(in, out) MODEL("Functional", INPUT_2 "," OUT_2, ENDS(in, out))
#define ONE_END(ends)    MODEL("Functional", INPUT_2 "," OUT_2, ends)
#define NINE(tensor)                                                                               \
	tensor "," tensor "," tensor "," tensor "," tensor "," tensor "," tensor "," tensor        \
	       "," tensor

static const struct refusal refusals[] = {
	/* The ends. */
	{ ENDS_OF("[['in',0,0],['in2',0,0]]", "[['out',0,0]]"), "/model/config/input_layers",
		"input_layers has 2 tensors; allowed: 1" },
	{ ENDS_OF("[['in',0,0]]", "[['out',0,0],['in',0,0]]"), "/model/config/output_layers",
		"output_layers has 2 tensors; allowed: 1" },
	{ ENDS_OF("[['in',0,0]]", "{'a':['out',0,0],'b':['in',0,0]}"),
		"/model/config/output_layers", "output_layers has 2 tensors; allowed: 1" },
	{ ENDS_OF("[]", "[['out',0,0]]"), "/model/config/input_layers",
		"input_layers has 0 tensors; allowed: 1" },
	{ ENDS_OF("[['in',0,0]]", "'out'"), "/model/config/output_layers",
		"there is no list output_layers" },
	{ ONE_END("'output_layers':[['out',0,0]]"), "/model/config/input_layers",
		"there is no list input_layers; wanted: [[\"<name of a layer>\", 0, 0]]" },
	{ ENDS_OF("[['inn',0,0]]", "[['out',0,0]]"), "/model/config/input_layers/0/0",
		"unknown input_layers: \"inn\"; did you mean \"in\"? known: \"in\", \"out\"" },
	{ ENDS_OF("{'x':['on',0,0]}", "[['out',0,0]]"), "/model/config/input_layers/x/0",
		"unknown input_layers: \"on\"" },
	{ ENDS_OF("[['out',0,0]]", "[['out',0,0]]"), "/model/config/input_layers",
		"input_layers names layer \"out\", which is no InputLayer" },
	{ ENDS_OF("[['in',0,0]]", "[['out',1,0]]"), "/model/config/output_layers/0/1",
		"output_layers is a number (1); wanted: 0, since each layer is called once" },
	{ ENDS_OF("[['in',0,0]]", "['out',0,2]"), "/model/config/output_layers/2",
		"output_layers is a number (2); wanted: 0, since each layer has one output" },
	{ ENDS_OF("[['in',0,0]]", "[['out',0,0,{}]]"), "/model/config/output_layers/0",
		"output_layers is a list; wanted: a tensor, [\"<name of a layer>\", 0, 0]" },
	{ ENDS_OF("[['in',0,0]]", "[7]"), "/model/config/output_layers/0",
		"output_layers is a number (7); wanted: a tensor" },
	{ ENDS_OF("[['in',0,0]]", "[['in',0,0]]"), AT(1),
		"no layer takes the output of layer \"out\", and it is not the model's, which is "
		"that of \"in\"" },
	{ ONE(LAYER_2("Flatten", "flat", "", TENSOR_2("in")) "," OUT_2), AT(1),
		"no layer takes the output of layer \"flat\"" },
	{ ONE(OUT_2 "," LAYER_2("Softmax", "after", "", TENSOR_2("out"))), AT(2),
		"no layer takes the output of layer \"after\"" },
	{ MODEL("Functional", INPUT_2, ENDS("[['in',0,0]]", "[['in',0,0]]")),
		"/model/config/layers", "there is no layer but InputLayer" },
	/* Names and kinds of layers. */
	{ FUNCTIONAL(INPUT_2 "," OBJECT("InputLayer", "in2", "'config':{}") "," LAYER_2(
		  "Add", "out", "", TENSOR_2("in") "," TENSOR_2("in2"))),
		AT(1), "layer \"in2\" is an InputLayer, and so is \"in\"; allowed: one" },
	{ FUNCTIONAL(OBJECT(
		  "InputLayer", "in", "'config':{},'inbound_nodes':[[['out',0,0]]]") "," OUT_2),
		AT(0), "InputLayer \"in\" has \"inbound_nodes\"; wanted: none" },
	{ FUNCTIONAL(OUT_2), AT(0) "/inbound_nodes/0/0/0",
		"unknown input of layer \"out\": \"in\"" },
	{ ONE(OUT_2 "," OUT_2), AT(2), "layer 1 has the name \"out\" already" },
	{ ONE("7"), AT(1), "a layer is a number (7)" },
	{ ONE("{'class_name':'Dense','config':{},'inbound_nodes':[]}"), AT(1),
		"the layer's name has 0 characters; allowed: 1 to 63" },
	{ ONE(OBJECT("Dense", "a123456789a123456789a123456789a123456789a123456789a123456789a123",
		  "'config':{}")),
		AT(1), "the layer's name has 64 characters; allowed: 1 to 63" },
	{ ONE(OBJECT("Dense", "out", "'config':{'name':'in'}")), AT(1) "/name",
		"name is a string (\"out\"); wanted: \"in\", its config's" },
	{ ONE(OBJECT("Dense", "out", "'config':{'name':7}")), AT(1) "/config/name",
		"name is a number (7)" },
	{ ONE(LAYER_2("Dense", "o/t", DENSE, TENSOR_2("in")) "," LAYER_2(
		  "Softmax", "out", "", TENSOR_2("o/t"))),
		AT(1) "/config/name", "the name \"o/t\" has a character that is not allowed" },
	{ ONE(LAYER_2("Functional", "out", ",'layers':[]", TENSOR_2("in"))), AT(1) "/class_name",
		"class_name is a string (\"Functional\"); wanted: a layer, since this version "
		"reads "
		"no model within a model" },
	{ ONE(LAYER_2("Lambda", "out", "", TENSOR_2("in"))), AT(1) "/class_name",
		"unknown layer type \"Lambda\"" },
	{ ONE(LAYER_2("Dense", "out", ",'units':0", TENSOR_2("in"))), AT(1) "/config/units",
		"units is 0" },
	/* Calls. */
	{ ONE("{'class_name':'Dense','config':{'name':'out'}}"), AT(1) "/inbound_nodes",
		"layer \"out\" has no list \"inbound_nodes\"" },
	{ CALL_2("[" TENSOR_2("in") "],[" TENSOR_2("in") "]"), AT(1) "/inbound_nodes",
		"layer \"out\" is called 2 times; allowed: once, since layers are not shared" },
	{ CALL_2(""), AT(1) "/inbound_nodes", "layer \"out\" is called 0 times; allowed: once" },
	{ CALL_2("[]"), AT(1) "/inbound_nodes/0", "layer \"out\" is called without a tensor" },
	{ CALL_2("'in'"), AT(1) "/inbound_nodes/0",
		"the call of layer \"out\" is a string (\"in\"); wanted: a list of tensors, or" },
	{ CALL_2("['in',0,0,{}]"), AT(1) "/inbound_nodes/0/0",
		"input of layer \"out\" is a string (\"in\"); wanted: a tensor" },
	{ CALL_2("[['in',0]]"), AT(1) "/inbound_nodes/0/0",
		"input of layer \"out\" is a list; wanted: a tensor" },
	{ CALL_2("[['in',0,0,{},0]]"), AT(1) "/inbound_nodes/0/0",
		"input of layer \"out\" is a list; wanted: a tensor" },
	{ CALL_2("[[0,'in',0]]"), AT(1) "/inbound_nodes/0/0/0",
		"input of layer \"out\" is a number (0); wanted: the name of a layer" },
	{ CALL_2("[['in',1,0,{}]]"), AT(1) "/inbound_nodes/0/0/1",
		"input of layer \"out\" is a number (1); wanted: 0, since each layer is called "
		"once" },
	{ CALL_2("[['in',0,0.5,{}]]"), AT(1) "/inbound_nodes/0/0/2",
		"input of layer \"out\" is a number (0.5); wanted: 0, since each layer has one "
		"output" },
	{ CALL_2("[['inn',0,0,{}]]"), AT(1) "/inbound_nodes/0/0/0",
		"input of layer \"out\": \"inn\"; did you mean \"in\"?" },
	{ CALL_2("[['in',0,0,[]]]"), AT(1) "/inbound_nodes/0/0/3",
		"the arguments in the call of layer \"out\" is a list; wanted: an object" },
	{ CALL_2("[['in',0,0,{'training':false}]]"), AT(1) "/inbound_nodes/0/0/3/training",
		"training in the call of layer \"out\" is a boolean (false); wanted: null" },
	{ CALL_2("[['in',0,0,{'mask':['in',0,0]}]]"), AT(1) "/inbound_nodes/0/0/3/mask",
		"mask in the call of layer \"out\" is a list; wanted: null" },
	{ CALL_2("[['in',0,0,{'y':['in',0,0]}]]"), AT(1) "/inbound_nodes/0/0/3/y",
		"unknown argument in the call of layer \"out\": \"y\"; known: \"mask\"" },
	{ CALL_2("[" NINE(TENSOR_2("in")) "]"), AT(1) "/inbound_nodes/0/8",
		"layer \"out\" has more than 8 inputs" },
	{ CALL_3("{'kwargs':{}}"), AT(1) "/inbound_nodes/0/args",
		"the call of layer \"out\" has no list \"args\"" },
	{ CALL_3("{'args':[],'kwargs':{}}"), AT(1) "/inbound_nodes/0",
		"layer \"out\" is called without a tensor; wanted: 1 to 8" },
	{ CALL_3("{'args':[],'kwargs':{},'more':1}"), AT(1) "/inbound_nodes/0/more",
		"unknown key \"more\"" },
	{ CALL_3("{'args':[" TENSOR_3("in") ",2.0],'kwargs':{}}"), AT(1) "/inbound_nodes/0/args/1",
		"input of layer \"out\" is a number (2); wanted: a \"__keras_tensor__\"" },
	{ CALL_3("{'args':[{'class_name':'__keras_tensor__','config':{'keras_history':['in',0,3]}}"
		 "]}"),
		AT(1) "/inbound_nodes/0/args/0/config/keras_history/2",
		"input of layer \"out\" is a number (3); wanted: 0" },
	{ CALL_3("{'args':[[{'class_name':'__keras_tensor__'}]]}"),
		AT(1) "/inbound_nodes/0/args/0/0", "input of layer \"out\" is an object" },
	{ CALL_3("{'args':[[[" TENSOR_3("in") "]]]}"), AT(1) "/inbound_nodes/0/args/0/0",
		"input of layer \"out\" is a list" },
	{ CALL_3("{'args':[[" NINE(TENSOR_3("in")) "]]}"),
		AT(1) "/inbound_nodes/0/args/0/8/config/keras_history",
		"layer \"out\" has more than 8 inputs" },
	{ CALL_3("{'args':[" TENSOR_3("in") "],'kwargs':[]}"), AT(1) "/inbound_nodes/0/kwargs",
		"the arguments in the call of layer \"out\" is a list" },
	{ CALL_3("{'args':[" TENSOR_3("in") "],'kwargs':{'training':true}}"),
		AT(1) "/inbound_nodes/0/kwargs/training",
		"training in the call of layer \"out\" is a boolean (true); wanted: null or "
		"false" },
	{ ONE(LAYER_3("BatchNormalization", "out", "", TENSOR_3("in"), "'training':false")),
		AT(1) "/inbound_nodes/0/kwargs/training",
		"training in the call of layer \"out\" is a boolean (false); wanted: null, the" },
	/* Cycles. */
	{ CALL_2("[" TENSOR_2("out") "]"), AT(1),
		"layer \"out\" takes its own output, by way of \"out\"" },
	{ ONE(LAYER_2("Softmax", "out", "", TENSOR_2("a")) "," LAYER_2("Add", "a", "",
		  TENSOR_2("in") "," TENSOR_2("b")) "," LAYER_2("Softmax", "b", "", TENSOR_2("a"))),
		AT(3), "layer \"b\" takes its own output, by way of \"a\"" },
	/* The rest. */
	{ "{'dataset':'d','model':{'class_name':'Functional','config':{'layers':[]}}}",
		"/model/config/layers", "layers has 0 elements" },
	{ "{'dataset':'d','model':{'class_name':'Model','config':{}}}", "/model/config/layers",
		"layers is missing" },
	{ MODEL("Functional", INPUT_2 "," OUT_2,
		  ENDS("[['in',0,0]]", "[['out',0,0]]") ",'extra':1"),
		"/model/config/extra", "unknown key \"extra\"" },
};

static void what_does_not_hang_together_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(refusals); i++)
		assert_refused(&refusals[i]);
}

static void one_answer_tells_of_the_links_and_of_the_layers(void **state)
{
	(void)state;
	struct problems problems;
	AUTO_FREE(spec_free)
	struct spec *s = parse(ONE(LAYER_2("Conv2D", "a", ",'filters':0,'kernel_size':3",
				       TENSOR_2("x")) "," LAYER_2("Dens", "out", "", "")),
		&problems);

	assert_null(s);
	assert_int_equal(problems.count, 4);
	assert_string_equal(problems.list[0].pointer, AT(1) "/inbound_nodes/0/0/0");
	assert_string_equal(problems.list[1].pointer, AT(2) "/inbound_nodes/0");
	assert_string_equal(problems.list[2].pointer, AT(1) "/config/filters");
	assert_string_equal(problems.list[3].pointer, AT(2) "/class_name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_residual_network_of_keras_is_ours),
		cmocka_unit_test(layers_in_any_order_are_put_below_their_inputs),
		cmocka_unit_test(the_ends_are_one_tensor_however_it_is_wrapped),
		cmocka_unit_test(an_input_of_several_layers_becomes_a_layer_that_changes_nothing),
		cmocka_unit_test(branches_of_the_input_are_planned),
		cmocka_unit_test(the_longest_chain_is_read_upside_down),
		cmocka_unit_test(what_does_not_hang_together_is_refused),
		cmocka_unit_test(one_answer_tells_of_the_links_and_of_the_layers),
	};

	return cmocka_run_group_tests_name("api/spec_keras_functional", tests, NULL, NULL);
}
