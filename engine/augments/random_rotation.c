/* random_rotation.c - RandomRotation: A = (cos t, -sin t; sin t, cos t), t = 2 pi factor, b = 0.
 * With y downward, a positive factor turns the image against the clock. */
#include "engine/augment.h"

#include "engine/math64.h"

struct conf {
	struct augment_conf augment;
	struct augment_range factor;
};

static const struct param params[] = {
	AUGMENT_RANGE(struct conf, factor, 0, PARAM_REQUIRED,
		"how far against the clock, as a share of a full turn"),
	AUGMENT_FILL_PARAMS,
	AUGMENT_SEED,
	PARAM_END,
};

/* cos(2 pi turns); exact at quarters of a turn. */
static double turn_cos(double turns)
{
	double t = 2 * fabs(turns);

	t -= 2 * floor(t / 2);
	return math64_cos_pi(t > 1 ? 2 - t : t);
}

static void rotation_map(const void *conf, int64_t height, int64_t width,
	const double u[static AUGMENT_DRAWS], struct augment_map *ret)
{
	const struct conf *c = conf;
	double turns = augment_range_at(&c->factor, u[0]);
	double cosine = turn_cos(turns), sine = turn_cos(turns - 0.25);

	(void)height;
	(void)width;
	*ret = (struct augment_map){ .a = { { cosine, -sine }, { sine, cosine } } };
}

const struct augment_class augment_random_rotation = {
	.name = "RandomRotation",
	.doc = "turns the image about its middle",
	.params = params,
	.conf_size = sizeof(struct conf),
	.interpolates = true,
	.map = rotation_map,
};
