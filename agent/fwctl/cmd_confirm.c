/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/fwctl/commands.h"

#include <stdio.h>

int cmd_confirm(int argc, char **argv)
{
	json_t *answer = NULL;
	int status;

	(void)argv;
	if (argc > 1)
		return fwctl_usage("confirm");
	status = fwctl_order(json_pack("{s:s}", "request", "confirm"), &answer);
	if (!status)
		(void)printf("confirmed: generation %lld\n",
			     (long long)json_integer_value(
				     json_object_get(answer, "generation")));
	json_decref(answer);
	return status;
}
