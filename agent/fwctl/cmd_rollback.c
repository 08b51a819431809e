/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/fwctl/commands.h"
#include "agent/fwctl/generation.h"
#include "agent/fwctl/session.h"

#include <stdio.h>
#include <string.h>

int cmd_rollback(int argc, char **argv)
{
	json_t *request = json_pack("{s:s}", "request", "rollback");
	json_t *answer = NULL;
	long long to;
	int status;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--force")) {
			json_object_set_new(request, "force", json_true());
		} else if (!generation_parse(argv[i], request)) {
			json_decref(request);
			return fwctl_usage("rollback");
		}
	}
	fwctl_tell_session(request);
	status = fwctl_order(request, &answer);
	to = json_integer_value(json_object_get(answer, "generation"));
	if (!status && to)
		(void)printf("in force again: generation %lld\n", to);
	else if (!status)
		(void)puts("no policy is in force: there was none before");
	json_decref(answer);
	return status;
}
