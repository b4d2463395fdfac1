/* initializer.c - see initializer.h. */
#include "engine/initializer.h"

#include "engine/kernels/math.h"
#include "engine/philox.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stddef.h>

/* The inverse of the normal distribution's cumulative function: Wichura, Algorithm AS 241 (PPND7),
 * Applied Statistics 37 (1988), about 7 digits. 0 < p < 1. */
static double normal_quantile(double p)
{
	double q = p - 0.5;

	if (fabs(q) <= 0.425) {
		double r = 0.180625 - q * q;
		return q *
		       (((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179) /
		       (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0);
	}
	double r = sqrt(-(double)math_log((float)(q < 0 ? p : 1.0 - p)));
	double z;
	if (r <= 5) {
		r -= 1.6;
		z = (((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777) /
		    ((0.12021132975 * r + 0.73700164250) * r + 1.0);
	} else {
		r -= 5;
		z = (((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150) /
		    ((0.012258202635 * r + 0.24197894225) * r + 1.0);
	}
	return q < 0 ? -z : z;
}

/* --- arguments -------------------------------------------------------------------------------- */

enum fan { FAN_IN, FAN_OUT, FAN_AVERAGE };
static const char *const fan_names[] = { "fan_in", "fan_out", "fan_avg", NULL };

enum kind { KIND_TRUNCATED, KIND_NORMAL, KIND_UNIFORM };
static const char *const kind_names[] = { "truncated_normal", "untruncated_normal", "uniform",
	NULL };

struct constant_conf {
	double value;
};
struct identity_conf {
	double gain;
};
/* Those that draw begin with their seed: PARAM_NULL is the job's. */
struct seed_conf {
	int64_t seed;
};
struct normal_conf {
	int64_t seed;
	double mean, stddev;
};
struct uniform_conf {
	int64_t seed;
	double minval, maxval;
};
struct scaling_conf {
	int64_t seed;
	double scale;
	int mode, distribution;
};
struct orthogonal_conf {
	int64_t seed;
	double gain;
};

/* Far beyond any use, and far from where a float ends. */
#define VALUE_MAX 1e9

#define SEED(conf)                                                                                 \
	{                                                                                          \
		.name = "seed", .doc = "of these values alone; null: the job's decides",           \
		.type = PARAM_TYPE_INT, .flags = PARAM_NULLABLE, .offset = offsetof(conf, seed),   \
		.def = NAN, .min = 0, .max = 0x1p53 - 1                                            \
	}

static const struct param constant_params[] = {
	PARAM_FLOAT(struct constant_conf, value, 0, -VALUE_MAX, VALUE_MAX, 0, "every value"),
	PARAM_END,
};
static const struct param identity_params[] = {
	PARAM_FLOAT(struct identity_conf, gain, 1, -VALUE_MAX, VALUE_MAX, 0,
		"the values of the diagonal"),
	PARAM_END,
};
static const struct param seed_params[] = {
	SEED(struct seed_conf),
	PARAM_END,
};
static const struct param normal_params[] = {
	PARAM_FLOAT(struct normal_conf, mean, 0, -VALUE_MAX, VALUE_MAX, 0, "mean of the values"),
	PARAM_FLOAT(struct normal_conf, stddev, 0.05, 0, VALUE_MAX, 0,
		"standard deviation of the values, before they are cut"),
	SEED(struct normal_conf),
	PARAM_END,
};
static const struct param uniform_params[] = {
	PARAM_FLOAT(struct uniform_conf, minval, -0.05, -VALUE_MAX, VALUE_MAX, 0,
		"lower end of the values"),
	PARAM_FLOAT(struct uniform_conf, maxval, 0.05, -VALUE_MAX, VALUE_MAX, 0,
		"upper end of the values"),
	SEED(struct uniform_conf),
	PARAM_END,
};
static const struct param scaling_params[] = {
	PARAM_FLOAT(struct scaling_conf, scale, 1, 0, VALUE_MAX, PARAM_ABOVE_MIN,
		"variance, times the fan"),
	PARAM_CHOICE(
		struct scaling_conf, mode, FAN_IN, fan_names, "what the variance is divided by"),
	PARAM_CHOICE(struct scaling_conf, distribution, KIND_TRUNCATED, kind_names,
		"what the values are drawn from"),
	SEED(struct scaling_conf),
	PARAM_END,
};
static const struct param orthogonal_params[] = {
	PARAM_FLOAT(struct orthogonal_conf, gain, 1, -VALUE_MAX, VALUE_MAX, 0,
		"length of the rows, or of the columns"),
	SEED(struct orthogonal_conf),
	PARAM_END,
};

/* --- values that are drawn one by one --------------------------------------------------------- */

/* How a standard deviation shrinks when the normal distribution is cut at two of them. */
static const double truncated_deviation = 0.87962566103423978;
static const double truncated_low = 0.022750131948179195; /* the cumulative function at -2 */

struct distribution {
	enum kind kind;
	double centre;
	double scale; /* half the width, or the standard deviation */
};

/* `bits` to a number in (0, 1), never an end. */
static double unit_interval(uint32_t bits)
{
	return ((double)bits + 0.5) * 0x1p-32;
}

static float draw(struct distribution d, uint32_t bits)
{
	double u = unit_interval(bits), z = 0;

	switch (d.kind) {
	case KIND_UNIFORM:
		z = 2.0 * u - 1.0;
		break;
	case KIND_NORMAL:
		z = normal_quantile(u);
		break;
	case KIND_TRUNCATED:
		z = normal_quantile(truncated_low + u * (1.0 - 2.0 * truncated_low));
		break;
	}
	return (float)(z * d.scale + d.centre);
}

/* Value i depends on its place, the weight and the seed alone; on no weight with a seed of its own.
 */
static void fill_drawn(
	struct distribution d, int64_t own_seed, const struct initializer_request *r, float *values)
{
	bool own = own_seed != PARAM_NULL;
	uint64_t seed = own ? (uint64_t)own_seed : r->seed;
	uint32_t stream = own ? 0 : r->weight;
	int64_t n = shape_elements(&r->shape);

	for (int64_t i = 0; i < n; i += 4) {
		struct philox p = philox(seed, PHILOX_INITIALIZER, stream, (uint64_t)i / 4);
		for (int64_t j = 0; j < 4 && i + j < n; j++)
			values[i + j] = draw(d, p.v[j]);
	}
}

/* --- the classes ------------------------------------------------------------------------------ */

struct initializer_class {
	struct param_class class;
	/* conf: that of the class */
	void (*fill)(const struct initializer_class *c, const void *conf,
		const struct initializer_request *r, float *values);
	/* NULL: every shape will do. */
	bool (*check)(const struct shape *shape, const char *pointer, struct error *err);
	/* What the classes of a fixed scaling have instead of arguments. */
	double scale;
	enum fan mode;
	enum kind distribution;
};

static void fill_constant(float value, const struct initializer_request *r, float *values)
{
	int64_t n = shape_elements(&r->shape);

	for (int64_t i = 0; i < n; i++)
		values[i] = value;
}

static void constant_fill(const struct initializer_class *c, const void *conf,
	const struct initializer_request *r, float *values)
{
	(void)c;
	fill_constant((float)((const struct constant_conf *)conf)->value, r, values);
}

/* Zeros and Ones: the class's scale is the value. */
static void fixed_constant_fill(const struct initializer_class *c, const void *conf,
	const struct initializer_request *r, float *values)
{
	(void)conf; /* has no arguments */
	fill_constant((float)c->scale, r, values);
}

static void uniform_fill(const struct initializer_class *c, const void *conf,
	const struct initializer_request *r, float *values)
{
	const struct uniform_conf *u = conf;
	struct distribution d = { KIND_UNIFORM, (u->minval + u->maxval) / 2,
		(u->maxval - u->minval) / 2 };

	(void)c;
	fill_drawn(d, u->seed, r, values);
}

static void normal_fill(const struct initializer_class *c, const void *conf,
	const struct initializer_request *r, float *values)
{
	const struct normal_conf *n = conf;
	struct distribution d = { c->distribution, n->mean, n->stddev };

	fill_drawn(d, n->seed, r, values);
}

/* Keras's VarianceScaling: values of variance scale / fan, those of a truncated distribution too.
 */
static void fill_scaled(
	const struct scaling_conf *s, const struct initializer_request *r, float *values)
{
	double in = (double)r->fan_in, out = (double)r->fan_out;
	double fan = s->mode == FAN_IN ? in : s->mode == FAN_OUT ? out : (in + out) / 2.0;
	struct distribution d = { .kind = (enum kind)s->distribution };

	if (d.kind == KIND_UNIFORM)
		d.scale = sqrt(3.0 * s->scale / fan);
	else
		d.scale = sqrt(s->scale / fan);
	if (d.kind == KIND_TRUNCATED)
		d.scale /= truncated_deviation;
	fill_drawn(d, s->seed, r, values);
}

static void scaling_fill(const struct initializer_class *c, const void *conf,
	const struct initializer_request *r, float *values)
{
	(void)c;
	fill_scaled(conf, r, values);
}

static void fixed_scaling_fill(const struct initializer_class *c, const void *conf,
	const struct initializer_request *r, float *values)
{
	struct scaling_conf s = { .seed = ((const struct seed_conf *)conf)->seed,
		.scale = c->scale,
		.mode = (int)c->mode,
		.distribution = (int)c->distribution };

	fill_scaled(&s, r, values);
}

static bool identity_check(const struct shape *shape, const char *pointer, struct error *err)
{
	char text[SHAPE_TEXT_BYTES];

	shape_text(shape, text);
	return shape->rank == 2 ||
	       error_at(err, ERROR_INVALID, pointer,
		       "Identity fills matrices only, not a weight of shape %s", text);
}

static void identity_fill(const struct initializer_class *c, const void *conf,
	const struct initializer_request *r, float *values)
{
	float gain = (float)((const struct identity_conf *)conf)->gain;
	int64_t rows = r->shape.dim[0], columns = r->shape.dim[1];

	(void)c;
	fill_constant(0, r, values);
	for (int64_t i = 0; i < rows && i < columns; i++)
		values[i * columns + i] = gain;
}

/* --- Orthogonal ------------------------------------------------------------------------------- */

/* A kernel as a matrix, as Keras sees it: its last axis is the columns. */
struct matrix {
	int64_t rows, columns;
	int64_t count, length; /* of its vectors: of the shorter side, which is made orthonormal */
	int64_t vector, step;  /* floats from vector to vector, and from value to value of one */
};

static struct matrix matrix_of(const struct shape *shape)
{
	struct matrix m = { .columns = shape->dim[shape->rank - 1] };

	m.rows = shape_elements(shape) / m.columns;
	bool tall = m.rows >= m.columns;
	m.count = tall ? m.columns : m.rows;
	m.length = tall ? m.rows : m.columns;
	m.vector = tall ? 1 : m.columns;
	m.step = tall ? m.columns : 1;
	return m;
}

/* Values times vectors, of which the work is a multiple. Measured: 0.7 s for 2^29 on one core of an
 * EPYC. */
#define ORTHOGONAL_WORK_MAX 0x1p31

static bool orthogonal_check(const struct shape *shape, const char *pointer, struct error *err)
{
	char text[SHAPE_TEXT_BYTES];

	shape_text(shape, text);
	if (shape->rank < 2)
		return error_at(err, ERROR_INVALID, pointer,
			"Orthogonal fills kernels of rank 2 or more, not a weight of shape %s",
			text);
	struct matrix m = matrix_of(shape);
	double work = (double)shape_elements(shape) * (double)m.count;
	return work <= ORTHOGONAL_WORK_MAX ||
	       error_at(err, ERROR_INVALID, pointer,
		       "Orthogonal would orthogonalize %" PRId64 " vectors of %" PRId64
		       " values; allowed: at most %.0f values times vectors; GlorotUniform has no "
		       "such limit",
		       m.count, m.length, ORTHOGONAL_WORK_MAX);
}

static void scale_vector(const struct matrix *m, float *v, double factor)
{
	for (int64_t k = 0; k < m->length; k++)
		v[k * m->step] = (float)((double)v[k * m->step] * factor);
}

enum { PANEL = 64 }; /* vectors that lose their part along another one at a time */

/* Takes from the vectors [first, last), a panel, what lies along the unit vector q. Sums are in
 * double, in the order of the values. */
static void project_panel(
	const struct matrix *m, float *values, const float *q, int64_t first, int64_t last)
{
	double along[PANEL] = { 0 };

	for (int64_t k = 0; k < m->length; k++)
		for (int64_t j = first; j < last; j++)
			along[j - first] += (double)q[k * m->step] *
					    (double)values[j * m->vector + k * m->step];
	for (int64_t k = 0; k < m->length; k++)
		for (int64_t j = first; j < last; j++) {
			float *v = &values[j * m->vector + k * m->step];
			*v = (float)((double)*v - (double)q[k * m->step] * along[j - first]);
		}
}

/* One round of Gram and Schmidt in its modified form (Golub and Van Loan, Matrix Computations,
 * section 5.2.8), which leaves every vector on the side it was on: the R of Keras's QR
 * decomposition has a diagonal above 0 then, as Keras gives it. */
static void orthonormalize(const struct matrix *m, float *values)
{
	for (int64_t i = 0; i < m->count; i++) {
		float *q = values + i * m->vector;
		double squares = 0;
		for (int64_t k = 0; k < m->length; k++)
			squares += (double)q[k * m->step] * (double)q[k * m->step];
		scale_vector(m, q, squares > 0 ? 1.0 / sqrt(squares) : 0);
		for (int64_t j = i + 1; j < m->count; j += PANEL)
			project_panel(m, values, q, j, j + PANEL < m->count ? j + PANEL : m->count);
	}
}

static void orthogonal_fill(const struct initializer_class *c, const void *conf,
	const struct initializer_request *r, float *values)
{
	const struct orthogonal_conf *o = conf;
	struct matrix m = matrix_of(&r->shape);

	(void)c;
	fill_drawn((struct distribution){ KIND_NORMAL, 0, 1 }, o->seed, r, values);
	/* What the first round's roundings leave, the second takes away ("twice is enough": Kahan,
	 * in Parlett, The Symmetric Eigenvalue Problem, section 6.9). */
	orthonormalize(&m, values);
	orthonormalize(&m, values);
	for (int64_t i = 0; i < m.count; i++)
		scale_vector(&m, values + i * m.vector, o->gain);
}

/* --- the rows --------------------------------------------------------------------------------- */

#define FIXED_SCALING(name_, doc_, scale_, mode_, kind_)                                           \
	{                                                                                          \
		.class = { name_, doc_, seed_params, sizeof(struct seed_conf) },                   \
		.fill = fixed_scaling_fill, .scale = scale_, .mode = mode_, .distribution = kind_  \
	}

static const struct initializer_class classes[] = {
	[INITIALIZER_GLOROT_UNIFORM] = FIXED_SCALING("GlorotUniform",
		"uniform, variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010)", 1, FAN_AVERAGE,
		KIND_UNIFORM),
	[INITIALIZER_GLOROT_NORMAL] = FIXED_SCALING("GlorotNormal",
		"truncated normal, variance 2 / (fan_in + fan_out)", 1, FAN_AVERAGE,
		KIND_TRUNCATED),
	[INITIALIZER_HE_UNIFORM] = FIXED_SCALING("HeUniform",
		"uniform, variance 2 / fan_in (He et al. 2015)", 2, FAN_IN, KIND_UNIFORM),
	[INITIALIZER_HE_NORMAL] = FIXED_SCALING("HeNormal",
		"truncated normal, variance 2 / fan_in", 2, FAN_IN, KIND_TRUNCATED),
	[INITIALIZER_LECUN_UNIFORM] = FIXED_SCALING("LecunUniform",
		"uniform, variance 1 / fan_in (LeCun et al. 1998)", 1, FAN_IN, KIND_UNIFORM),
	[INITIALIZER_LECUN_NORMAL] = FIXED_SCALING("LecunNormal",
		"truncated normal, variance 1 / fan_in", 1, FAN_IN, KIND_TRUNCATED),
	[INITIALIZER_VARIANCE_SCALING] = {
		.class = { "VarianceScaling", "variance scale / fan", scaling_params,
			sizeof(struct scaling_conf) },
		.fill = scaling_fill,
	},
	[INITIALIZER_RANDOM_UNIFORM] = {
		.class = { "RandomUniform", "uniform between two values", uniform_params,
			sizeof(struct uniform_conf) },
		.fill = uniform_fill,
	},
	[INITIALIZER_RANDOM_NORMAL] = {
		.class = { "RandomNormal", "normal distribution", normal_params,
			sizeof(struct normal_conf) },
		.fill = normal_fill,
		.distribution = KIND_NORMAL,
	},
	[INITIALIZER_TRUNCATED_NORMAL] = {
		.class = { "TruncatedNormal",
			"normal distribution, redrawn beyond two standard deviations",
			normal_params, sizeof(struct normal_conf) },
		.fill = normal_fill,
		.distribution = KIND_TRUNCATED,
	},
	[INITIALIZER_ORTHOGONAL] = {
		.class = { "Orthogonal", "orthogonal rows or columns (Saxe et al. 2014)",
			orthogonal_params, sizeof(struct orthogonal_conf) },
		.fill = orthogonal_fill,
		.check = orthogonal_check,
	},
	[INITIALIZER_IDENTITY] = {
		.class = { "Identity", "ones on the diagonal, zeros beside it", identity_params,
			sizeof(struct identity_conf) },
		.fill = identity_fill,
		.check = identity_check,
	},
	[INITIALIZER_CONSTANT] = {
		.class = { "Constant", "one value everywhere", constant_params,
			sizeof(struct constant_conf) },
		.fill = constant_fill,
	},
	[INITIALIZER_ZEROS] = {
		.class = { .name = "Zeros", .doc = "zero everywhere" },
		.fill = fixed_constant_fill,
	},
	[INITIALIZER_ONES] = {
		.class = { .name = "Ones", .doc = "one everywhere" },
		.fill = fixed_constant_fill,
		.scale = 1,
	},
};

#define ROW(name) [INITIALIZER_##name] = &classes[INITIALIZER_##name].class

static const struct param_class *const family_classes[] = {
	ROW(GLOROT_UNIFORM),
	ROW(GLOROT_NORMAL),
	ROW(HE_UNIFORM),
	ROW(HE_NORMAL),
	ROW(LECUN_UNIFORM),
	ROW(LECUN_NORMAL),
	ROW(VARIANCE_SCALING),
	ROW(RANDOM_UNIFORM),
	ROW(RANDOM_NORMAL),
	ROW(TRUNCATED_NORMAL),
	ROW(ORTHOGONAL),
	ROW(IDENTITY),
	ROW(CONSTANT),
	ROW(ZEROS),
	ROW(ONES),
	[INITIALIZER_COUNT] = NULL,
};

const struct param_family initializer_family = { "initializers", "initializer", family_classes };

static const struct initializer_class *class_of(const struct param_variant *v)
{
	assert(v->index >= 0 && v->index < INITIALIZER_COUNT);
	return &classes[v->index];
}

bool initializer_check(const struct param_variant *v, const struct shape *shape,
	const char *pointer, struct error *err)
{
	const struct initializer_class *c = class_of(v);

	return !c->check || c->check(shape, pointer, err);
}

void initializer_fill(
	const struct param_variant *v, const struct initializer_request *request, float *values)
{
	const struct initializer_class *c = class_of(v);

	c->fill(c, param_variant_conf(v), request, values);
}
