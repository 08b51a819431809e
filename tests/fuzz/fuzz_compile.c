/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole compiler: what the check lets pass must compile, for the stages
 * behind it assert that.  Behind a zero byte: the list "@file:a". */
#include "policy/policy.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
	size_t n = zero ? (size_t)(zero - data) : size;
	const struct policy_file list = {
		.name = "@file:a",
		.bytes = str_skip(str_mem(data, size), n + 1)};
	const struct policy_files files = {&list, 1};
	struct policy_input in = {.text = str_mem(data, n),
				  .text_name = "fuzz.conf",
				  .files = &files};
	struct policy *p = NULL;

	(void)!policy_compile(&in, &p);
	policy_free(p);
	return 0;
}
