/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/registry.h"

#include <netinet/in.h>

#define X(l4, symbol, ...) extern const struct proto symbol;
#include "agent/proto/protos.def"
#undef X

/* A list for each transport: of the other's rows nothing stays. */
#define X(l4, symbol, ...) ROW_##l4(&symbol)

static const struct proto *const over_tcp[] = {
#define ROW_TCP(row) row,
#define ROW_UDP(row)
#include "agent/proto/protos.def"
#undef ROW_TCP
#undef ROW_UDP
	NULL};

static const struct proto *const over_udp[] = {
#define ROW_TCP(row)
#define ROW_UDP(row) row,
#include "agent/proto/protos.def"
#undef ROW_TCP
#undef ROW_UDP
	NULL};

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

const struct proto *registry_get(uint8_t l4, unsigned i)
{
	if (l4 == IPPROTO_TCP)
		return i < COUNT(over_tcp) ? over_tcp[i] : NULL;
	return l4 == IPPROTO_UDP && i < COUNT(over_udp) ? over_udp[i] : NULL;
}
