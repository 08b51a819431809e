/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Calls of procedures over TCP: DCE/RPC, known by its bind (C706 12.6.4.3), and
 * ONC RPC, known by a call in a record (RFC 5531 9 and 11), of which NFS is
 * told apart.
 */
#include "agent/limits.h"
#include "agent/proto/shape.h"
#include "agent/proto/tell.h"

#define DCE_BIND_MIN  72
#define DCE_UUID_AT   32
#define RPC_CALL_LEN  28
#define RPC_TRANSIENT 0x40000000

static enum probe_result dcerpc_probe(const struct probe *first)
{
	/* Versions 5.0 and 5.1, bind, whichever order of bytes. */
	static const char *const shapes[] = {
		"05000b..10000000", "05010b..10000000", "05000b..00000000",
		"05010b..00000000", NULL};
	struct reader r = first->client;
	enum probe_result said = shape_fits_one(&r, shapes);
	bool little = reader_peek(&r, 4) == 0x10;
	uint16_t len;

	if (first->server.left > 0)
		return PROBE_NO;
	if (said != PROBE_YES)
		return said;
	reader_skip(&r, 8);
	len = little ? reader_le16(&r) : reader_u16(&r);
	return shape_when(&first->client, 10, len >= DCE_BIND_MIN);
}

/* The first interface that is asked for, as its text. */
static void interface_tell(struct reader r, bool little, struct facts *facts)
{
	char text[40];
	uint32_t a;
	uint16_t b, c;
	uint8_t d[8];

	a = little ? reader_le32(&r) : reader_u32(&r);
	b = little ? reader_le16(&r) : reader_u16(&r);
	c = little ? reader_le16(&r) : reader_u16(&r);
	for (size_t i = 0; i < sizeof(d); i++)
		d[i] = reader_u8(&r);
	(void)snprintf(text, sizeof(text),
		       "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", a, b,
		       c, d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]);
	if (!r.failed)
		facts_add(facts, FIELD_DCERPC_INTERFACE, 0, str_of(text));
}

static enum proto_result dcerpc_feed(void *state, enum dir dir,
				     struct reader *in, struct facts *facts)
{
	struct reader r = *in;
	bool little = reader_peek(in, 4) == 0x10;

	if (dir == DIR_SERVER) {
		reader_skip(in, in->left);
		return PROTO_MORE;
	}
	if (in->left < DCE_UUID_AT + 16)
		return PROTO_MORE;
	reader_skip(&r, DCE_UUID_AT);
	interface_tell(r, little, facts);
	return shape_named(state, dir, in, facts);
}

/* The last fragment of a record, a number, a call of version 2, a program. */
static enum probe_result call_probe(const struct probe *first,
				    uint32_t *out_program)
{
	struct reader r = first->client;
	enum probe_result said =
		shape_fits(&r, "80..............0000000000000002........");
	uint32_t len = reader_u32(&r) & 0x7fffffff;

	if (first->server.left > 0)
		return PROBE_NO;
	if (said != PROBE_YES)
		return said;
	reader_skip(&r, 12);
	*out_program = reader_u32(&r);
	return len >= RPC_CALL_LEN && *out_program > 0 &&
			       *out_program < RPC_TRANSIENT
		       ? PROBE_YES
		       : PROBE_NO;
}

/* NFS, and what goes with it: mounts, locks, their status, access lists. */
static bool is_nfs(uint32_t program)
{
	return program == 100003 || program == 100005 || program == 100021 ||
	       program == 100024 || program == 100227;
}

static enum probe_result nfs_probe(const struct probe *first)
{
	uint32_t program;
	enum probe_result said = call_probe(first, &program);

	return said == PROBE_YES && !is_nfs(program) ? PROBE_NO : said;
}

static enum probe_result sunrpc_probe(const struct probe *first)
{
	uint32_t program;

	return call_probe(first, &program);
}

static enum proto_result sunrpc_feed(void *state, enum dir dir,
				     struct reader *in, struct facts *facts)
{
	const struct probe now = {.client = *in};
	uint32_t program;

	if (dir == DIR_CLIENT && call_probe(&now, &program) == PROBE_YES)
		tell_number(facts, FIELD_RPC_PROGRAM, 0, program);
	return shape_named(state, dir, in, facts);
}

const struct proto proto_dcerpc_tcp = {
	.name = "dcerpc-tcp",
	.app = APP_DCERPC,
	.state_size = 1,
	.ceiling = LIMIT_SHAPE,
	.probe = dcerpc_probe,
	.feed = dcerpc_feed,
};

const struct proto proto_nfs_tcp = {
	.name = "nfs-tcp",
	.app = APP_NFS,
	.state_size = 1,
	.ceiling = LIMIT_SHAPE,
	.probe = nfs_probe,
	.feed = sunrpc_feed,
};

const struct proto proto_sunrpc_tcp = {
	.name = "sunrpc-tcp",
	.app = APP_SUNRPC,
	.state_size = 1,
	.ceiling = LIMIT_SHAPE,
	.probe = sunrpc_probe,
	.feed = sunrpc_feed,
};
