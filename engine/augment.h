/* augment.h - what an augmentation of training images is to the engine: one file in augments/, one
 * row in registry.c.
 *
 * Each is a map of the plane, its parameters drawn anew for every sample of every epoch. The maps
 * of a sample are composed into one, so that an image is interpolated once, however many there are
 * (Keras applies one layer after the other, which blurs once for each). What lies beyond the edges
 * is the original image gone on by fill_mode. Maps that only mirror copy, to the last bit.
 *
 * What is drawn depends on the job's seed, the epoch, the sample's number in the data set and the
 * place in the list alone: it is the same for any batch, number of threads, and after any stop.
 *
 * Geometry, as in Keras 3's layers (keras/src/layers/preprocessing/image_preprocessing): an output
 * pixel p = (x, y) takes its value from the input at M p. Pixel centres have whole coordinates; all
 * maps are about the middle of the image, c = ((width - 1)/2, (height - 1)/2): M p = A (p - c) + b
 * + c. First T, then U, is the map T(U p). Each file says its A and b.
 *
 * Beyond the edges and between pixels (kernels/resample.h) is as in Keras on JAX and NumPy: the
 * indices of pixels are folded, then interpolated. Keras on TensorFlow differs within half a pixel
 * beyond an edge for wrap, within one for constant. Any thread. */
#pragma once

#include "base/error.h"
#include "base/param.h"
#include "engine/kernels/kernels.h"
#include "engine/shape.h"

#include <math.h>

enum {
	AUGMENTS_MAX = 8, /* of one job */
	AUGMENT_CONF_BYTES = 128,
	AUGMENT_SIDE_MAX = 32768, /* rows or columns: their coordinates are floats */
	AUGMENT_DRAWS = 4,
};

/* How the conf of any begins; those that do not interpolate leave out all but the first. */
struct augment_conf {
	int64_t seed;      /* PARAM_NULL: none of its own */
	int fill_mode;     /* enum resample_fill */
	int interpolation; /* of augment_interpolations */
	double fill_value; /* where fill_mode is constant; pixels of bytes are 0 … 1 */
};

/* An argument that is a number f, for [-|f|, |f|], or the two ends of a range. */
struct augment_range {
	PARAM_LIST_OF(2) ends;
};

/* A (p - c) + b: what is asked for at p comes from there. Of x and y, in this order; b in pixels.
 */
struct augment_map {
	double a[2][2], b[2];
};

struct augment_class {
	const char *name, *doc;
	const struct param *params;
	size_t conf_size;  /* at most AUGMENT_CONF_BYTES */
	bool interpolates; /* its params begin with AUGMENT_FILL_PARAMS */
	/* The map for an image of that size; u: uniform in (0, 1). */
	void (*map)(const void *conf, int64_t height, int64_t width,
		const double u[static AUGMENT_DRAWS], struct augment_map *ret);
};

/* The augmentations of a job, in their order. */
struct augment {
	const struct augment_class *class;
	_Alignas(16) unsigned char conf[AUGMENT_CONF_BYTES];
};
struct augments {
	struct augment augments[AUGMENTS_MAX];
	int count;
};

/* Appends one with its defaults and returns it. NULL: there are too many; err->pointer is "". */
struct augment *augments_add(
	struct augments *a, const struct augment_class *class, struct error *err) MUST_CHECK;

/* Whether samples of that shape can be augmented so: images (height, width, channels), and one way
 * to interpolate for all. err->pointer begins with "/augment". */
bool augments_check(
	const struct augments *a, const struct shape *sample, struct error *err) MUST_CHECK;

/* The map of a sample (its number in the data set) in an epoch (from 1). */
void augments_map(const struct augments *a, uint64_t seed, int64_t epoch, int64_t sample,
	const struct shape *shape, struct augment_map *ret);
/* y = the image x of that shape (which augments_check has accepted), seen through the map. */
void augments_apply(const struct augments *a, const struct augment_map *m,
	const struct shape *shape, const struct kernels *k, const float *x, float *y);

/* A number in the range, as far along it as u. */
double augment_range_at(const struct augment_range *r, double u);

extern const char *const augment_fill_modes[]; /* in the order of enum resample_fill */
enum { AUGMENT_BILINEAR, AUGMENT_NEAREST };
extern const char *const augment_interpolations[];

#define AUGMENT_SEED                                                                               \
	{                                                                                          \
		.name = "seed",                                                                    \
		.doc = "stirred into the job's, for other numbers than those of null",             \
		.type = PARAM_TYPE_INT, .flags = PARAM_NULLABLE,                                   \
		.offset = offsetof(struct augment_conf, seed), .def = NAN, .min = 0,               \
		.max = INT32_MAX                                                                   \
	}
#define AUGMENT_FILL_PARAMS                                                                        \
	PARAM_CHOICE(struct augment_conf, fill_mode, RESAMPLE_REFLECT, augment_fill_modes,         \
		"how the image goes on beyond its edges"),                                         \
		PARAM_CHOICE(struct augment_conf, interpolation, AUGMENT_BILINEAR,                 \
			augment_interpolations, "what lies between pixels"),                       \
		PARAM_FLOAT(struct augment_conf, fill_value, 0, -INFINITY, INFINITY, 0,            \
			"what lies beyond the edges if fill_mode is constant")
#define AUGMENT_RANGE(conf, field, def_, flags_, doc_)                                             \
	PARAM_LIST(conf, field, def_, -1, 1, 1, PARAM_OR_NUMBER | (flags_), doc_)
