/* activation.h - the functions a layer may end in; names in registry.c in this order. Pure
 * functions, any thread. */
#pragma once

#include <stdbool.h>

enum activation {
	ACTIVATION_LINEAR,
	ACTIVATION_RELU,
	ACTIVATION_RELU6,
	ACTIVATION_LEAKY_RELU, /* alpha: the slope below 0 */
	ACTIVATION_ELU,        /* alpha: minus the limit at minus infinity */
	ACTIVATION_SELU,
	ACTIVATION_GELU, /* with the normal distribution itself: Keras's approximate=False */
	ACTIVATION_SIGMOID,
	ACTIVATION_HARD_SIGMOID,
	ACTIVATION_SILU,
	ACTIVATION_SOFTPLUS,
	ACTIVATION_SOFTSIGN,
	ACTIVATION_TANH,
	ACTIVATION_EXPONENTIAL,
	ACTIVATION_MISH,
	ACTIVATION_SOFTMAX,     /* along the last axis */
	ACTIVATION_LOG_SOFTMAX, /* along the last axis */
	ACTIVATION_COUNT,
};

/* Whether its derivative cannot be had, or not exactly, from its value alone. */
bool activation_needs_input(enum activation a);

/* Keras's default of its argument alpha; 0 where it has none. */
float activation_alpha(enum activation a);
