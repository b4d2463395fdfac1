/* activation.h - the elementwise functions a layer may end in; names in registry.c in this order.
 */
#pragma once

enum activation {
	ACTIVATION_LINEAR,
	ACTIVATION_RELU,
	ACTIVATION_SIGMOID,
	ACTIVATION_TANH,
	ACTIVATION_SOFTMAX, /* along the last axis */
	ACTIVATION_COUNT,
};
