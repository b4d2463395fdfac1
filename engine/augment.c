/* augment.c - see augment.h. */
#include "engine/augment.h"

#include "engine/philox.h"

#include <string.h>

const char *const augment_fill_modes[] = {
	[RESAMPLE_REFLECT] = "reflect",
	[RESAMPLE_WRAP] = "wrap",
	[RESAMPLE_CONSTANT] = "constant",
	[RESAMPLE_NEAREST] = "nearest",
	[RESAMPLE_FILL_COUNT] = NULL,
};

const char *const augment_interpolations[] = { "bilinear", "nearest", NULL };

struct augment *augments_add(
	struct augments *a, const struct augment_class *class, struct error *err)
{
	if (a->count == AUGMENTS_MAX) {
		(void)error_at(err, ERROR_INVALID, "", "there are more than %d augmentations",
			AUGMENTS_MAX);
		return NULL;
	}
	struct augment *new = &a->augments[a->count++];
	*new = (struct augment){ .class = class };
	param_set_defaults(class->params, new->conf);
	return new;
}

static const struct augment_conf *conf_of(const struct augment *a)
{
	return (const void *)a->conf;
}

/* The first one that interpolates; NULL: none does. */
static const struct augment *interpolating(const struct augments *a)
{
	for (int i = 0; i < a->count; i++)
		if (a->augments[i].class->interpolates)
			return &a->augments[i];
	return NULL;
}

/* --- checks
 * ------------------------------------------------------------------------------------------------------
 */

/* An image is interpolated once, so all must say the same about how. */
static bool check_fill(const struct augments *a, struct error *err)
{
	const struct augment *first = interpolating(a);

	for (int i = 0; i < a->count; i++) {
		const struct augment *other = &a->augments[i];
		if (!other->class->interpolates)
			continue;
		const struct augment_conf *c = conf_of(first), *d = conf_of(other);
		bool constant = c->fill_mode == RESAMPLE_CONSTANT;
		if (d->fill_mode != c->fill_mode)
			(void)error_at(err, ERROR_INVALID, "/fill_mode",
				"fill_mode is \"%s\"; %s before it has \"%s\", and the images are "
				"interpolated once for all",
				augment_fill_modes[d->fill_mode], first->class->name,
				augment_fill_modes[c->fill_mode]);
		else if (d->interpolation != c->interpolation)
			(void)error_at(err, ERROR_INVALID, "/interpolation",
				"interpolation is \"%s\"; %s before it has \"%s\", and the images "
				"are interpolated once for all",
				augment_interpolations[d->interpolation], first->class->name,
				augment_interpolations[c->interpolation]);
		else if (constant && memcmp(&d->fill_value, &c->fill_value, sizeof(double)) != 0)
			(void)error_at(err, ERROR_INVALID, "/fill_value",
				"fill_value is %.15g; %s before it has %.15g, and the images are "
				"interpolated once for all",
				d->fill_value, first->class->name, c->fill_value);
		else
			continue;
		error_pointer_prefix(err, "/augment/%d", i);
		return false;
	}
	return true;
}

bool augments_check(const struct augments *a, const struct shape *sample, struct error *err)
{
	char seen[SHAPE_TEXT_BYTES];

	shape_text(sample, seen);
	if (a->count > 0 && sample->rank != 3)
		return error_at(err, ERROR_INVALID, "/augment",
			"the samples have shape %s; allowed: images of shape (height, width, "
			"channels)",
			seen);
	for (int i = 0; a->count > 0 && i < 2; i++)
		if (sample->dim[i] > AUGMENT_SIDE_MAX)
			return error_at(err, ERROR_INVALID, "/augment",
				"the samples have shape %s; allowed: height and width up to %d",
				seen, AUGMENT_SIDE_MAX);
	return check_fill(a, err);
}

/* --- maps
 * --------------------------------------------------------------------------------------------------------
 */

/* m after n, in the sense that the image goes through m first: M(N p). */
static void compose(struct augment_map *m, const struct augment_map *n)
{
	struct augment_map r;

	for (int i = 0; i < 2; i++) {
		const double *row = m->a[i];
		for (int j = 0; j < 2; j++)
			r.a[i][j] = fma(row[0], n->a[0][j], row[1] * n->a[1][j]);
		r.b[i] = fma(row[0], n->b[0], fma(row[1], n->b[1], m->b[i]));
	}
	*m = r;
}

static uint64_t key_of(struct philox p)
{
	return (uint64_t)p.v[1] << 32 | p.v[0];
}

/* What one draws: from a key of its place in the list and the epoch, by the sample's number. */
static void draw(const struct augment *a, int place, uint64_t seed, int64_t epoch, int64_t sample,
	double u[static AUGMENT_DRAWS])
{
	uint64_t key = key_of(philox(seed, PHILOX_AUGMENT, (uint32_t)place, (uint64_t)epoch));
	int64_t own = conf_of(a)->seed;

	if (own != PARAM_NULL)
		key = key_of(philox(key, PHILOX_AUGMENT, 1, (uint64_t)own));
	struct philox p = philox(key, PHILOX_AUGMENT, 0, (uint64_t)sample);
	for (int i = 0; i < AUGMENT_DRAWS; i++)
		u[i] = ((double)p.v[i] + 0.5) * 0x1p-32;
}

void augments_map(const struct augments *a, uint64_t seed, int64_t epoch, int64_t sample,
	const struct shape *shape, struct augment_map *ret)
{
	struct augment_map m;
	double u[AUGMENT_DRAWS];

	*ret = (struct augment_map){ .a = { { 1, 0 }, { 0, 1 } } };
	for (int i = 0; i < a->count; i++) {
		const struct augment *augment = &a->augments[i];
		draw(augment, i, seed, epoch, sample, u);
		augment->class->map(augment->conf, shape->dim[0], shape->dim[1], u, &m);
		compose(ret, &m);
	}
}

double augment_range_at(const struct augment_range *r, double u)
{
	double first = r->ends.values[0], second = r->ends.values[1];

	if (r->ends.count == 1) {
		first = -fabs(r->ends.values[0]);
		second = -first;
	}
	double low = fmin(first, second), high = fmax(first, second);
	return fma(u, high - low, low);
}

/* --- images
 * ------------------------------------------------------------------------------------------------------
 */

/* Whether each pixel comes from one pixel, its own or the one across the middle. */
static bool only_mirrors(const struct augment_map *m)
{
	return fabs(m->a[0][0]) == 1 && fabs(m->a[1][1]) == 1 && m->a[0][1] == 0 &&
	       m->a[1][0] == 0 && m->b[0] == 0 && m->b[1] == 0;
}

static void mirror(const struct augment_map *m, const struct shape *shape, const float *x, float *y)
{
	int64_t height = shape->dim[0], width = shape->dim[1], channels = shape->dim[2];
	size_t pixel = (size_t)channels * sizeof *y;

	for (int64_t row = 0; row < height; row++, y += width * channels) {
		const float *from =
			x + (m->a[1][1] < 0 ? height - 1 - row : row) * width * channels;
		if (m->a[0][0] > 0)
			memcpy(y, from, (size_t)width * pixel);
		else
			for (int64_t i = 0; i < width; i++)
				memcpy(y + i * channels, from + (width - 1 - i) * channels, pixel);
	}
}

void augments_apply(const struct augments *a, const struct augment_map *m,
	const struct shape *shape, const struct kernels *k, const float *x, float *y)
{
	if (only_mirrors(m)) {
		mirror(m, shape, x, y);
		return;
	}
	const struct augment_conf *c = conf_of(interpolating(a));
	struct resample s = {
		.height = shape->dim[0],
		.width = shape->dim[1],
		.channels = shape->dim[2],
		.fill = (enum resample_fill)c->fill_mode,
		.fill_value = (float)c->fill_value,
		.nearest = c->interpolation == AUGMENT_NEAREST,
	};
	double middle[2] = { (double)(s.width - 1) / 2, (double)(s.height - 1) / 2 };
	for (int i = 0; i < 2; i++) {
		double moved = fma(-m->a[i][0], middle[0], fma(-m->a[i][1], middle[1], middle[i]));
		s.map[i][0] = (float)m->a[i][0];
		s.map[i][1] = (float)m->a[i][1];
		s.map[i][2] = (float)(moved + m->b[i]);
	}
	k->resample(&s, x, y);
}
