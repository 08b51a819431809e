/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The highest bit of the first byte: over TCP. */
#include "tests/fuzz/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0 && data[0] & 0x80)
		return wire_fuzz(data, size, NULL);
	return wire_fuzz_datagrams(data, size);
}
