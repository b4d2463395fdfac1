/* errors.c - MeanAbsoluteError, MeanSquaredError and RootMeanSquaredError: means over outputs and
 * samples of |y - t| and (y - t)². */
#include "engine/metric.h"

#include <math.h>

static bool error_plan(const void *conf, const struct metric_request *r, struct metric_plan *ret,
	struct error *err)
{
	(void)conf, (void)r, (void)err; /* goes with anything */
	*ret = (struct metric_plan){ .n_values = 1, .wants_probabilities = true };
	return true;
}

static void absolute_sample(const struct metric_sample *s)
{
	double sum = 0;

	for (int64_t j = 0; j < s->width; j++)
		sum += fabs((double)s->y[j] - (double)metric_target(s, j));
	s->values[0] = (float)(sum / (double)s->width);
}

static void squared_sample(const struct metric_sample *s)
{
	double sum = 0;

	for (int64_t j = 0; j < s->width; j++) {
		double d = (double)s->y[j] - (double)metric_target(s, j);
		sum += d * d;
	}
	s->values[0] = (float)(sum / (double)s->width);
}

static double mean_result(const void *conf, int64_t width, int64_t samples, const double *counts,
	const double *values)
{
	(void)conf, (void)width, (void)counts;
	return values[0] / (double)samples;
}

static double root_result(const void *conf, int64_t width, int64_t samples, const double *counts,
	const double *values)
{
	return sqrt(mean_result(conf, width, samples, counts, values));
}

const struct metric_class metric_mean_absolute_error = {
	.name = "mean_absolute_error",
	.doc = "mean distance between output and target",
	.plan = error_plan,
	.sample = absolute_sample,
	.result = mean_result,
};

const struct metric_class metric_mean_squared_error = {
	.name = "mean_squared_error",
	.doc = "mean squared distance between output and target",
	.plan = error_plan,
	.sample = squared_sample,
	.result = mean_result,
};

const struct metric_class metric_root_mean_squared_error = {
	.name = "root_mean_squared_error",
	.doc = "root of the mean squared distance between output and target",
	.plan = error_plan,
	.sample = squared_sample,
	.result = root_result,
};
