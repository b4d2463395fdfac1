/* common.c - see common.h. */
#include "engine/layers/common.h"

#include "base/size.h"

#include <inttypes.h>
#include <string.h>

const char *const padding_names[] = { "valid", "same", NULL };

struct weight_plan weight_vector(const char *name, int64_t n, const struct weight_conf *conf)
{
	/* Keras counts a vector's fans as its length, both ways. */
	return (struct weight_plan){
		.name = name, .shape = SHAPE1(n), WEIGHT_PLAN(*conf), .fan_in = n, .fan_out = n
	};
}

bool layer_check_last_axis(const struct shape *in, int64_t axis, struct error *err)
{
	if (in->rank < 1 || (axis != -1 && axis != in->rank))
		return error_at(err, ERROR_INVALID, "/axis",
			"axis is %" PRId64 "; allowed: the last one, which is -1 or %d", axis,
			in->rank);
	return true;
}

bool layer_check_rank(const struct layer_request *r, const char *name, int rank, struct error *err)
{
	char text[SHAPE_TEXT_BYTES];

	shape_text(r->in, text);
	if (r->in->rank != rank)
		return error_at(err, ERROR_INVALID, "", "its input has shape %s; %s takes %s", text,
			name, rank == 2 ? "(steps, channels)" : "(height, width, channels)");
	return true;
}

/* Rows and width of a sample of y, seen as rows along its last axis. */
static void last_axis(const struct shape *s, int64_t *ret_rows, int64_t *ret_n)
{
	*ret_n = s->rank ? s->dim[s->rank - 1] : 1;
	*ret_rows = shape_elements(s) / *ret_n;
}

void weight_fans(const struct shape *s, int64_t *ret_in, int64_t *ret_out)
{
	int64_t n = shape_elements(s);

	*ret_in = s->rank < 2 ? n : n / s->dim[s->rank - 1];
	*ret_out = s->rank < 2 ? n : n / s->dim[s->rank - 2];
}

void layer_ends_in(struct layer_plan *ret, int activation)
{
	ret->activation = (enum activation)activation;
	ret->alpha = activation_alpha(ret->activation);
	ret->takes_activation = true;
}

void layer_plan_activates_input(const struct layer_request *r, struct layer_plan *ret)
{
	ret->out = *r->in;
	ret->activates_input = true;
	ret->flops_per_output = 1;
}

/* The plan gives a layer that is its activation alone no z of its own. */
static const float *input_of(const struct layer_step *s)
{
	return s->plan->activates_input ? s->x[0] : s->z;
}

void layer_activate(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t rows, n;

	last_axis(&s->plan->out, &rows, &n);
	int64_t at = begin * rows * n;
	s->kernels->activate(s->plan->activation, s->plan->alpha, input_of(s) + at, s->y + at,
		(end - begin) * rows, n);
}

void layer_activate_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t rows, n;

	last_axis(&s->plan->out, &rows, &n);
	int64_t at = begin * rows * n;
	s->kernels->activate_backward(s->plan->activation, s->plan->alpha, input_of(s) + at,
		s->y + at, s->dy + at, (end - begin) * rows, n);
}

void layer_activate_backward_input(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t n = shape_elements(s->in);

	if (!s->dx[0])
		return;
	layer_activate_backward(s, begin, end);
	memcpy(s->dx[0] + begin * n, s->dy + begin * n,
		(size_t)((end - begin) * n) * sizeof(float));
}

int64_t layer_samples_at_once(const struct layer_step *s)
{
	/* 64 KiB of y, and as much of the two or three tensors that go with it. */
	int64_t fit = (16 << 10) / shape_elements(&s->plan->out);

	return fit > 1 ? fit : 1;
}

void layer_sum_rows(const struct layer_step *s, const float *x, int64_t rows, int64_t n, float *sum)
{
	memset(sum, 0, (size_t)n * sizeof *sum);
	s->kernels->sum_rows(x, rows, n, sum);
}

bool window_axis_plan(int64_t in, int64_t size, int64_t stride, enum padding padding,
	const char *axis, const char *pointer, struct window_axis *ret, struct error *err)
{
	struct window_axis a = { .in = in, .size = size, .stride = stride };

	if (padding == PADDING_VALID) {
		if (size > in)
			return error_at(err, ERROR_INVALID, pointer,
				"a window of %s %" PRId64 " does not fit its input of %s %" PRId64
				"; make it smaller, or padding \"same\"",
				axis, size, axis, in);
		a.out = (in - size) / stride + 1;
		a.padded = in;
	} else if (padding == PADDING_CAUSAL) {
		a.out = (in - 1) / stride + 1;
		a.before = size - 1;
		a.padded = in + size - 1;
	} else {
		a.out = (in + stride - 1) / stride;
		int64_t total = (a.out - 1) * stride + size - in;
		total = total > 0 ? total : 0;
		a.before = total / 2;
		a.padded = in + total;
	}
	*ret = a;
	return true;
}

bool window_check_dilation(
	const int64_t *strides, const int64_t *dilation_rate, int n, struct error *err)
{
	int64_t stride = 1, dilation = 1;

	for (int i = 0; i < n; i++) {
		stride = strides[i] > stride ? strides[i] : stride;
		dilation = dilation_rate[i] > dilation ? dilation_rate[i] : dilation;
	}
	if (stride > 1 && dilation > 1)
		return error_at(err, ERROR_INVALID, "/dilation_rate",
			"dilation_rate is %" PRId64 " and strides is %" PRId64
			"; allowed: one of them above 1",
			dilation, stride);
	return true;
}

bool image_check_size(
	int64_t height, int64_t width, int64_t channels, const char *pointer, struct error *err)
{
	int64_t values;

	if (int64_mul(height, width, &values) && int64_mul(values, channels, &values) &&
		values <= INT32_MAX)
		return true;
	return error_at(err, ERROR_INVALID, pointer,
		"an image of %" PRId64 " x %" PRId64 " with %" PRId64
		" channels is larger than the 2^31 values allowed",
		height, width, channels);
}

void image_pad(const float *x, int64_t rows, int64_t row, float *padded, int64_t padded_row)
{
	for (int64_t i = 0; i < rows; i++)
		memcpy(padded + i * padded_row, x + i * row, (size_t)row * sizeof *x);
}

void image_crop(const float *padded, int64_t rows, int64_t row, int64_t padded_row, float *x)
{
	for (int64_t i = 0; i < rows; i++)
		memcpy(x + i * row, padded + i * padded_row, (size_t)row * sizeof *x);
}
