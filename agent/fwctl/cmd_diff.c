/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What two policies say differently, and which flows fare differently. */
#include "agent/fwctl/commands.h"
#include "policy/diff.h"
#include "policy/diff_text.h"

#include <stdio.h>
#include <string.h>

/* Longer values are not shown word by word. */
#define VALUE_SHOWN_MAX 4096
#define BOXES_SHOWN     4

static const char *const kinds[] = {
	[DIFF_GAINED] = "gained",
	[DIFF_LOST] = "lost",
	[DIFF_CHANGED] = "changed",
};

/* --- what is said
 * --------------------------------------------------------------- */

static void print_value(const struct text_change *c, struct arena *arena)
{
	struct str gone, come;

	if (c->before.len > VALUE_SHOWN_MAX || c->after.len > VALUE_SHOWN_MAX) {
		(void)printf("      %.*s: differs\n", STR_ARG(c->key));
		return;
	}
	gone = diff_words(c->before, c->after, arena);
	come = diff_words(c->after, c->before, arena);
	(void)printf("      %.*s:", STR_ARG(c->key));
	if (!gone.len && !come.len)
		(void)printf(" %.*s -> %.*s", STR_ARG(c->before),
			     STR_ARG(c->after));
	if (gone.len)
		(void)printf(" - %.*s", STR_ARG(gone));
	if (come.len)
		(void)printf(" + %.*s", STR_ARG(come));
	(void)puts("");
}

/* '+' and '-' where the entry itself came or went, which is its first change.
 */
static char sign_of(const struct text_change *first)
{
	if (first->key.len)
		return '~';
	return first->before.len ? '-' : '+';
}

static void print_said(const struct text_diff *d, struct arena *arena)
{
	struct str last = {0};

	vec_foreach (c, &d->changes) {
		if (!str_eq(c->entry, last))
			(void)printf("  %c %.*s\n", sign_of(c),
				     STR_ARG(c->entry));
		last = c->entry;
		if (c->key.len)
			print_value(c, arena);
	}
	vec_foreach (entry, &d->moved)
		(void)printf("  ~ %.*s\n      stands behind others now\n",
			     STR_ARG(*entry));
	if (d->changes.n + d->moved.n == 0)
		(void)puts("  the same");
}

/* --- what flows
 * ------------------------------------------------------------------ */

static void print_box(const struct box *box, const char *before)
{
	struct strbuf text;

	strbuf_init(&text, 0);
	box_print(box, &text);
	(void)printf("%s%s\n", before, strbuf_text(&text));
	strbuf_done(&text);
}

static void print_outcome(const struct outcome *o, const char *before)
{
	struct strbuf text;

	strbuf_init(&text, 0);
	outcome_print(o, &text);
	(void)printf("%s%s\n", before, strbuf_text(&text));
	strbuf_done(&text);
}

static void print_example(const struct flow_change *c)
{
	struct strbuf text;

	strbuf_init(&text, 0);
	example_print(c, &text);
	(void)printf("    e.g. %s\n", strbuf_text(&text));
	strbuf_done(&text);
}

static void print_change(const struct flow_change *c)
{
	size_t shown = c->where.boxes.n;

	(void)printf("  %-8s %s -> %s\n", kinds[c->kind], c->from, c->to);
	if (shown > BOXES_SHOWN)
		shown = BOXES_SHOWN;
	for (size_t i = 0; i < shown; i++)
		print_box(&c->where.boxes.items[i], "      ");
	if (c->where.boxes.n > shown)
		(void)printf("      and %zu%s more\n", c->where.boxes.n - shown,
			     c->where.too_big ? " or" : "");
	print_outcome(c->before, "    was ");
	print_outcome(c->after, "    now ");
	print_example(c);
}

static void print_flows(const struct flow_diff *d)
{
	for (enum diff_kind k = DIFF_GAINED; k <= DIFF_CHANGED; k++)
		vec_foreach (c, &d->changes)
			if ((*c)->kind == k)
				print_change(*c);
	if (d->changes.n == 0)
		(void)puts("  by rules: the same");
	if (d->guards)
		(void)puts("  guards differ, as said above: they look at all "
			   "that is allowed");
	if (d->too_much)
		(void)printf("  too many differences: %zu classes shown, the "
			     "rest not computed\n",
			     d->changes.n);
}

/* What changes flows beside the rules, by the entry that says it. */
static const struct {
	const char *entry, *key, *text; /* no key: any */
} besides[] = {
	{"hygiene", NULL, "hygiene differs: it drops before any rule is asked"},
	{"gateway", "mode", "the mode differs: observe passes what is refused"},
	{"nat ", NULL, "translations of source addresses differ"},
	{"zones ", NULL, "zones differ: other flows may belong to them"},
	{"ingress ", "forward", "forwards differ: other flows are led on"},
};

#define N_BESIDES (sizeof(besides) / sizeof(*besides))

/* Is it a rule that leads flows on, now or before? */
static bool is_forward(const struct ir *ir, struct str entry)
{
	struct str name = str_skip(entry, strlen("ingress '"));

	if (!str_starts(entry, "ingress '") || name.len == 0)
		return false;
	name.len--; /* the closing mark */
	for (size_t i = 0; i < ir->n_all; i++)
		if (ir->all[i].forward && str_is(name, ir->all[i].name))
			return true;
	return false;
}

static bool besides_differ(size_t which, const struct text_diff *said,
			   const struct ir *before, const struct ir *after)
{
	const char *key = besides[which].key;

	vec_foreach (c, &said->changes)
		if (str_starts(c->entry, besides[which].entry) &&
		    (!key || str_is(c->key, key) ||
		     is_forward(before, c->entry) ||
		     is_forward(after, c->entry)))
			return true;
	return false;
}

static void print_besides(const struct text_diff *said, const struct ir *before,
			  const struct ir *after)
{
	for (size_t i = 0; i < N_BESIDES; i++)
		if (besides_differ(i, said, before, after))
			(void)printf("  %s\n", besides[i].text);
}

/* --- as JSON
 * ----------------------------------------------------------------------- */

static json_t *json_text(struct str s)
{
	return json_stringn_nocheck(s.p ? s.p : "", s.len);
}

static json_t *said_json(const struct text_diff *d)
{
	json_t *all = json_array();

	vec_foreach (c, &d->changes)
		if (c->key.len)
			(void)json_array_append_new(
				all, json_pack("{s:o, s:o, s:o, s:o}", "entry",
					       json_text(c->entry), "key",
					       json_text(c->key), "before",
					       json_text(c->before), "after",
					       json_text(c->after)));
	vec_foreach (entry, &d->moved)
		(void)json_array_append_new(
			all, json_pack("{s:o, s:b}", "entry", json_text(*entry),
				       "moved", 1));
	return all;
}

static json_t *printed(void (*print)(const void *what, struct strbuf *out),
		       const void *what)
{
	struct strbuf text;
	json_t *made;

	strbuf_init(&text, 0);
	print(what, &text);
	made = json_string_nocheck(strbuf_text(&text));
	strbuf_done(&text);
	return made;
}

static void print_any_box(const void *what, struct strbuf *out)
{
	box_print(what, out);
}

static void print_any_outcome(const void *what, struct strbuf *out)
{
	outcome_print(what, out);
}

static void print_any_example(const void *what, struct strbuf *out)
{
	example_print(what, out);
}

static json_t *flows_json(const struct flow_diff *d)
{
	json_t *all = json_array();

	vec_foreach (change, &d->changes) {
		const struct flow_change *c = *change;
		json_t *where = json_array();

		vec_foreach (box, &c->where.boxes)
			(void)json_array_append_new(
				where, printed(print_any_box, box));
		(void)json_array_append_new(
			all,
			json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "kind",
				  kinds[c->kind], "from", c->from, "to", c->to,
				  "flows", where, "before",
				  printed(print_any_outcome, c->before),
				  "after", printed(print_any_outcome, c->after),
				  "example", printed(print_any_example, c)));
	}
	return all;
}

static int no_memory(void)
{
	(void)fputs("fwctl: out of memory\n", stderr);
	return EXIT_FAILED;
}

/* What differs beside the rules, each as a text. */
static json_t *besides_json(const struct text_diff *said,
			    const struct ir *before, const struct ir *after)
{
	json_t *all = json_array();

	for (size_t i = 0; i < N_BESIDES; i++)
		if (besides_differ(i, said, before, after))
			(void)json_array_append_new(
				all, json_string(besides[i].text));
	return all;
}

static int print_json(const struct text_diff *said,
		      const struct flow_diff *flows, const struct ir *before,
		      const struct ir *after)
{
	json_t *all = json_pack(
		"{s:o, s:o, s:o, s:b, s:b}", "policy", said_json(said), "flows",
		flows_json(flows), "besides", besides_json(said, before, after),
		"guards", flows->guards, "incomplete", flows->too_much);

	if (!all)
		return no_memory();
	(void)json_dumpf(all, stdout, JSON_INDENT(2));
	(void)puts("");
	json_decref(all);
	return EXIT_DONE;
}

/* --- the command
 * --------------------------------------------------------------------- */

static int compare(const struct policy *a, const struct policy *b, bool json)
{
	struct text_diff said = {0};
	struct flow_diff flows = {0};
	struct arena arena;
	int status = EXIT_DONE;

	arena_init(&arena, 0, 0);
	diff_text(str_mem(a->canonical.p, a->canonical.len),
		  str_mem(b->canonical.p, b->canonical.len), &arena, &said);
	diff_flows(&a->ir, &b->ir, &arena, &flows);
	if (said.failed || flows.failed) {
		status = no_memory();
	} else if (json) {
		status = print_json(&said, &flows, &a->ir, &b->ir);
	} else {
		(void)puts("policy");
		print_said(&said, &arena);
		(void)puts("flows");
		print_flows(&flows);
		print_besides(&said, &a->ir, &b->ir);
	}
	if (status == EXIT_DONE && flows.too_much)
		status = EXIT_FAILED;
	arena_done(&arena);
	return status;
}

int cmd_diff(int argc, char **argv)
{
	struct policy *a, *b;
	bool json = argc == 4 && !strcmp(argv[1], "--json");
	char **files = argv + (json ? 2 : 1);
	int status;

	if (argc != (json ? 4 : 3) || (files[0][0] == '-' && files[0][1]))
		return fwctl_usage("diff");
	if (!strcmp(files[0], "-") && !strcmp(files[1], "-")) {
		(void)fputs("fwctl: only one policy can come from standard "
			    "input\n",
			    stderr);
		return EXIT_USAGE;
	}
	status = fwctl_compile(files[0], &a);
	if (status != EXIT_DONE)
		return status;
	status = fwctl_compile(files[1], &b);
	if (status == EXIT_DONE) {
		status = compare(a, b, json);
		policy_free(b);
	}
	policy_free(a);
	return status;
}
