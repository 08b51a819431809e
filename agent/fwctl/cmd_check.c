/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/fwctl/commands.h"

#include <stdio.h>

int cmd_check(int argc, char **argv)
{
	struct policy *p;
	int status;

	if (argc > 2 || (argc == 2 && argv[1][0] == '-' && argv[1][1]))
		return fwctl_usage("check");
	status = fwctl_compile(argc == 2 ? argv[1] : NULL, &p);
	if (status != EXIT_DONE)
		return status;
	(void)printf("ok: %zu rules, %u zones, digest %s%s\n", p->ir.n_all,
		     p->ir.n_zones - 1, p->digest,
		     p->ruleset.queues ? "" : "; the kernel decides all of it");
	policy_free(p);
	return EXIT_DONE;
}
