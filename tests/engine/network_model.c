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
