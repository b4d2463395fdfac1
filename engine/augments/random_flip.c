/* random_flip.c - RandomFlip: A = diag(±1, ±1), b = 0. With horizontal_and_vertical each of the two
 * is drawn for itself. */
#include "engine/augment.h"

struct conf {
	struct augment_conf augment;
	int mode;
};

enum { HORIZONTAL_AND_VERTICAL, HORIZONTAL, VERTICAL };
static const char *const modes[] = { "horizontal_and_vertical", "horizontal", "vertical", NULL };

static const struct param params[] = {
	PARAM_CHOICE(struct conf, mode, HORIZONTAL_AND_VERTICAL, modes,
		"left and right, top and bottom, or both"),
	AUGMENT_SEED,
	PARAM_END,
};

static void flip_map(const void *conf, int64_t height, int64_t width,
	const double u[static AUGMENT_DRAWS], struct augment_map *ret)
{
	const struct conf *c = conf;

	(void)height;
	(void)width;
	*ret = (struct augment_map){ 0 };
	ret->a[0][0] = c->mode != VERTICAL && u[0] < 0.5 ? -1 : 1;
	ret->a[1][1] = c->mode != HORIZONTAL && u[1] < 0.5 ? -1 : 1;
}

const struct augment_class augment_random_flip = {
	.name = "RandomFlip",
	.doc = "mirrors every other image, at random",
	.params = params,
	.conf_size = sizeof(struct conf),
	.map = flip_map,
};
