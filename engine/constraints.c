/* constraints.c - see constraints.h. */
#include "engine/constraints.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

typedef PARAM_LIST_OF(SHAPE_RANK_MAX) axis_list;

struct max_norm_conf {
	double max_value;
	axis_list axis;
};
struct unit_norm_conf {
	axis_list axis;
};

#define AXIS(conf)                                                                                 \
	PARAM_LIST(conf, axis, 0, -SHAPE_RANK_MAX, SHAPE_RANK_MAX - 1, 1,                          \
		PARAM_WHOLE | PARAM_OR_NUMBER, "over which the squares are summed")

static const struct param max_norm_params[] = {
	PARAM_FLOAT(struct max_norm_conf, max_value, 2, 0, 1e9, 0, "longest that a vector may be"),
	AXIS(struct max_norm_conf),
	PARAM_END,
};
static const struct param unit_norm_params[] = {
	AXIS(struct unit_norm_conf),
	PARAM_END,
};

/* --- vectors along any axes ------------------------------------------------------------------- */

/* The axes as bits; -1 is the last one. */
static unsigned axis_bits(const axis_list *axis, const struct shape *shape)
{
	unsigned bits = 0;

	for (int64_t i = 0; i < axis->count; i++) {
		int64_t at = (int64_t)axis->values[i];
		bits |= 1u << (at < 0 ? at + shape->rank : at);
	}
	return bits;
}

static bool axis_check(
	const axis_list *axis, const struct shape *shape, const char *pointer, struct error *err)
{
	char text[SHAPE_TEXT_BYTES], place[128];
	unsigned seen = 0;

	shape_text(shape, text);
	(void)snprintf(place, sizeof place, "%s/axis", pointer);
	for (int64_t i = 0; i < axis->count; i++) {
		int64_t value = (int64_t)axis->values[i],
			at = value < 0 ? value + shape->rank : value;
		if (at < 0 || at >= shape->rank)
			return error_at(err, ERROR_INVALID, place,
				"axis is %" PRId64 "; the weight of shape %s has the axes 0 to %d",
				value, text, shape->rank - 1);
		if (seen & 1u << at)
			return error_at(err, ERROR_INVALID, place,
				"axis names %" PRId64 " twice; the weight has shape %s", at, text);
		seen |= 1u << at;
	}
	return true;
}

/* A weight seen as vectors: along `inner` axes within one, along `outer` ones from one to the next.
 */
struct vectors {
	struct axes {
		int rank;
		int64_t dim[SHAPE_RANK_MAX], stride[SHAPE_RANK_MAX];
	} outer, inner;
};

static void axes_add(struct axes *axes, int64_t dim, int64_t stride)
{
	axes->dim[axes->rank] = dim;
	axes->stride[axes->rank++] = stride;
}

static struct vectors vectors_of(const struct shape *shape, unsigned bits)
{
	struct vectors v = { 0 };
	int64_t stride = shape_elements(shape);

	for (int i = 0; i < shape->rank; i++) {
		stride /= shape->dim[i];
		axes_add(bits & 1u << i ? &v.inner : &v.outer, shape->dim[i], stride);
	}
	return v;
}

static int64_t axes_count(const struct axes *axes)
{
	int64_t n = 1;

	for (int i = 0; i < axes->rank; i++)
		n *= axes->dim[i];
	return n;
}

/* Where the n-th place is, row-major. */
static int64_t axes_offset(const struct axes *axes, int64_t n)
{
	int64_t offset = 0;

	for (int i = axes->rank; i-- > 0; n /= axes->dim[i])
		offset += n % axes->dim[i] * axes->stride[i];
	return offset;
}

static double vector_norm(const struct axes *inner, int64_t n, const float *w)
{
	double squares = 0;

	for (int64_t i = 0; i < n; i++) {
		double value = (double)w[axes_offset(inner, i)];
		squares += value * value;
	}
	return sqrt(squares);
}

/* Every vector of norm n becomes min(n, longest) / (epsilon + n) of itself. */
static void limit_norms(
	const axis_list *axis, double shortest, double longest, const struct shape *shape, float *w)
{
	static const double epsilon = 1e-7; /* Keras's */
	const struct vectors v = vectors_of(shape, axis_bits(axis, shape));
	const int64_t vectors = axes_count(&v.outer), length = axes_count(&v.inner);

	for (int64_t i = 0; i < vectors; i++) {
		float *at = w + axes_offset(&v.outer, i);
		double n = vector_norm(&v.inner, length, at);
		double wanted = n > longest ? longest : n < shortest ? shortest : n;
		double factor = wanted / (epsilon + n);
		for (int64_t k = 0; k < length; k++) {
			float *value = at + axes_offset(&v.inner, k);
			*value = (float)((double)*value * factor);
		}
	}
}

/* --- the rows --------------------------------------------------------------------------------- */

static void max_norm_apply(const void *conf, const struct shape *shape, float *w)
{
	const struct max_norm_conf *c = conf;

	limit_norms(&c->axis, 0, c->max_value, shape, w);
}

static void unit_norm_apply(const void *conf, const struct shape *shape, float *w)
{
	const struct unit_norm_conf *c = conf;

	limit_norms(&c->axis, 1, 1, shape, w);
}

static void non_neg_apply(const void *conf, const struct shape *shape, float *w)
{
	const int64_t n = shape_elements(shape);

	(void)conf; /* has no arguments */
	for (int64_t i = 0; i < n; i++)
		w[i] = w[i] < 0 ? 0 : w[i];
}

static const axis_list *max_norm_axis(const void *conf)
{
	return &((const struct max_norm_conf *)conf)->axis;
}

static const axis_list *unit_norm_axis(const void *conf)
{
	return &((const struct unit_norm_conf *)conf)->axis;
}

static const struct constraint_class {
	struct param_class class;
	void (*apply)(const void *conf, const struct shape *shape, float *w);
	const axis_list *(*axis)(const void *conf); /* NULL: it has none */
} max_norm = { { "MaxNorm", "vectors that are longer are shortened", max_norm_params,
		       sizeof(struct max_norm_conf) },
	max_norm_apply, max_norm_axis },
  non_neg = { { .name = "NonNeg", .doc = "values below zero become zero" }, non_neg_apply, NULL },
  unit_norm = { { "UnitNorm", "vectors get length one", unit_norm_params,
			sizeof(struct unit_norm_conf) },
	  unit_norm_apply, unit_norm_axis };

static const struct param_class *const classes[] = { &max_norm.class, &non_neg.class,
	&unit_norm.class, NULL };

const struct param_family constraint_family = { "constraints", "constraint", classes };

/* NULL: the variant is null. */
static const struct constraint_class *class_of(const struct param_variant *v)
{
	return v->index < 0 ? NULL : (const void *)classes[v->index]; /* its first member */
}

bool constraint_check(const struct param_variant *v, const struct shape *shape, const char *pointer,
	struct error *err)
{
	const struct constraint_class *c = class_of(v);

	return !c || !c->axis || axis_check(c->axis(param_variant_conf(v)), shape, pointer, err);
}

void constraint_apply(const struct param_variant *v, const struct shape *shape, float *w)
{
	const struct constraint_class *c = class_of(v);

	if (c)
		c->apply(param_variant_conf(v), shape, w);
}
