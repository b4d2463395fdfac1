/* activation.c - see activation.h. */
#include "engine/activation.h"

bool activation_needs_input(enum activation a)
{
	/* Softsign has its derivative in terms of its value, but of 1 - |y| few digits are left far
	 * out. */
	return a == ACTIVATION_GELU || a == ACTIVATION_SILU || a == ACTIVATION_SOFTSIGN ||
	       a == ACTIVATION_MISH;
}

float activation_alpha(enum activation a)
{
	return a == ACTIVATION_LEAKY_RELU ? 0.2f : a == ACTIVATION_ELU ? 1.0f : 0.0f;
}
