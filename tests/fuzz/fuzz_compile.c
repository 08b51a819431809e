/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole compiler: what the check lets pass must compile, for the stages
 * behind it assert that. */
#include "policy/policy.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy_input in = {.text = str_mem(data, size),
				  .text_name = "fuzz.conf"};
	struct policy *p = NULL;

	(void)!policy_compile(&in, &p);
	policy_free(p);
	return 0;
}
