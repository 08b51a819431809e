/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/fwctl/commands.h"

#include <stdio.h>
#include <string.h>

/* The daemon names rules as the policy does; say where they stand. */
static void print_error(const char *text, const struct policy *p)
{
	(void)fputs(text, stderr);
	for (size_t i = 0; i < p->ir.n_all; i++) {
		const struct ir_rule *r = &p->ir.all[i];
		char quoted[RS_COMMENT_MAX + 16];

		(void)snprintf(quoted, sizeof(quoted), "rule '%s'", r->name);
		if (strstr(text, quoted))
			(void)fprintf(stderr, "%s:%u: note: %s stands here\n",
				      r->place.file, r->place.line, quoted);
	}
	(void)fputs("nothing has changed\n", stderr);
}

int cmd_apply(int argc, char **argv)
{
	struct policy *p;
	json_t *answer = NULL;
	const char *text;
	int status;

	if (argc > 2 || (argc == 2 && argv[1][0] == '-' && argv[1][1]))
		return fwctl_usage("apply");
	status = fwctl_compile(argc == 2 ? argv[1] : NULL, &p);
	if (status != EXIT_DONE)
		return status;
	status =
		fwctl_ask(json_pack("{s:s, s:s%}", "request", "apply", "policy",
				    p->canonical.p, p->canonical.len),
			  &p->files, &answer);
	if (status == EXIT_DONE) {
		status = (int)json_integer_value(
			json_object_get(answer, "exit"));
		text = json_string_value(json_object_get(answer, "error"));
		if (status || !json_is_true(json_object_get(answer, "ok")))
			print_error(text ? text : "the daemon refused it\n", p);
		text = json_string_value(json_object_get(answer, "warning"));
		if (text && *text)
			(void)fprintf(stderr, "warning: %s", text);
		if (!status)
			(void)printf("in force: %s, %zu rules, mode %s, fail "
				     "%s, digest %s\n",
				     p->ir.name, p->ir.n_all,
				     p->ir.observe ? "observe" : "enforce",
				     p->ir.fail_open ? "open" : "closed",
				     p->digest);
	}
	json_decref(answer);
	policy_free(p);
	return status;
}
