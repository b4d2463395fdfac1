/* network_model.c - see network.h. */
#include "network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

struct model *network_model(const char *layers, const char *loss, const char *optimizer)
{
	struct error err = { 0 };
	struct model *m = network_parse(layers, loss, optimizer, &err);

	if (!m)
		fail_msg("%s", err.text);
	return m;
}

void network_metric(struct model *m, const char *metric)
{
	struct error err = { 0 };

	if (!network_add_metric(m, metric, &err))
		fail_msg("%s: %s", metric, err.text);
}

void network_callback(struct callbacks *c, const char *callback)
{
	struct error err = { 0 };

	if (!network_add_callback(c, callback, &err))
		fail_msg("%s: %s", callback, err.text);
}
