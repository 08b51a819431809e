/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file of flows as `fwctl test` reads it, held against a policy. */
#include "agent/fwctl/flow_tests.h"
#include "policy/policy.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char policy_text[] =
	"version = 1;\n"
	"zones: {\n"
	"	lan: { interfaces = [\"lan0\"];\n"
	"	       networks = [\"10.10.0.0/16\", \"fd00:10::/64\"]; };\n"
	"	wan: { interfaces = [\"wan0\"]; external = true; };\n"
	"};\n"
	"egress: (\n"
	"	{ name = \"dns\"; to = \"192.0.2.53\"; service = \"dns\";\n"
	"	  rate = \"5/second\"; time = \"mon-fri\"; action = \"allow\"; "
	"},\n"
	"	{ name = \"web\"; from = \"lan\"; app = [\"http\", \"tls\"];\n"
	"	  host = \"*.example.org\"; action = \"allow\"; }\n"
	");\n";

static const struct ir *fixed_ir(void)
{
	static struct policy *p;
	const struct policy_input in = {.text = str_of(policy_text),
					.text_name = "policy"};

	if (!p && policy_compile(&in, &p) != FW_OK)
		abort();
	return &p->ir;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ir *ir = fixed_ir();
	flow_test_list tests = {0};
	struct diag_list diags;
	struct arena arena;

	arena_init(&arena, 0, 0);
	diag_init(&diags, &arena);
	flow_tests_read(str_mem(data, size), "flows", &diags, &tests);
	vec_foreach (t, &tests) {
		enum flow_word wrong = FLOW_WORDS;
		enum flow_verdict verdict;
		const char *by;

		if (flow_test_run(t, ir, &arena, &verdict, &by, &wrong))
			(void)flow_test_holds(t, verdict, by);
		else
			FW_ASSERT(wrong < FLOW_WORDS);
	}
	arena_done(&arena);
	return 0;
}
