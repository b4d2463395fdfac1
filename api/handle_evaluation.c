/* handle_evaluation.c - what a job's network made of the validation data: the confusion matrix of
 * an epoch. */
#include "api/handlers.h"

#include "api/job_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- the answer ------------------------------------------------------------------------ */

static void write_matrix(const struct confusion *m, struct json_writer *w)
{
	json_open_list(w, "confusion_matrix");
	for (int64_t label = 0; label < m->classes; label++) {
		json_open_list(w, NULL);
		for (int64_t predicted = 0; predicted < m->classes; predicted++)
			json_put_integer(w, NULL, m->counts[label * m->classes + predicted]);
		json_close_list(w);
	}
	json_close_list(w);
}

/* What is divided by 0 is 0, as in Keras's metrics. */
static double share(int64_t part, int64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

static void write_class(const struct confusion *m, int64_t class, struct json_writer *w)
{
	int64_t right = m->counts[class * m->classes + class], support = 0, predicted = 0;

	for (int64_t other = 0; other < m->classes; other++) {
		support += m->counts[class * m->classes + other];
		predicted += m->counts[other * m->classes + class];
	}
	json_open_object(w, NULL);
	json_put_integer(w, "class", class);
	json_put_integer(w, "support", support);
	json_put_number(w, "precision", share(right, predicted));
	json_put_number(w, "recall", share(right, support));
	json_put_number(w, "f1", share(2 * right, support + predicted));
	json_close_object(w);
}

static void answer_evaluation(struct api_response *r, const struct confusion *m)
{
	struct json_writer w;
	int64_t samples = 0;

	for (int64_t i = 0; i < m->classes * m->classes; i++)
		samples += m->counts[i];
	answer_json(r, 200, &w);
	json_open_object(&w, NULL);
	json_put_string(&w, "object", "evaluation");
	json_put_integer(&w, "epoch", m->epoch);
	json_put_integer(&w, "classes", m->classes);
	json_put_integer(&w, "samples", samples);
	write_matrix(m, &w);
	json_open_list(&w, "per_class");
	for (int64_t class = 0; class < m->classes; class ++)
		write_class(m, class, &w);
	json_close_list(&w);
	json_close_object(&w);
}

/* --- which epoch ------------------------------------------------------------------------ */

enum { EPOCH_NEWEST = 0, EPOCH_BEST = -1 };

/* "best", which is also what is meant without, "last", or a number. false: r is the answer. */
static bool read_epoch(struct api_call *call, struct api_response *r, int64_t *ret)
{
	const char *epoch = gate_parameter(&call->target, "epoch");

	*ret = !epoch || strcmp(epoch, "best") == 0 ? EPOCH_BEST : EPOCH_NEWEST;
	if (*ret == EPOCH_BEST || strcmp(epoch, "last") == 0)
		return true;
	if (strlen(epoch) <= 18 && epoch[strspn(epoch, "0123456789")] == '\0')
		*ret = strtoll(epoch, NULL, 10);
	if (*ret > 0)
		return true;
	answer_status(call, r, 400,
		"the query parameter epoch must be best, last or the number of an epoch");
	return false;
}

/* Why there is no matrix: 404. `epoch` is as read_epoch gave it. */
static void answer_none(
	struct api_call *call, struct api_response *r, const struct epoch_list *list, int64_t epoch)
{
	const struct epoch *asked = NULL;

	for (int i = 0; i < list->n_epochs; i++)
		if (list->epochs[i].epoch == epoch)
			asked = &list->epochs[i];
	if (list->n_epochs == 0)
		answer_status(call, r, 404, "no epoch of the job has ended yet");
	else if (epoch > 0 && !asked)
		answer_status(call, r, 404,
			"the job has no epoch %lld; it has finished epochs 1 to %lld",
			(long long)epoch, (long long)list->epochs[list->n_epochs - 1].epoch);
	else if (asked && isnan(job_view_metric(asked, "val_loss")))
		answer_status(call, r, 404, "epoch %lld was not validated", (long long)epoch);
	else
		answer_status(call, r, 404,
			"there is no confusion matrix: the job needs validation data of at most "
			"256 "
			"classes");
}

static void answer_epoch(struct api_call *call, struct api_response *r, const char *id,
	const struct epoch_list *list, int64_t epoch)
{
	const struct epoch *best = epoch == EPOCH_BEST ? job_view_best(list) : NULL;
	int64_t wanted = best ? best->epoch : epoch == EPOCH_BEST ? EPOCH_NEWEST : epoch;
	struct confusion matrix;
	struct error err;

	if (confusions_find(call->api->db, id, wanted, &matrix, &err)) {
		answer_evaluation(r, &matrix);
		confusion_done(&matrix);
	} else if (err.code == ERROR_NOT_FOUND) {
		answer_none(call, r, list, wanted);
	} else {
		answer_error(call, r, &err);
	}
}

void handle_job_evaluation(struct api_call *call, struct api_response *r)
{
	const char *id = call->target.segments[2];
	struct epoch_list list;
	struct error err;
	int64_t epoch;

	if (!read_epoch(call, r, &epoch))
		return;
	if (!epochs_list(call->api->db, id, &list, &err)) {
		answer_error(call, r, &err);
		return;
	}
	answer_epoch(call, r, id, &list, epoch);
	epoch_list_done(&list);
}
