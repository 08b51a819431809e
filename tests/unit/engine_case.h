/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The policy and the turns that the engine's scripts begin with. */
#pragma once

#include "tests/unit/lab.h"

#include <netinet/in.h>

#define ZONES                                                                \
	"version = 1;\n"                                                     \
	"zones: { lan: { interfaces = \"lan0\"; networks = [\"10.0.0.0/8\"," \
	" \"fd00::/16\"]; };\n"                                              \
	" wan: { interfaces = \"wan0\"; external = true; }; };\n"

#define RULES                                                                \
	"egress: (\n"                                                        \
	" { name = \"good\"; service = [\"tcp/443\", \"tcp/3128\","          \
	" \"tcp/1080\", \"udp/443\"]; app = [\"http\", \"tls\", \"socks\"];" \
	" host = [\"good.example.org\"]; action = \"allow\"; },\n"           \
	" { name = \"banner\"; service = \"tcp/22\"; app = \"ssh\";"         \
	" action = \"allow\"; },\n"                                          \
	" { name = \"swallow\"; service = \"tcp/81\"; app = \"http\";"       \
	" action = \"deny\"; }\n"                                            \
	");\n"

#define OPEN_GUARDS \
	"application: { connect = \"allow\"; socks = \"allow\"; };\n"

#define POLICY ZONES RULES OPEN_GUARDS

static const struct reader none;

static inline struct reader text(const char *z)
{
	return reader_of((const uint8_t *)z, strlen(z));
}

static inline struct lab *connected(const char *policy)
{
	struct lab *l = lab_new(policy, NULL);

	lab_connect(l);
	return l;
}

/* Bytes [from, to) of a message, as a segment of the client's. */
static inline void send_part(struct lab *l, struct reader message, size_t from,
			     size_t to)
{
	struct reader part = message;

	reader_skip(&part, from);
	part.left = to - from;
	lab_client(l, 1 + (uint32_t)from, part);
}

/* The server acknowledges the client's bytes up to `ack`. */
static inline void acknowledge(struct lab *l, uint32_t ack)
{
	lab_send(l, DIR_SERVER, TCP_ACK, 1, ack, none);
}
