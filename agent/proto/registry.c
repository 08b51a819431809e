/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/registry.h"

#define X(symbol) extern const struct proto symbol;
#include "agent/proto/protos.def"
#undef X

static const struct proto *const rows[] = {
#define X(symbol) &symbol,
#include "agent/proto/protos.def"
#undef X
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

_Static_assert(ROWS <= 32, "sets of rows are 32 bits");

unsigned registry_count(void)
{
	return ROWS;
}

const struct proto *registry_get(unsigned i)
{
	return i < ROWS ? rows[i] : NULL;
}
