/* random_zoom.c - RandomZoom: A = diag(1 + width_factor, 1 + height_factor), b = 0. A positive
 * factor shows more than the image: it zooms out. width_factor null is the height's. */
#include "engine/augment.h"

struct conf {
	struct augment_conf augment;
	struct augment_range height_factor, width_factor;
};

static const struct param params[] = {
	AUGMENT_RANGE(struct conf, height_factor, 0, PARAM_REQUIRED,
		"how much more is seen of the height: -0.5 doubles the image"),
	AUGMENT_RANGE(struct conf, width_factor, NAN, PARAM_NULLABLE,
		"the same of the width; null: as the height, which keeps the ratio"),
	AUGMENT_FILL_PARAMS,
	AUGMENT_SEED,
	PARAM_END,
};

static void zoom_map(const void *conf, int64_t height, int64_t width,
	const double u[static AUGMENT_DRAWS], struct augment_map *ret)
{
	const struct conf *c = conf;
	double down = augment_range_at(&c->height_factor, u[0]), across = down;

	(void)height;
	(void)width;
	if (c->width_factor.ends.count != PARAM_NULL)
		across = augment_range_at(&c->width_factor, u[1]);
	*ret = (struct augment_map){ .a = { { 1 + across, 0 }, { 0, 1 + down } } };
}

const struct augment_class augment_random_zoom = {
	.name = "RandomZoom",
	.doc = "enlarges the image, or makes it smaller",
	.params = params,
	.conf_size = sizeof(struct conf),
	.interpolates = true,
	.map = zoom_map,
};
