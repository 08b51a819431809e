/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/wire.h"

extern const struct proto proto_adb;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return wire_fuzz(data, size, &proto_adb);
}
