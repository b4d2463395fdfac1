/* network.h - networks from one string, for tests and benchmarks:
 *   "Conv2D filters=3 kernel_size=3x2 activation=relu; Flatten; Dense units=4 name=out inputs=a,b"
 * A list is "axis=1,2", margins are "padding=1", "1x2" or "1,2x3,4" (top, bottom, left, right), one
 * of a family is "kernel_regularizer=L2" or "=L1L2(l1=0.1|l2=0.2)", and null is "null".
 * Values go through the param tables, as a job's do. Any thread. */
#pragma once

#include "engine/augment.h"
#include "engine/callback.h"
#include "engine/layer.h"
#include "engine/loss.h"
#include "engine/model.h"
#include "engine/optimizer.h"

/* The caller frees with model_free. Loss and optimizer: "Adam learning_rate=0.01". NULL: a string
 * is wrong, or no memory. */
struct model *network_parse(
	const char *layers, const char *loss, const char *optimizer, struct error *err) MUST_CHECK;

/* Augmentations likewise: "RandomFlip mode=vertical; RandomRotation factor=-0.1,0.2". */
bool network_augments(const char *text, struct augments *ret, struct error *err) MUST_CHECK;
/* Appends "auc curve=PR name=area", or "EarlyStopping monitor=loss patience=2". */
bool network_add_metric(struct model *m, const char *metric, struct error *err) MUST_CHECK;
bool network_add_callback(struct callbacks *c, const char *callback, struct error *err) MUST_CHECK;

/* The same in a cmocka test, which a string that is wrong fails (network_model.c). */
struct model *network_model(const char *layers, const char *loss, const char *optimizer);
void network_metric(struct model *m, const char *metric);
void network_callback(struct callbacks *c, const char *callback);

/* Uniform numbers in (-1, 1), the same ones for the same seed. */
void network_noise(uint64_t seed, float *values, int64_t n);
