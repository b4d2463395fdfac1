/* r2_score.c - R2Score: 1 - the sum of squared errors / that of the squared distances of the
 * targets from their mean, or 0 where the targets are all the same; of several outputs the mean
 * (Keras's uniform_average). The second sum is Σ t² - (Σ t)² / n, which cancels where targets are
 * far from 0: so a square is two floats, which together are exact. */
#include "engine/metric.h"

#include <inttypes.h>
#include <math.h>

/* For each output. */
enum { ERROR, TARGET, SQUARE, SQUARE_REST, VALUES };
enum { OUTPUTS_MAX = 1024 };

/* A smaller share of Σ t² is what rounding leaves of a spread of 0. */
static const double spread_min = 1e-12;

static bool r2_plan(const void *conf, const struct metric_request *r, struct metric_plan *ret,
	struct error *err)
{
	int64_t width = shape_elements(&r->output);

	(void)conf; /* has no arguments */
	if (width > OUTPUTS_MAX)
		return error_at(err, ERROR_INVALID, "",
			"the network has %" PRId64 " outputs; allowed: at most %d", width,
			OUTPUTS_MAX);
	*ret = (struct metric_plan){ .n_values = VALUES * (int)width, .wants_probabilities = true };
	return true;
}

static void r2_sample(const struct metric_sample *s)
{
	for (int64_t j = 0; j < s->width; j++) {
		float t = metric_target(s, j), d = s->y[j] - t;
		s->values[VALUES * j + ERROR] = d * d;
		s->values[VALUES * j + TARGET] = t;
		s->values[VALUES * j + SQUARE] = t * t;
		s->values[VALUES * j + SQUARE_REST] = fmaf(t, t, -(t * t));
	}
}

static double r2_result(const void *conf, int64_t width, int64_t samples, const double *counts,
	const double *values)
{
	double sum = 0;

	(void)conf, (void)counts;
	for (int64_t j = 0; j < width; j++) {
		const double *v = values + VALUES * j;
		double squares = v[SQUARE] + v[SQUARE_REST];
		double spread = squares - v[TARGET] * v[TARGET] / (double)samples;
		sum += spread > spread_min * squares ? 1 - v[ERROR] / spread : 0;
	}
	return sum / (double)width;
}

const struct metric_class metric_r2_score = {
	.name = "r2_score",
	.doc = "share of the targets' variance that the outputs explain",
	.higher_is_better = true,
	.plan = r2_plan,
	.sample = r2_sample,
	.result = r2_result,
};
