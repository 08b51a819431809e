/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * golden FORM FILE.conf: one form of a policy on standard output, for run.sh.
 * Exit 0 whether the policy is good or not: the form says it.
 */
#include "policy/backend.h"
#include "policy/base/strbuf.h"
#include "policy/check.h"
#include "policy/load.h"
#include "policy/policy.h"
#include "policy/read.h"

#include <stdio.h>
#include <unistd.h>

/* The gateway that golden policies are for: noon in Berlin, in summer. */
static const struct policy_env env = {.now = 1782900000, .utc_offset = 7200};

struct golden {
	const char *path, *directory;
	struct arena arena;
	struct diag_list diags;
	struct ast ast;
	struct policy_files files;
	struct strbuf out;
};

static void form_diag(struct golden *g)
{
	check_policy(&g->ast, &env, &g->diags);
	diag_print(&g->diags, &g->out);
}

static void form_ast(struct golden *g)
{
	check_policy(&g->ast, &env, &g->diags);
	if (g->diags.errors == 0)
		ast_print(&g->ast, &g->out);
}

/* The whole way; of a policy with errors nothing is printed. */
static void compiled(struct golden *g,
		     void (*print)(struct golden *g, struct policy *p))
{
	struct policy_input in = {
		.path = g->path, .directory = g->directory, .env = &env};
	struct policy *p;

	if (policy_compile(&in, &p) == FW_OK)
		print(g, p);
	policy_free(p);
}

static void print_ir(struct golden *g, struct policy *p)
{
	ir_print(&p->ir, &g->out);
}

static void form_ir(struct golden *g)
{
	compiled(g, print_ir);
}

static void print_nft(struct golden *g, struct policy *p)
{
	backend_text(&p->ruleset, &g->out);
}

static void form_nft(struct golden *g)
{
	compiled(g, print_nft);
}

static void print_batch(struct golden *g, struct policy *p,
			enum queue_target queue)
{
	struct nl_batch batch;

	if (backend_nl(NULL, &p->ruleset, queue, 0, &p->arena, &batch) == FW_OK)
		backend_nl_print(&batch, &g->out);
	nl_batch_done(&batch);
}

static void print_native(struct golden *g, struct policy *p)
{
	print_batch(g, p, QUEUE_NATIVE);
}

static void form_nl(struct golden *g)
{
	compiled(g, print_native);
}

static void print_xt(struct golden *g, struct policy *p)
{
	print_batch(g, p, QUEUE_XT);
}

static void form_xt(struct golden *g)
{
	compiled(g, print_xt);
}

static const struct {
	const char *name;
	void (*print)(struct golden *g);
} forms[] = {
	{"diag", form_diag}, {"ast", form_ast}, {"ir", form_ir},
	{"nft", form_nft},   {"nl", form_nl}, /* with nft's own queue expression
					       */
	{"xt", form_xt},                      /* with the target of xtables */
};

#define N_FORMS (sizeof(forms) / sizeof(*forms))

/* NAME.d beside NAME.conf stands for policy.d. */
static const char *directory_of(struct golden *g, const char *path)
{
	struct str s = str_of(path);
	const char *directory;

	if (s.len < 5)
		return NULL;
	directory = arena_printf(&g->arena, "%.*s.d", (int)s.len - 5, path);
	return directory && !access(directory, F_OK) ? directory : NULL;
}

int main(int argc, char **argv)
{
	struct golden g = {0};
	size_t i = 0;

	while (argc == 3 && i < N_FORMS && strcmp(argv[1], forms[i].name) != 0)
		i++;
	if (argc != 3 || i == N_FORMS) {
		fputs("usage: golden FORM FILE.conf; forms:", stderr);
		for (i = 0; i < N_FORMS; i++)
			fprintf(stderr, " %s", forms[i].name);
		fputs("\n", stderr);
		return 2;
	}
	arena_init(&g.arena, 0, 0);
	diag_init(&g.diags, &g.arena);
	strbuf_init(&g.out, 0);
	g.path = argv[2];
	g.directory = directory_of(&g, argv[2]);
	/* What is wrong stands in the diagnostics. */
	(void)!read_policy_file(g.path, g.directory, &g.ast, &g.diags);
	(void)!load_files(&g.ast, NULL, &g.diags, &g.files);
	forms[i].print(&g);
	load_free_bytes(&g.files);
	fputs(strbuf_text(&g.out), stdout);
	strbuf_done(&g.out);
	arena_done(&g.arena);
	return fflush(stdout) ? 1 : 0;
}
