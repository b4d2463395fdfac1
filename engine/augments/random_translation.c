/* random_translation.c - RandomTranslation: A = 1, b = -(width_factor width, height_factor height).
 * A positive factor moves the image down, or to the right. */
#include "engine/augment.h"

struct conf {
	struct augment_conf augment;
	struct augment_range height_factor, width_factor;
};

static const struct param params[] = {
	AUGMENT_RANGE(struct conf, height_factor, 0, PARAM_REQUIRED,
		"how far down, as a share of the height"),
	AUGMENT_RANGE(struct conf, width_factor, 0, PARAM_REQUIRED,
		"how far to the right, as a share of the width"),
	AUGMENT_FILL_PARAMS,
	AUGMENT_SEED,
	PARAM_END,
};

static void translation_map(const void *conf, int64_t height, int64_t width,
	const double u[static AUGMENT_DRAWS], struct augment_map *ret)
{
	const struct conf *c = conf;

	*ret = (struct augment_map){
		.a = { { 1, 0 }, { 0, 1 } },
		.b = { -augment_range_at(&c->width_factor, u[0]) * (double)width,
			-augment_range_at(&c->height_factor, u[1]) * (double)height },
	};
}

const struct augment_class augment_random_translation = {
	.name = "RandomTranslation",
	.doc = "moves the image",
	.params = params,
	.conf_size = sizeof(struct conf),
	.interpolates = true,
	.map = translation_map,
};
