/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/fwctl/commands.h"
#include "agent/fwctl/generation.h"

#include <stdio.h>

int cmd_confirm(int argc, char **argv)
{
	json_t *request = json_pack("{s:s}", "request", "confirm");
	json_t *answer = NULL;
	int status;

	if (argc > 2 || (argc == 2 && !generation_parse(argv[1], request))) {
		json_decref(request);
		return fwctl_usage("confirm");
	}
	status = fwctl_order(request, &answer);
	if (!status)
		(void)printf("confirmed: generation %lld\n",
			     (long long)json_integer_value(
				     json_object_get(answer, "generation")));
	json_decref(answer);
	return status;
}
