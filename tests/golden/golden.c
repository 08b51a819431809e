/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * golden FORM FILE.conf: one form of a policy on standard output, for run.sh.
 * Exit 0 whether the policy is good or not: the form says it.
 */
#include "policy/backend.h"
#include "policy/base/strbuf.h"
#include "policy/policy.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool find_user(void *ctx, const char *name, uint32_t *out_uid)
{
	(void)ctx;
	*out_uid = !strcmp(name, "root") ? 0 : 1000;
	return !strcmp(name, "root") || !strcmp(name, "alice");
}

static bool find_cgroup(void *ctx, const char *path, uint64_t *out_id,
			unsigned *out_level)
{
	(void)ctx;
	*out_level = strchr(path, '/') ? 2 : 1;
	*out_id = 100 + *out_level;
	return !strcmp(path, "system.slice") ||
	       !strcmp(path, "system.slice/chrony.service");
}

/* The gateway that golden policies are for: noon in Berlin, in summer. */
static const struct policy_env env = {.now = 1782900000,
				      .utc_offset = 7200,
				      .user = find_user,
				      .cgroup = find_cgroup};

static void form_diag(struct policy *p, struct strbuf *out)
{
	diag_print(&p->diags, out);
}

static void form_ast(struct policy *p, struct strbuf *out)
{
	strbuf_add(out, str_mem(p->canonical.p, p->canonical.len));
}

static void form_ir(struct policy *p, struct strbuf *out)
{
	ir_print(&p->ir, out);
}

static void form_nft(struct policy *p, struct strbuf *out)
{
	backend_text(&p->ruleset, out);
}

static void print_batch(struct policy *p, struct strbuf *out,
			enum queue_target queue)
{
	struct nl_batch batch;

	if (backend_nl(NULL, &p->ruleset, queue, 0, &p->arena, &batch) == FW_OK)
		backend_nl_print(&batch, out);
	nl_batch_done(&batch);
}

static void form_nl(struct policy *p, struct strbuf *out)
{
	print_batch(p, out, QUEUE_NATIVE);
}

static void form_xt(struct policy *p, struct strbuf *out)
{
	print_batch(p, out, QUEUE_XT);
}

static const struct {
	const char *name;
	void (*print)(struct policy *p, struct strbuf *out);
	bool bad_too; /* of a policy with errors as well */
} forms[] = {
	{"diag", form_diag, true}, {"ast", form_ast, false},
	{"ir", form_ir, false},    {"nft", form_nft, false},
	{"nl", form_nl, false}, /* with nft's own queue expression */
	{"xt", form_xt, false}, /* with the target of xtables */
};

#define N_FORMS (sizeof(forms) / sizeof(*forms))

/* NAME.d beside NAME.conf stands for policy.d; it is in `buf`, or NULL. */
static const char *directory_of(const char *path, char *buf, size_t room)
{
	int len = (int)strlen(path) - 5;

	if (len <= 0 || snprintf(buf, room, "%.*s.d", len, path) >= (int)room)
		return NULL;
	return access(buf, F_OK) ? NULL : buf;
}

int main(int argc, char **argv)
{
	char directory[PATH_MAX];
	struct policy_input in = {.env = &env};
	struct policy *p;
	struct strbuf out;
	enum fw_err err;
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
	in.path = argv[2];
	in.directory = directory_of(in.path, directory, sizeof(directory));
	strbuf_init(&out, 0);
	err = policy_compile(&in, &p);
	if (p && (!err || forms[i].bad_too))
		forms[i].print(p, &out);
	fputs(strbuf_text(&out), stdout);
	strbuf_done(&out);
	policy_free(p);
	return fflush(stdout) ? 1 : 0;
}
