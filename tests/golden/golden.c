/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * golden FORM FILE.conf: one form of a policy on standard output, for run.sh.
 * Exit 0 whether the policy is good or not: the form says it.
 */
#include "policy/ast.h"
#include "policy/base/strbuf.h"
#include "policy/check.h"
#include "policy/read.h"

#include <stdio.h>
#include <unistd.h>

struct golden {
	struct arena arena;
	struct diag_list diags;
	struct ast ast;
	struct strbuf out;
};

static void form_diag(struct golden *g)
{
	check_policy(&g->ast, &g->diags);
	diag_print(&g->diags, &g->out);
}

static void form_ast(struct golden *g)
{
	check_policy(&g->ast, &g->diags);
	if (g->diags.errors == 0)
		ast_print(&g->ast, &g->out);
}

static const struct {
	const char *name;
	void (*print)(struct golden *g);
} forms[] = {
	{"diag", form_diag},
	{"ast", form_ast},
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
	/* What is wrong stands in the diagnostics. */
	(void)!read_policy_file(argv[2], directory_of(&g, argv[2]), &g.ast,
				&g.diags);
	forms[i].print(&g);
	fputs(strbuf_text(&g.out), stdout);
	strbuf_done(&g.out);
	arena_done(&g.arena);
	return fflush(stdout) ? 1 : 0;
}
