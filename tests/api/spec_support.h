/* spec_support.h - what the tests of specs share. Jobs are written with ' for " so that they can be
 * read. Every function fails the test that calls it when something is not as it says. */
#pragma once

#include "api/spec.h"

enum { TEXT_BYTES_MAX = 1 << 20 };

#define MNIST_LAYERS                                                                               \
	"{'type':'Conv2D','filters':32,'kernel_size':3,'activation':'relu'},"                      \
	"{'type':'MaxPooling2D','pool_size':2},"                                                   \
	"{'type':'Flatten'},"                                                                      \
	"{'type':'Dense','units':64,'activation':'relu'},"                                         \
	"{'type':'Dense','units':10,'activation':'softmax'}"
#define LAYERS(layers) "{'dataset':'mnist','model':{'layers':[" layers "]}}"
#define JOB(members)   "{'dataset':'mnist','model':{'layers':[" MNIST_LAYERS "]}," members "}"

/* The job of the README; has something in every field. */
extern const char mnist_job[];

/* The caller frees what these return. */
struct json_document *document(const char *text); /* with ", not ' */
struct spec *parse(
	const char *job, struct problems *problems); /* NULL exactly if there are problems */
struct spec *parse_good(const char *job);
char *echo(const struct spec *s); /* what spec_print makes of it, which is valid JSON */
char *echo_of_job(const char *job);

/* The value at a pointer without escapes; NULL if there is none. */
const struct json *value_at(const struct json *v, const char *pointer);
void assert_value_at(const struct json *root, const char *pointer, const char *wanted);

struct refusal {
	const char *job, *pointer, *text; /* the text, or a part of it */
};
/* The first problem of the job is that one. */
void assert_refused(const struct refusal *refusal);
