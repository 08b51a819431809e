/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Calls of procedures over UDP: ONC RPC (RFC 5531; a reply does not say what it
 * is of), DCE/RPC without connections (C706 12.5), Thrift's compact and binary
 * protocols, and Kerberos (RFC 4120), whose messages are alike.
 */
#include "agent/proto/ber.h"
#include "agent/proto/datagram.h"
#include "agent/proto/tell.h"

/* --- ONC RPC ------------------------------------------------------------- */

#define ONC_CALL    0
#define ONC_VERSION 2
#define AUTH_MAX    400
#define TRANSIENT   0x40000000 /* RFC 5531 13: from here on by agreement */
#define PORTMAPPER  100000
#define PORT_OF     3

struct call {
	uint32_t program, version, procedure;
	struct reader arguments;
};

/* RFC 5531 8.2: a kind, and bytes in whole words. */
static bool auth_skip(struct reader *r)
{
	uint32_t kind = reader_u32(r), len = reader_u32(r);

	reader_skip(r, len <= AUTH_MAX ? (len + 3) & ~3u : SIZE_MAX);
	return !r->failed && (kind <= 6 || kind >= 390000);
}

static bool call_read(struct reader r, struct call *c)
{
	reader_skip(&r, 4);
	if (reader_u32(&r) != ONC_CALL || reader_u32(&r) != ONC_VERSION)
		return false;
	c->program = reader_u32(&r);
	c->version = reader_u32(&r);
	c->procedure = reader_u32(&r);
	for (int i = 0; i < 2; i++) /* who asks, and its proof */
		if (!auth_skip(&r))
			return false;
	c->arguments = r;
	return c->program > 0 && c->program < TRANSIENT && c->version < 1024 &&
	       c->procedure < 65536;
}

/* NFS, and what goes with it: mounts, locks, their status, access lists.  The
 * question for the port of one of them too. */
static bool is_nfs(const struct call *c)
{
	static const uint32_t programs[] = {100003, 100005, 100021, 100024,
					    100227};
	struct reader r = c->arguments;
	uint32_t asked = c->program;

	if (c->program == PORTMAPPER && c->procedure == PORT_OF)
		asked = reader_u32(&r);
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++)
		if (asked == programs[i])
			return true;
	return false;
}

static enum probe_result nfs_probe(const struct probe *first)
{
	struct call c;

	return probe_yes_if(call_read(probe_either(first), &c) && is_nfs(&c));
}

static enum probe_result sunrpc_probe(const struct probe *first)
{
	struct call c;

	return probe_yes_if(call_read(probe_either(first), &c));
}

static enum proto_result sunrpc_feed(void *state, enum dir dir,
				     struct reader *in, struct facts *facts)
{
	struct call c;

	(void)state;
	(void)dir;
	if (call_read(*in, &c))
		tell_number(facts, FIELD_RPC_PROGRAM, 0, c.program);
	return told_all(in, facts);
}

/* --- DCE/RPC ------------------------------------------------------------- */

#define DCE_HEADER 80
#define DCE_TYPES  10

static enum probe_result dcerpc_probe(const struct probe *first)
{
	struct reader r = probe_either(first);
	size_t body = r.left - DCE_HEADER;
	uint8_t version = reader_u8(&r), type = reader_u8(&r), order;
	uint16_t len;

	reader_skip(&r, 2);
	order = reader_u8(&r);
	reader_skip(&r, 69);
	len = reader_u16(&r);
	if (order >> 4 == 1)
		len = (uint16_t)(len << 8 | len >> 8);
	reader_skip(&r, 4);
	return probe_yes_if(!r.failed && version == 4 && type <= DCE_TYPES &&
			    order >> 4 <= 1 && (order & 15) <= 1 &&
			    len == body);
}

/* --- Thrift -------------------------------------------------------------- */

#define THRIFT_NAME_MAX 128

/* The name of a method, and some of its arguments. */
static bool is_method(struct reader *r, uint64_t len)
{
	if (len == 0 || len > THRIFT_NAME_MAX || len >= r->left)
		return false;
	for (uint64_t i = 0; i < len; i++) {
		char c = (char)reader_u8(r);

		if (!ascii_is_alpha(c) && c != '_' && c != '.' && c != ':' &&
		    (i == 0 || !ascii_is_digit(c)))
			return false;
	}
	return !r->failed;
}

static uint64_t thrift_varint(struct reader *r)
{
	uint64_t v = 0;
	uint8_t byte;
	unsigned shift = 0;

	do {
		byte = reader_u8(r);
		v |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while ((byte & 0x80) && shift < 35);
	if (byte & 0x80)
		*r = (struct reader){.failed = true};
	return v;
}

static enum probe_result thrift_probe(const struct probe *first)
{
	struct reader r = probe_either(first);
	uint16_t head = reader_u16(&r);
	uint8_t type = head >> 5 & 7;

	if (head >> 8 == 0x82) {
		/* Version 1, and calls, replies, exceptions, one-way calls. */
		if ((head & 31) != 1 || type < 1 || type > 4)
			return PROBE_NO;
		(void)thrift_varint(&r);
		return probe_yes_if(is_method(&r, thrift_varint(&r)));
	}
	if (head != 0x8001 || reader_u8(&r) != 0)
		return PROBE_NO;
	type = reader_u8(&r);
	return probe_yes_if(type >= 1 && type <= 4 &&
			    is_method(&r, reader_u32(&r)));
}

/* --- Kerberos ------------------------------------------------------------ */

#define KRB_VERSION 5
#define KRB_ERROR   30

/* The application's tag is the type of the message, which stands inside too,
 * behind the version. */
static enum probe_result krb5_probe(const struct probe *first)
{
	struct reader r = probe_either(first), all, field;
	uint8_t type = reader_peek(&r, 0) & 0x1f;
	bool request = type == 10 || type == 12;
	uint8_t at = request ? 1 : 0;

	if ((type < 10 || type > 15) && (type < 20 || type > 22) &&
	    type != KRB_ERROR)
		return PROBE_NO;
	all = ber_take(&r, (uint8_t)BER_APP(type));
	all = ber_take(&all, BER_SEQUENCE);
	field = ber_take(&all, (uint8_t)BER_CONTEXT(at));
	if (!reader_done(&r) || ber_u32(&field) != KRB_VERSION)
		return PROBE_NO;
	field = ber_take(&all, (uint8_t)BER_CONTEXT(at + 1));
	return probe_yes_if(ber_u32(&field) == type && !field.failed);
}

const struct proto proto_nfs_udp = {
	.name = "nfs",
	.app = APP_NFS,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = nfs_probe,
	.feed = sunrpc_feed,
};

const struct proto proto_sunrpc_udp = {
	.name = "sunrpc",
	.app = APP_SUNRPC,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = sunrpc_probe,
	.feed = sunrpc_feed,
};

const struct proto proto_dcerpc_udp = {
	.name = "dcerpc",
	.app = APP_DCERPC,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = dcerpc_probe,
	.feed = feed_nothing,
};

const struct proto proto_thrift_udp = {
	.name = "thrift",
	.app = APP_THRIFT,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = thrift_probe,
	.feed = feed_nothing,
};

const struct proto proto_krb5_udp = {
	.name = "krb5",
	.app = APP_KRB5,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = krb5_probe,
	.feed = feed_nothing,
};
