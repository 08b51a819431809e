/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole compiler: what the check lets pass must compile, for the stages
 * behind it assert that; with rules as they are, and with all that can be as
 * maps.  Behind a zero byte: the list "@file:a". */
#include "policy/backend.h"
#include "policy/base/strbuf.h"
#include "policy/policy.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print(const struct policy *p)
{
	struct nl_batch batch;
	struct strbuf out;
	struct arena arena;

	strbuf_init(&out, 0);
	arena_init(&arena, 0, 0);
	ir_print(&p->ir, &out);
	backend_text(&p->ruleset, &out);
	FW_ASSERT(!backend_nl(NULL, &p->ruleset, QUEUE_XT, 0, &arena, &batch));
	backend_nl_print(&batch, &out);
	nl_batch_done(&batch);
	arena_done(&arena);
	strbuf_done(&out);
}

static enum fw_err compile(const struct policy_files *files, struct str text,
			   unsigned map_from)
{
	const struct policy_input in = {.text = text,
					.text_name = "fuzz.conf",
					.files = files,
					.map_from = map_from};
	struct policy *p = NULL;
	enum fw_err err = policy_compile(&in, &p);

	if (!err)
		print(p);
	policy_free(p);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
	size_t n = zero ? (size_t)(zero - data) : size;
	const struct policy_file list = {
		.name = "@file:a",
		.bytes = str_skip(str_mem(data, size), n + 1)};
	const struct policy_files files = {&list, 1};
	enum fw_err plain = compile(&files, str_mem(data, n), 0);

	FW_ASSERT(plain == FW_OK || plain == FW_ERR_POLICY);
	if (!plain)
		FW_ASSERT(!compile(&files, str_mem(data, n), 1));
	return 0;
}
