/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/fwctl/commands.h"
#include "agent/fwctl/session.h"
#include "policy/base/duration.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CONFIRM_DEFAULT_S 120
#define CONFIRM_MOST_S    86400
/* How long after the deadline the daemon may take to go back. */
#define WAIT_MORE_S 15

struct order {
	const char *policy, *comment;
	long confirm_s; /* 0: it counts at once */
	bool wait, force;
};

static bool parse_time(const char *text, struct order *o)
{
	if (!duration_parse(text, false, &o->confirm_s))
		return false;
	if (o->confirm_s >= 1 && o->confirm_s <= CONFIRM_MOST_S)
		return true;
	(void)fprintf(stderr,
		      "fwctl: --confirm takes a time from 1s to 24h, not "
		      "'%s'\n",
		      text);
	o->confirm_s = -1;
	return true;
}

/* False: wrong use. */
static bool parse_words(int argc, char **argv, struct order *o)
{
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];

		if (!strcmp(word, "--confirm")) {
			o->confirm_s = CONFIRM_DEFAULT_S;
			if (i + 1 < argc && parse_time(argv[i + 1], o))
				i++;
		} else if (!strncmp(word, "--confirm=", 10)) {
			if (!parse_time(word + 10, o))
				return false;
		} else if (!strcmp(word, "--comment") && i + 1 < argc) {
			o->comment = argv[++i];
		} else if (!strcmp(word, "--wait")) {
			o->wait = true;
		} else if (!strcmp(word, "--force")) {
			o->force = true;
		} else if (o->policy || (word[0] == '-' && word[1])) {
			return false;
		} else {
			o->policy = word;
		}
	}
	if (o->wait && !o->confirm_s)
		(void)fputs("fwctl: --wait waits for the confirmation that "
			    "--confirm asks for: give both\n",
			    stderr);
	return o->confirm_s >= 0 && (!o->wait || o->confirm_s);
}

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

/* So that nobody else's is overwritten unseen; -1: no daemon answers. */
static json_int_t generation_in_force(void)
{
	json_t *answer = fwctl_ask_quietly("history");
	const json_t *current = json_object_get(answer, "current");
	json_int_t n = current ? json_integer_value(current) : -1;

	json_decref(answer);
	return n;
}

/* The state of a generation by the history, or "". */
static void state_of(json_int_t generation, char *out, size_t room)
{
	json_t *answer = fwctl_ask_quietly("history");
	const json_t *g;
	size_t i;

	out[0] = '\0';
	json_array_foreach (json_object_get(answer, "generations"), i, g)
		if (json_integer_value(json_object_get(g, "generation")) ==
		    generation)
			(void)snprintf(
				out, room, "%s",
				json_string_value(json_object_get(g, "state")));
	json_decref(answer);
}

/* The daemon may be away meanwhile: it holds the deadline, not we. */
static int wait_for_confirmation(json_int_t generation, long seconds)
{
	time_t until = time(NULL) + seconds + WAIT_MORE_S;
	char state[32];

	while (time(NULL) < until) {
		state_of(generation, state, sizeof(state));
		if (!strcmp(state, "confirmed")) {
			(void)printf("confirmed: generation %lld\n",
				     (long long)generation);
			return EXIT_DONE;
		}
		if (*state && strcmp(state, "pending") != 0) {
			(void)fprintf(stderr, "fwctl: generation %lld was %s\n",
				      (long long)generation, state);
			return EXIT_ROLLED_BACK;
		}
		(void)usleep(300 * 1000);
	}
	(void)fputs("fwctl: the daemon does not say what became of it\n",
		    stderr);
	return EXIT_UNREACHABLE;
}

static void print_done(json_t *answer, const struct order *o)
{
	const char *gateway = "", *mode = "", *fail = "", *digest = "";
	json_int_t rules = 0;
	char span[32];

	(void)json_unpack(answer, "{s:{s:s, s:s, s:s, s:s, s:I}}", "policy",
			  "gateway", &gateway, "mode", &mode, "fail", &fail,
			  "digest", &digest, "rules", &rules);
	(void)printf("in force: %s, %lld rules, mode %s, fail %s, digest %s\n",
		     gateway, (long long)rules, mode, fail, digest);
	if (!o->confirm_s)
		return;
	duration_text(o->confirm_s, span, sizeof(span));
	(void)printf("generation %lld is taken back in %s unless you say: "
		     "fwctl confirm\n",
		     (long long)json_integer_value(
			     json_object_get(answer, "generation")),
		     span);
	(void)fflush(stdout);
}

static json_t *request_of(const struct order *o, const struct policy *p,
			  json_int_t base)
{
	json_t *request = json_pack(
		"{s:s, s:s%, s:I, s:b}", "request", "apply", "policy",
		strbuf_text(&p->canonical), p->canonical.len, "confirm",
		(json_int_t)o->confirm_s, "force", o->force);

	if (o->comment)
		json_object_set_new(request, "comment",
				    json_string(o->comment));
	if (base >= 0)
		json_object_set_new(request, "base", json_integer(base));
	fwctl_tell_session(request);
	return request;
}

/* The daemon has most lists already and compiles in no time; where it has
 * something to say of the policy it is compiled here too, to say it with the
 * places of its files. */
static void say_findings(const struct order *o, const json_t *answer,
			 int status)
{
	const char *text = json_string_value(json_object_get(answer, "error"));
	struct policy *p = NULL;
	int here = EXIT_DONE;

	if (status || json_is_true(json_object_get(answer, "findings")))
		here = fwctl_compile(o->policy, &p);
	if (here == EXIT_DONE && status)
		print_error(text ? text : "the daemon refused it\n", p);
	policy_free(p);
}

static int apply(const struct order *o, json_t *request, const struct policy *p)
{
	json_t *answer = NULL;
	int status = fwctl_ask(request, &p->files, &answer);
	json_int_t generation;

	if (status != EXIT_DONE)
		return status;
	status = (int)json_integer_value(json_object_get(answer, "exit"));
	say_findings(o, answer, status);
	fwctl_print_warnings(answer);
	generation = json_integer_value(json_object_get(answer, "generation"));
	if (!status)
		print_done(answer, o);
	json_decref(answer);
	if (status)
		return status;
	return o->wait ? wait_for_confirmation(generation, o->confirm_s)
		       : EXIT_DONE;
}

int cmd_apply(int argc, char **argv)
{
	struct order o = {0};
	json_int_t base;
	struct policy *p;
	int status;

	if (!parse_words(argc, argv, &o))
		return fwctl_usage("apply");
	base = generation_in_force();
	/* What is wrong with it is said also where no daemon answers. */
	status = base < 0 ? fwctl_compile(o.policy, &p)
			  : fwctl_bundle(o.policy, &p);
	if (status != EXIT_DONE)
		return status;
	status = apply(&o, request_of(&o, p, base), p);
	policy_free(p);
	return status;
}
