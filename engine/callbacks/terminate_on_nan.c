/* terminate_on_nan.c - TerminateOnNaN: a loss that is not a finite number ends the training. Every
 * job behaves so, and says in which step, batch and layer it was: going on would only cost time. So
 * there is nothing to do here. */
#include "engine/callback.h"

const struct callback_class callback_terminate_on_nan = {
	.name = "TerminateOnNaN",
	.doc = "ends the training at a loss that is not finite; every job does that",
};
