/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two policies, split by a zero byte: their differences; and those of each to
 * itself, of which there are none. */
#include "policy/backend.h"
#include "policy/base/strbuf.h"
#include "policy/diff.h"
#include "policy/diff_text.h"
#include "policy/policy.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct policy *compile(struct str text)
{
	const struct policy_files none = {0};
	const struct policy_input in = {
		.text = text, .text_name = "fuzz.conf", .files = &none};
	struct policy *p = NULL;

	if (policy_compile(&in, &p) == FW_OK)
		return p;
	policy_free(p);
	return NULL;
}

static void print_change(const struct flow_change *c)
{
	struct strbuf out;

	strbuf_init(&out, 0);
	outcome_print(c->before, &out);
	outcome_print(c->after, &out);
	box_print(&c->example, &out);
	strbuf_done(&out);
}

static size_t compare_flows(const struct policy *a, const struct policy *b)
{
	struct flow_diff flows = {0};
	struct arena arena;
	size_t n;

	arena_init(&arena, 0, 0);
	diff_flows(&a->ir, &b->ir, &arena, &flows);
	FW_ASSERT(!flows.failed);
	n = flows.changes.n;
	vec_foreach (c, &flows.changes)
		print_change(*c);
	arena_done(&arena);
	return n;
}

static size_t compare_texts(const struct policy *a, const struct policy *b)
{
	struct text_diff text = {0};
	struct arena arena;
	size_t n;

	arena_init(&arena, 0, 0);
	diff_text(str_mem(a->canonical.p, a->canonical.len),
		  str_mem(b->canonical.p, b->canonical.len), &arena, &text);
	FW_ASSERT(!text.failed);
	n = text.changes.n + text.moved.n;
	vec_foreach (c, &text.changes)
		(void)diff_words(c->before, c->after, &arena);
	arena_done(&arena);
	return n;
}

/* What turns the one ruleset into the other. */
static void change(const struct policy *a, const struct policy *b)
{
	struct nl_batch batch;
	struct arena arena;

	arena_init(&arena, 0, 0);
	FW_ASSERT(!backend_nl(&a->ruleset, &b->ruleset, QUEUE_NATIVE, 0, &arena,
			      &batch));
	nl_batch_done(&batch);
	arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
	struct str all = str_mem(data, size);
	struct policy *a, *b;

	if (!zero)
		return 0;
	a = compile(str_mem(data, (size_t)(zero - data)));
	b = compile(str_skip(all, (size_t)(zero - data) + 1));
	if (a) {
		FW_ASSERT(compare_flows(a, a) == 0);
		FW_ASSERT(compare_texts(a, a) == 0);
	}
	if (a && b) {
		(void)compare_flows(a, b);
		(void)compare_texts(a, b);
		change(a, b);
	}
	policy_free(a);
	policy_free(b);
	return 0;
}
