/* initializer.c - see initializer.h. */
#include "engine/initializer.h"

#include "engine/kernels/math.h"
#include "engine/philox.h"

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

/* How a standard deviation shrinks when the normal distribution is cut at two of them. */
static const double truncated_deviation = 0.87962566103423978;
static const double truncated_low = 0.022750131948179195; /* the cumulative function at -2 */

struct distribution {
	enum { CONSTANT, UNIFORM, NORMAL, TRUNCATED } kind;
	double scale; /* the constant, half the width, or the standard deviation */
};

static struct distribution distribution_of(enum initializer init, double fan_in, double fan_out)
{
	switch (init) {
	case INITIALIZER_GLOROT_UNIFORM:
		return (struct distribution){ UNIFORM, sqrt(6.0 / (fan_in + fan_out)) };
	case INITIALIZER_GLOROT_NORMAL:
		return (struct distribution){ TRUNCATED,
			sqrt(2.0 / (fan_in + fan_out)) / truncated_deviation };
	case INITIALIZER_HE_UNIFORM:
		return (struct distribution){ UNIFORM, sqrt(6.0 / fan_in) };
	case INITIALIZER_HE_NORMAL:
		return (struct distribution){ TRUNCATED, sqrt(2.0 / fan_in) / truncated_deviation };
	case INITIALIZER_LECUN_UNIFORM:
		return (struct distribution){ UNIFORM, sqrt(3.0 / fan_in) };
	case INITIALIZER_LECUN_NORMAL:
		return (struct distribution){ TRUNCATED, sqrt(1.0 / fan_in) / truncated_deviation };
	case INITIALIZER_RANDOM_UNIFORM:
		return (struct distribution){ UNIFORM, 0.05 };
	case INITIALIZER_RANDOM_NORMAL:
		return (struct distribution){ NORMAL, 0.05 };
	case INITIALIZER_TRUNCATED_NORMAL:
		return (struct distribution){ TRUNCATED, 0.05 };
	case INITIALIZER_ONES:
		return (struct distribution){ CONSTANT, 1.0 };
	case INITIALIZER_ZEROS:
	case INITIALIZER_COUNT:
		break;
	}
	return (struct distribution){ CONSTANT, 0.0 };
}

/* `bits` to a number in (0, 1), never an end. */
static double unit_interval(uint32_t bits)
{
	return ((double)bits + 0.5) * 0x1p-32;
}

static float draw(struct distribution d, uint32_t bits)
{
	double u = unit_interval(bits);

	switch (d.kind) {
	case UNIFORM:
		return (float)((2.0 * u - 1.0) * d.scale);
	case NORMAL:
		return (float)(normal_quantile(u) * d.scale);
	case TRUNCATED:
		return (float)(normal_quantile(truncated_low + u * (1.0 - 2.0 * truncated_low)) *
			       d.scale);
	case CONSTANT:
		break;
	}
	return (float)d.scale;
}

void initializer_fill(enum initializer init, uint64_t seed, uint32_t weight, int64_t fan_in,
	int64_t fan_out, float *values, int64_t n)
{
	struct distribution d = distribution_of(init, (double)fan_in, (double)fan_out);

	for (int64_t i = 0; i < n; i += 4) {
		struct philox p = philox(seed, PHILOX_INITIALIZER, weight, (uint64_t)i / 4);
		for (int64_t j = 0; j < 4 && i + j < n; j++)
			values[i + j] = draw(d, p.v[j]);
	}
}
