/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Echos of ICMP and their answers. */
#include "tests/fuzz/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return wire_fuzz_messages(data, size, IPPROTO_ICMP);
}
