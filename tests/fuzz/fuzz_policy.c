/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The policy's front: whatever was read must print, and read back the same. */
#include "policy/ast.h"
#include "policy/base/err.h"
#include "policy/base/strbuf.h"
#include "policy/check.h"
#include "policy/read.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct round {
	struct arena arena;
	struct diag_list diags;
	struct ast ast;
	struct strbuf printed;
	enum fw_err err;
};

static void round_begin(struct round *r, struct str text)
{
	arena_init(&r->arena, 64UL * 1024 * 1024, 0);
	diag_init(&r->diags, &r->arena);
	strbuf_init(&r->printed, 0);
	r->err = read_policy_text(text, "fuzz.conf", &r->ast, &r->diags);
	if (!r->ast.partial)
		ast_print(&r->ast, &r->printed);
}

static void round_end(struct round *r)
{
	strbuf_done(&r->printed);
	arena_done(&r->arena);
}

static void read_back(const struct round *first)
{
	struct round again;
	struct str text = str_mem(first->printed.p, first->printed.len);

	round_begin(&again, text);
	FW_ASSERT(again.err == FW_OK);
	FW_ASSERT(str_eq(text, str_mem(again.printed.p, again.printed.len)));
	round_end(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf said;
	struct round r;

	round_begin(&r, str_mem(data, size));
	FW_ASSERT(r.err == FW_OK || r.diags.errors > 0);
	check_policy(&r.ast, &(struct policy_env){0}, &r.diags);
	strbuf_init(&said, 0);
	diag_print(&r.diags, &said);
	strbuf_done(&said);
	if (r.err == FW_OK)
		read_back(&r);
	round_end(&r);
	return 0;
}
