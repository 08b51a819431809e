/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/fwctl/commands.h"
#include "policy/backend.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static void emit_nft(const struct policy *p, struct strbuf *out)
{
	backend_text(&p->ruleset, out);
}

static void emit_ir(const struct policy *p, struct strbuf *out)
{
	ir_print(&p->ir, out);
}

static void emit_policy(const struct policy *p, struct strbuf *out)
{
	strbuf_add(out, str_mem(p->canonical.p, p->canonical.len));
}

static void emit_nl(const struct policy *p, struct strbuf *out)
{
	struct arena arena;
	struct nl_batch batch;

	arena_init(&arena, 0, 0);
	if (backend_nl(NULL, &p->ruleset, QUEUE_NATIVE, 0, &arena, &batch) ==
	    FW_OK) {
		backend_nl_print(&batch, out);
		nl_batch_done(&batch);
	} else {
		out->failed = true;
	}
	arena_done(&arena);
}

static const struct {
	const char *name;
	void (*emit)(const struct policy *p, struct strbuf *out);
} formats[] = {
	{"nft", emit_nft},
	{"nl", emit_nl},
	{"ir", emit_ir},
	{"policy", emit_policy},
};

#define N_FORMATS (sizeof(formats) / sizeof(*formats))

int cmd_compile(int argc, char **argv)
{
	static const struct option words[] = {
		{"format", required_argument, NULL, 'f'}, {0}};
	struct strbuf text;
	struct policy *p;
	size_t format = 0;
	int c, status;

	while ((c = getopt_long(argc, argv, "f:", words, NULL)) != -1) {
		if (c != 'f')
			return fwctl_usage("compile");
		for (format = 0; format < N_FORMATS; format++)
			if (!strcmp(optarg, formats[format].name))
				break;
		if (format == N_FORMATS) {
			(void)fprintf(stderr, "fwctl: no format '%s'\n",
				      optarg);
			return fwctl_usage("compile");
		}
	}
	if (argc - optind > 1)
		return fwctl_usage("compile");
	status = fwctl_compile(optind < argc ? argv[optind] : NULL, &p);
	if (status != EXIT_DONE)
		return status;
	strbuf_init(&text, 0);
	formats[format].emit(p, &text);
	if (text.failed ||
	    fwrite(strbuf_text(&text), 1, text.len, stdout) != text.len)
		status = EXIT_FAILED;
	strbuf_done(&text);
	policy_free(p);
	return status;
}
