/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flows as text -> what the policy makes of them, against what was expected. */
#include "agent/fwctl/commands.h"
#include "agent/fwctl/flow_tests.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* A file of flows is written by a person. */
#define FILE_MAX (16UL * 1024 * 1024)

enum form { FORM_TEXT, FORM_TAP, FORM_JUNIT };

struct run {
	enum form form;
	struct arena arena;
	struct diag_list diags;
	flow_test_list tests;
	unsigned failed;
};

static int usage(void)
{
	(void)fputs("usage: fwctl test [--policy FILE] [--tap|--junit] "
		    "FILE...\n"
		    "A line: FROM -> TO [PROTOCOL] [WORD=VALUE]... => "
		    "allow|deny|reject|refuse|undecided [by NAME]\n",
		    stderr);
	flow_words_help(stderr, "");
	return EXIT_USAGE;
}

/* --- what is printed
 * ---------------------------------------------------------- */

static void print_xml(struct str s)
{
	static const char special[] = "<>&\"";
	static const char *const names[] = {"&lt;", "&gt;", "&amp;", "&quot;"};

	for (size_t i = 0; i < s.len; i++) {
		const char *at = strchr(special, s.p[i]);

		if (at && *at)
			(void)fputs(names[at - special], stdout);
		else if ((unsigned char)s.p[i] >= ' ')
			(void)fputc(s.p[i], stdout);
	}
}

static void print_head(const struct run *r)
{
	if (r->form == FORM_TAP)
		(void)printf("TAP version 13\n1..%zu\n", r->tests.n);
	if (r->form == FORM_JUNIT)
		(void)printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			     "<testsuite name=\"fwctl test\" tests=\"%zu\" "
			     "failures=\"%u\">\n",
			     r->tests.n, r->failed);
}

/* `got`: what came instead, or NULL. */
static void print_text(const struct flow_test *t, const char *got)
{
	if (!got)
		return;
	(void)printf("%s:%u: %.*s\n%s:%u:   got: %s\n", t->place.file,
		     t->place.line, STR_ARG(t->text), t->place.file,
		     t->place.line, got);
}

static void print_tap(const struct flow_test *t, size_t number, const char *got)
{
	(void)printf("%s %zu - %s:%u %.*s\n", got ? "not ok" : "ok", number,
		     t->place.file, t->place.line, STR_ARG(t->text));
	if (got)
		(void)printf("# got: %s\n", got);
}

static void print_junit(const struct flow_test *t, const char *got)
{
	(void)fputs("  <testcase classname=\"", stdout);
	print_xml(str_of(t->place.file));
	(void)printf("\" name=\"%u: ", t->place.line);
	print_xml(t->text);
	(void)fputs("\"", stdout);
	if (got) {
		(void)fputs("><failure message=\"got: ", stdout);
		print_xml(str_of(got));
		(void)fputs("\"/></testcase>\n", stdout);
	} else {
		(void)fputs("/>\n", stdout);
	}
}

static void print_result(const struct run *r, size_t i, const char *got)
{
	const struct flow_test *t = &r->tests.items[i];

	switch (r->form) {
	case FORM_TEXT:
		print_text(t, got);
		break;
	case FORM_TAP:
		print_tap(t, i + 1, got);
		break;
	case FORM_JUNIT:
		print_junit(t, got);
		break;
	}
}

static void print_foot(const struct run *r)
{
	if (r->form == FORM_TEXT)
		(void)printf("%zu of %zu flows are as expected\n",
			     r->tests.n - r->failed, r->tests.n);
	if (r->form == FORM_JUNIT)
		(void)puts("</testsuite>");
}

/* --- reading and running
 * ------------------------------------------------------- */

static bool read_file(struct run *r, const char *path)
{
	FILE *in = strcmp(path, "-") != 0 ? fopen(path, "re") : stdin;
	size_t n = 0, room = 0;
	char *text = NULL;
	struct str kept;

	while (in && n == room && n <= FILE_MAX) {
		char *grown = realloc(text, room = room ? 2 * room : 65536);

		if (!grown)
			break;
		text = grown;
		n += fread(text + n, 1, room - n, in);
	}
	if (!in || ferror(in) || n > FILE_MAX) {
		(void)fprintf(stderr, "fwctl: %s: %s\n", path,
			      n > FILE_MAX ? "longer than 16 MiB"
					   : strerror(errno));
		free(text);
		return false;
	}
	kept = arena_str(&r->arena, str_mem(text, n));
	if (in != stdin)
		(void)fclose(in);
	free(text);
	if (n && !kept.p)
		return false;
	flow_tests_read(kept, strcmp(path, "-") ? path : "standard input",
			&r->diags, &r->tests);
	return true;
}

/* What came of flow i when it is not what was expected, else NULL. */
static const char *differs(struct run *r, const struct ir *ir, size_t i)
{
	const struct flow_test *t = &r->tests.items[i];
	enum flow_verdict verdict;
	enum flow_word wrong;
	const char *by;

	if (!flow_test_run(t, ir, &r->arena, &verdict, &by, &wrong))
		return arena_printf(&r->arena, "unreadable: '%s' in '%s'",
				    t->words.of[wrong], flow_word_name(wrong));
	if (flow_test_holds(t, verdict, by))
		return NULL;
	return arena_printf(&r->arena, "%s by \"%s\"",
			    flow_verdict_name(verdict), by);
}

static int run_all(struct run *r, const struct ir *ir)
{
	const char **got =
		arena_calloc(&r->arena, r->tests.n + 1, sizeof(*got));

	if (!got)
		return EXIT_FAILED;
	for (size_t i = 0; i < r->tests.n; i++) {
		got[i] = differs(r, ir, i);
		r->failed += got[i] != NULL;
	}
	print_head(r);
	for (size_t i = 0; i < r->tests.n; i++)
		print_result(r, i, got[i]);
	print_foot(r);
	return r->failed ? EXIT_EXPECTATION : EXIT_DONE;
}

static int run_files(struct run *r, const char *policy, char **files, int n)
{
	struct policy *p;
	int status;

	for (int i = 0; i < n; i++)
		if (!read_file(r, files[i]))
			return EXIT_FAILED;
	if (r->diags.errors) {
		struct strbuf out;

		strbuf_init(&out, 0);
		diag_print(&r->diags, &out);
		(void)fputs(strbuf_text(&out), stderr);
		strbuf_done(&out);
		return EXIT_USAGE;
	}
	if (r->tests.n == 0) {
		(void)fputs("fwctl: there is no flow in these files\n", stderr);
		return EXIT_USAGE;
	}
	status = fwctl_compile(policy, &p);
	if (status != EXIT_DONE)
		return status;
	status = run_all(r, &p->ir);
	policy_free(p);
	return status;
}

int cmd_test(int argc, char **argv)
{
	static const struct option options[] = {
		{"policy", required_argument, NULL, 'p'},
		{"tap", no_argument, NULL, 't'},
		{"junit", no_argument, NULL, 'j'},
		{0}};
	struct run r = {0};
	const char *policy = NULL;
	int c, status;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?')
			return usage();
		if (c != 'p' && r.form)
			return usage(); /* one or the other */
		if (c == 'p')
			policy = optarg;
		else
			r.form = c == 't' ? FORM_TAP : FORM_JUNIT;
	}
	if (optind == argc)
		return usage();
	arena_init(&r.arena, 0, 0);
	diag_init(&r.diags, &r.arena);
	status = run_files(&r, policy, argv + optind, argc - optind);
	arena_done(&r.arena);
	return status;
}
