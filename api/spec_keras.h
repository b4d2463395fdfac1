/* spec_keras.h - what the two files that read Keras's models share: spec_keras.c and
 * spec_keras_functional.c. Private to them. Functions are as those of spec_read.h. */
#pragma once

#include "api/spec_read.h"

/* The one value that a key may have. */
enum meaning {
	MEANS_NOTHING, /* any */
	MEANS_NULL,
	MEANS_TRUE,
	MEANS_FALSE,
	MEANS_NO, /* null or false */
	MEANS_ONE,
	MEANS_ONES,          /* 1, or [1, 1] */
	MEANS_FLOAT32,       /* "float32", or a policy of that name */
	MEANS_CHANNELS_LAST, /* "channels_last" */
};

struct known_key {
	const char *key; /* "*x": all that end in x. NULL ends a list */
	enum meaning meaning;
};

/* The row of a key; NULL: none. */
const struct known_key *keras_find_key(const struct known_key *keys, const char *key);
bool keras_is_text(const struct json *v, const char *text); /* v may be NULL */
/* Is v what the key may have? Refused under `name`. */
bool keras_check_value(struct model_reader *r, const struct json *v, const char *name,
	enum meaning meaning, const char *pointer) MUST_CHECK;
/* Are all members known, and with the values that mean nothing? */
bool keras_check_members(struct model_reader *r, const struct json *object,
	const struct known_key *keys, const char *pointer) MUST_CHECK;
/* The name in a layer's "config", and beside it where there is one; *ret NULL: it has none. What is
 * no layer has none either. */
bool keras_read_name(struct model_reader *r, const struct json *layer, const char *pointer,
	const char **ret) MUST_CHECK;
bool keras_is_input(const struct json *layer); /* Keras's InputLayer, which is no layer of ours */
/* Appends the layer under that name (NULL: none). What stands beside class_name and config is
 * checked by `keys`. */
bool keras_read_layer(struct model_reader *r, const struct json *v, const char *name,
	const struct known_key *keys, const char *pointer) MUST_CHECK;

/* The "config" of a Functional model: spec_keras_functional.c. */
bool model_read_functional(
	struct model_reader *r, const struct json *config, const char *pointer) MUST_CHECK;
