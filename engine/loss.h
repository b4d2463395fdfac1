/* loss.h - what a loss is to the engine: one file in losses/, one row in registry.c. */
#pragma once

#include "base/error.h"
#include "engine/kernels/kernels.h"
#include "engine/shape.h"

struct loss_request {
	struct shape output;        /* of the network, one sample */
	struct shape target;        /* of one target; rank 0 for labels */
	int64_t classes;            /* 0: targets are not labels */
	enum activation activation; /* that the last layer ends in */
};

struct loss_plan {
	bool takes_logits;    /* the last layer's activation is left out and done here */
	bool labels;          /* targets are labels; else float rows as wide as the output */
	int64_t labels_below; /* labels are in [0, labels_below); 0: any number is one */
};

/* Samples [begin, end) of the batch; all pointers are the batch's first sample. */
struct loss_step {
	const struct kernels *kernels;
	const void *conf;
	int64_t width; /* floats of one output */
	int64_t depth; /* floats along its last axis */
	const float *y;
	const int32_t *labels; /* or … */
	const float *targets;
	float scale; /* 1 / samples in the batch: the loss is a mean */
	float *dy;   /* NULL: not wanted */
	float *loss; /* one a sample, not scaled */
};

struct loss_class {
	const char *name, *doc;
	const char *alias; /* a shorter name that Keras takes too, or NULL */
	const struct param *params;
	size_t conf_size;
	bool (*plan)(const void *conf, const struct loss_request *request, struct loss_plan *ret,
		struct error *err);
	void (*run)(const struct loss_step *s, int64_t begin, int64_t end);
};
