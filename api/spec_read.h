/* spec_read.h - what the files that read a spec share: pointers, names, arguments by the tables.
 * Private to api/.
 *
 * Every read function adds what it refuses to the problems and returns false, so that a caller goes
 * on to the next part and one answer tells all of them. */
#pragma once

#include "api/spec.h"

/* --- where: JSON pointers (RFC 6901); one too long for struct error is cut -------------------- */
enum { POINTER_BYTES = sizeof((struct error){ 0 }.pointer) };
void pointer_key(char ret_pointer[static POINTER_BYTES], const char *parent, const char *key);
void pointer_index(char ret_pointer[static POINTER_BYTES], const char *parent, int index);

/* --- which: a set of names, and what to say when a user's is not among them ------------------- */
enum { NAMES_MAX = 256 };
struct names {
	const char *name[NAMES_MAX]; /* borrowed */
	int count;
};
void names_add(struct names *n, const char *name);
void names_add_params(struct names *n, const struct param *params);
/* `unknown <what> "<seen>"; did you mean …? known: …`, or that it is missing: seen NULL. */
bool names_refuse(const struct names *n, const char *what, const char *seen, const char *pointer,
	struct problems *problems);

/* --- values ----------------------------------------------------------------------------------- */

/* `<name> is a string ("abc"); wanted: <wanted>` */
bool value_refuse(const struct json *v, const char *name, const char *wanted, const char *pointer,
	struct problems *problems);

/* Writes one argument into the conf. */
bool argument_read(const struct param *p, const struct json *v, void *conf, const char *pointer,
	struct problems *problems) MUST_CHECK;
/* Makes a VARIANT the class that a string names, with that class's defaults; NULL: the name is
 * missing. */
bool variant_read_class(const struct param *p, const struct json *name, void *conf,
	const char *pointer, struct problems *problems) MUST_CHECK;
/* Are all arguments there that have no default? */
bool arguments_check_required(const struct param *params, const struct json *object,
	const char *pointer, struct problems *problems) MUST_CHECK;
/* Reads an object's members as arguments; those named in `others` (NULL-terminated) are the
 * caller's business. What is no object has no members. */
bool arguments_read(const struct param *params, const struct json *object,
	const char *const *others, void *conf, const char *pointer,
	struct problems *problems) MUST_CHECK;

/* --- the model -------------------------------------------------------------------------------- */

struct model_reader {
	struct model *model;
	const struct json *job; /* the whole request */
	struct problems *problems;
	bool lost; /* a layer could not be added under its name: what names it later is no further
		      problem */
};

/* Appends a layer (name NULL: none is given). It is added without its name if that is refused, so
 * that its arguments can be checked; *ret_ok tells. NULL: not even that. Pointers of refusals begin
 * with `pointer`. */
struct model_layer *model_reader_add(struct model_reader *r, const struct layer_class *class,
	const char *name, const char *pointer, bool *ret_ok) MUST_CHECK;
/* The class of a "type" or "class_name" that is there or not; NULL: refused. */
const struct layer_class *model_reader_class(struct model_reader *r, const struct json *layer,
	const char *key, const char *pointer) MUST_CHECK;

/* {"layers": […]}, or what Keras writes: spec_model.c, spec_keras.c. */
bool model_read(struct model_reader *r, const struct json *v, const char *pointer) MUST_CHECK;
bool model_read_keras(struct model_reader *r, const struct json *v, const char *pointer) MUST_CHECK;
/* Is it a list of 1 to MODEL_LAYERS_MAX layers? v may be NULL. */
bool model_check_layers(
	struct model_reader *r, const struct json *v, const char *pointer) MUST_CHECK;

/* --- the samples: spec_data.c ------------------------------------------------------------------
 */

/* {"split": "test"}, {"fraction": 0.3, "stratify": true} or null. */
bool validation_read(struct spec *s, const struct json *v, const char *pointer,
	struct problems *problems) MUST_CHECK;
void validation_print(struct json_writer *w, const struct spec *s);
/* {"<class>": weight, …} or null. */
bool class_weight_read(struct spec *s, const struct json *v, const char *pointer,
	struct problems *problems) MUST_CHECK;
void class_weight_print(struct json_writer *w, const struct spec *s);

/* --- the job's plain numbers, as a table ------------------------------------------------------ */
extern const struct param spec_params[]; /* conf: struct spec */

/* One argument of a conf as JSON: for the echo and the catalogue. */
void argument_print(struct json_writer *w, const struct param *p, const void *conf);
