/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/fwctl/commands.h"
#include "agent/verdict/reason.h"
#include "agent/verdict/stats.h"
#include "policy/base/duration.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *text_at(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "-";
}

static json_int_t number_at(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void print_no_policy(const json_t *table)
{
	if (json_is_true(json_object_get(table, "present")))
		(void)printf("policy   none that the daemon knows, but table "
			     "inet %s of an earlier one stands: it decides "
			     "until the next fwctl apply\n",
			     text_at(table, "name"));
	else
		(void)puts("policy   none in force: everything passes that the "
			   "kernel's other rules pass");
}

static void print_policy(const json_t *p)
{
	time_t since = (time_t)number_at(p, "since");
	char text[64] = "";
	struct tm tm;

	if (localtime_r(&since, &tm))
		(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %Z", &tm);
	(void)printf("policy   %s, digest %s, %lld rules\n"
		     "mode     %s, fail %s\nsince    %s\n",
		     text_at(p, "gateway"), text_at(p, "digest"),
		     (long long)number_at(p, "rules"), text_at(p, "mode"),
		     text_at(p, "fail"), text);
}

/* Until when a policy has to be confirmed. */
static void print_pending(const json_t *g)
{
	long left = (long)number_at(g, "left");
	const char *trouble = text_at(g, "trouble");
	char span[32];

	if (left > 0) {
		duration_text(left, span, sizeof(span));
		(void)printf("PENDING  back to generation %lld in %s, unless "
			     "confirmed: fwctl confirm\n",
			     (long long)number_at(g, "previous"), span);
		return;
	}
	(void)printf("PENDING  back to generation %lld: overdue, trying "
		     "again%s%s\n",
		     (long long)number_at(g, "previous"), *trouble ? ": " : "",
		     trouble);
}

static void print_generation(const json_t *g)
{
	const char *told = text_at(g, "told"), *comment = text_at(g, "comment");
	char which[48];

	if (!json_is_object(g))
		return;
	(void)snprintf(which, sizeof(which), "generation %lld",
		       (long long)number_at(g, "generation"));
	(void)printf("applied  %s by %s%s%s%s%s%s\n",
		     number_at(g, "generation") ? which : "without a number",
		     text_at(g, "author"), *told ? " (" : "", told,
		     *told ? ")" : "", *comment ? ": " : "", comment);
	if (!strcmp(text_at(g, "state"), "not stored"))
		(void)puts("WARNING  it is not stored: it will be gone after a "
			   "restart; apply it again");
	if (json_object_get(g, "deadline"))
		print_pending(g);
}

static void print_panic(const json_t *panic)
{
	time_t since = (time_t)number_at(panic, "time");
	char text[64] = "";
	struct tm tm;

	if (!panic)
		return;
	if (localtime_r(&since, &tm))
		(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	(void)printf("PANIC    since %s, by %s: only what manages the gateway "
		     "passes; fwctl panic off\n",
		     text, text_at(panic, "author"));
}

/* Who else filters, or listens. */
static void print_others(const json_t *table)
{
	const json_t *f;
	size_t i;

	json_array_foreach (json_object_get(table, "foreign"), i, f) {
		if (json_object_get(f, "warning"))
			(void)printf("WARNING  %s\n", text_at(f, "warning"));
		else if (json_object_get(f, "note"))
			(void)printf("note     %s\n", text_at(f, "note"));
	}
	if (json_is_true(json_object_get(table, "foreign_incomplete")))
		(void)puts("note     other tables hold more than is looked at "
			   "here: nft list ruleset shows all");
	json_array_foreach (json_object_get(table, "listeners"), i, f)
		(void)printf("note     %s%s listens to changes of rulesets: "
			     "meanwhile large lists load many times slower\n",
			     text_at(f, "program"),
			     json_is_true(json_object_get(f, "elsewhere"))
				     ? ", in another network namespace,"
				     : "");
}

static void print_table(const json_t *table, bool in_force)
{
	if (in_force && !json_is_true(json_object_get(table, "present")))
		(void)puts("WARNING  the kernel does not have the policy's "
			   "table: nothing is enforced; fwctl apply brings it "
			   "back");
	(void)printf("table    %s; %lld times restored\n",
		     json_is_true(json_object_get(table, "owner"))
			     ? "ours alone, nobody else can change it"
			     : "others can change it, which is undone",
		     (long long)number_at(table, "healed"));
}

static void print_queues(const json_t *queue)
{
	const json_t *q;
	size_t i;

	if (!queue)
		return;
	json_array_foreach (json_object_get(queue, "queues"), i, q)
		(void)printf(
			"queue    %lld (%s): %lld packets so far, %lld "
			"waiting, %lld dropped full, %lld dropped unread\n",
			(long long)number_at(q, "number"),
			text_at(queue, "target"),
			(long long)number_at(q, "packets"),
			(long long)number_at(q, "waiting"),
			(long long)number_at(q, "dropped"),
			(long long)number_at(q, "user_dropped"));
}

/* How much of what the engine can keep is in use, and by whom. */
static void print_fill(const json_t *fill)
{
	const json_t *top = json_object_get(fill, "top_client");

	if (!fill)
		return;
	(void)printf("flows    %lld of %lld places taken, %lld undecided; %lld "
		     "of %lld packets wait\n",
		     (long long)number_at(fill, "flows"),
		     (long long)number_at(fill, "flows_most"),
		     (long long)number_at(fill, "undecided"),
		     (long long)number_at(fill, "held"),
		     (long long)number_at(fill, "held_most"));
	if (top)
		(void)printf("top      %s: %lld undecided flows, %lld packets "
			     "that wait\n",
			     text_at(top, "address"),
			     (long long)number_at(top, "undecided"),
			     (long long)number_at(top, "held"));
}

static void print_counters(const json_t *counters, json_t *reasons)
{
	const char *name;
	json_t *v;

	(void)puts("\ncounters");
	for (enum stats_counter i = 0; i < STAT_COUNT; i++)
		(void)printf("  %-16s %10lld  %s\n", stat_name(i),
			     (long long)number_at(counters, stat_name(i)),
			     stat_help(i));
	(void)puts("\nreasons");
	if (json_object_size(reasons) == 0)
		(void)puts("  none yet");
	json_object_foreach (reasons, name, v)
		(void)printf("  %-16s %10lld  %s\n", name,
			     (long long)json_integer_value(v),
			     reason_text(reason_find(str_of(name))));
}

static const char *engine_word(const json_t *answer, const json_t *engine)
{
	if (json_is_true(json_object_get(engine, "alive")))
		return "alive";
	return json_object_get(answer, "policy") ? "NOT RUNNING" : "idle";
}

int cmd_status(int argc, char **argv)
{
	bool json = argc == 2 && !strcmp(argv[1], "--json");
	json_t *answer = NULL;
	const json_t *engine;
	int status;

	if (argc > 1 && !json)
		return fwctl_usage("status");
	status = fwctl_ask(json_pack("{s:s}", "request", "status"), NULL,
			   &answer);
	if (status != EXIT_DONE)
		return status;
	if (json) {
		(void)json_dumpf(answer, stdout, JSON_INDENT(2));
		(void)puts("");
	} else {
		engine = json_object_get(answer, "engine");
		print_panic(json_object_get(answer, "panic"));
		if (json_object_get(answer, "policy"))
			print_policy(json_object_get(answer, "policy"));
		else
			print_no_policy(json_object_get(answer, "table"));
		print_generation(json_object_get(answer, "generation"));
		(void)printf("engine   %s (pid %lld, %lld restarts), daemon "
			     "%s pid %lld\n",
			     engine_word(answer, engine),
			     (long long)number_at(engine, "pid"),
			     (long long)number_at(engine, "restarts"),
			     text_at(answer, "version"),
			     (long long)number_at(answer, "pid"));
		print_table(json_object_get(answer, "table"),
			    json_object_get(answer, "policy") != NULL);
		print_others(json_object_get(answer, "table"));
		print_queues(json_object_get(answer, "queue"));
		print_fill(json_object_get(answer, "fill"));
		print_counters(json_object_get(answer, "counters"),
			       json_object_get(answer, "reasons"));
	}
	json_decref(answer);
	return EXIT_DONE;
}
