/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/registry.h"

#include <netinet/in.h>

#define X(l4, symbol, ...) extern const struct proto symbol;
#include "agent/proto/protos.def"
#undef X

/* A list for each transport: of the other's rows nothing stays. */
#define X(l4, symbol, told) ROW_##l4({&symbol, told})

static const struct registry_row over_tcp[] = {
#define ROW_TCP(...) __VA_ARGS__,
#define ROW_UDP(...)
#define ROW_ICMP(...)
#include "agent/proto/protos.def"
#undef ROW_TCP
#undef ROW_UDP
#undef ROW_ICMP
	{NULL, NULL}};

static const struct registry_row over_udp[] = {
#define ROW_TCP(...)
#define ROW_UDP(...) __VA_ARGS__,
#define ROW_ICMP(...)
#include "agent/proto/protos.def"
#undef ROW_TCP
#undef ROW_UDP
#undef ROW_ICMP
	{NULL, NULL}};

static const struct registry_row over_icmp[] = {
#define ROW_TCP(...)
#define ROW_UDP(...)
#define ROW_ICMP(...) __VA_ARGS__,
#include "agent/proto/protos.def"
#undef ROW_TCP
#undef ROW_UDP
#undef ROW_ICMP
	{NULL, NULL}};

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

const struct registry_row *registry_row(uint8_t l4, unsigned i)
{
	if (l4 == IPPROTO_TCP)
		return i + 1 < COUNT(over_tcp) ? &over_tcp[i] : NULL;
	if (l4 == IPPROTO_UDP)
		return i + 1 < COUNT(over_udp) ? &over_udp[i] : NULL;
	if (l4 == IPPROTO_ICMP || l4 == IPPROTO_ICMPV6)
		return i + 1 < COUNT(over_icmp) ? &over_icmp[i] : NULL;
	return NULL;
}

const struct proto *registry_get(uint8_t l4, unsigned i)
{
	const struct registry_row *row = registry_row(l4, i);

	return row ? row->proto : NULL;
}
