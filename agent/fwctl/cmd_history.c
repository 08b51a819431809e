/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/fwctl/commands.h"
#include "policy/base/duration.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *text_at(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static json_int_t number_at(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

/* "root (sudo anna, ssh 10.10.9.4)": who stands outside is what the kernel
 * says, who stands inside is what fwctl was told. */
static void who_text(const json_t *g, char *out, size_t room)
{
	const char *told = text_at(g, "told");

	(void)snprintf(out, room, *told ? "%s (%s)" : "%s%s",
		       text_at(g, "author"), told);
}

static void state_text(const json_t *g, const json_t *answer, char *out,
		       size_t room)
{
	char left[32];
	long seconds = (long)number_at(answer, "left");

	if (!number_at(answer, "pending") ||
	    number_at(g, "generation") != number_at(answer, "pending")) {
		(void)snprintf(out, room, "%s", text_at(g, "state"));
		return;
	}
	duration_text(seconds, left, sizeof(left));
	(void)snprintf(out, room, "pending, %s",
		       seconds > 0 ? left : "overdue");
}

static void print_line(const json_t *g, const json_t *answer, int who_width)
{
	time_t t = (time_t)number_at(g, "time");
	char when[32] = "", who[256], state[64], number[24];
	struct tm tm;

	if (localtime_r(&t, &tm))
		(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	who_text(g, who, sizeof(who));
	state_text(g, answer, state, sizeof(state));
	(void)snprintf(number, sizeof(number), "%lld",
		       (long long)number_at(g, "generation"));
	(void)printf("%c %4s  %-19s  %-14s  %5lld  %-16s  %-*s  %s\n",
		     number_at(g, "generation") == number_at(answer, "current")
			     ? '*'
			     : ' ',
		     number_at(g, "generation") ? number : "-", when, state,
		     (long long)number_at(g, "rules"), text_at(g, "digest"),
		     who_width, who, text_at(g, "comment"));
}

static void print_table(const json_t *answer)
{
	const json_t *list = json_object_get(answer, "generations"), *g;
	int width = 3;
	size_t i;

	if (json_array_size(list) == 0) {
		(void)puts("nothing was applied yet");
		return;
	}
	json_array_foreach (list, i, g) {
		char who[256];

		who_text(g, who, sizeof(who));
		if ((int)strlen(who) > width)
			width = (int)strlen(who);
	}
	(void)printf("   gen  %-19s  %-14s  rules  %-16s  %-*s  comment\n",
		     "when", "state", "digest", width, "who");
	json_array_foreach (list, i, g)
		print_line(g, answer, width);
}

int cmd_history(int argc, char **argv)
{
	bool json = argc == 2 && !strcmp(argv[1], "--json");
	json_t *answer = NULL;
	int status;

	if (argc > 1 && !json)
		return fwctl_usage("history");
	status = fwctl_order(json_pack("{s:s}", "request", "history"), &answer);
	if (!status && json) {
		(void)json_dumpf(answer, stdout, JSON_INDENT(2));
		(void)puts("");
	} else if (!status) {
		print_table(answer);
	}
	json_decref(answer);
	return status;
}
