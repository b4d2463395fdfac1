/* conv2d_winograd.h - Winograd's way (engine/kernels/kernels.h) of working a Conv2D with a 3 x 3
 * kernel, stride 1: a quarter of the products, at the price of transforms. Its sums round otherwise
 * than a direct convolution's (relative RMS error about 1e-6 instead of 2e-7), so which layers it
 * works is decided by confs and shapes alone and belongs to the numeric contract. */
#pragma once

#include "engine/layers/conv2d.h"

bool conv2d_winograd_suits(const struct conv2d_geometry *g);
/* Scratch and table, in place of those of conv2d_plan_memory. */
void conv2d_winograd_plan_memory(const struct conv2d_geometry *g, struct layer_plan *ret);

/* The passes of such a layer. */
void conv2d_winograd_forward(
	const struct layer_step *s, const struct conv2d_geometry *g, int64_t begin, int64_t end);
void conv2d_winograd_backward(
	const struct layer_step *s, const struct conv2d_geometry *g, int64_t begin, int64_t end);
