/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TFTP (RFC 1350, RFC 2347): a request by its texts.  The transfer goes on from
 * another port of the server, so it is a flow of its own: it is told by the
 * first whole block, an acknowledgment of block 0, agreed options or an error.
 */
#include "agent/proto/datagram.h"
#include "agent/proto/tell.h"

#define OP_READ   1
#define OP_WRITE  2
#define OP_DATA   3
#define OP_ACK    4
#define OP_ERROR  5
#define ERROR_MAX 8
#define OP_OPTION 6
#define BLOCK_LEN 512

/* A text and the zero behind it; empty when it is none. */
static struct reader text_read(struct reader *r)
{
	struct reader look = *r, text;
	size_t n = reader_find(r, 0, 0);

	if (n == r->left)
		return (struct reader){.failed = true};
	text = reader_sub(r, n);
	reader_skip(r, 1);
	for (size_t i = 0; i < n; i++) {
		uint8_t c = reader_u8(&look);

		if (c < 0x20 || c == 0x7f)
			return (struct reader){.failed = true};
	}
	return text;
}

static bool is_mode(struct reader r)
{
	static const char *const modes[] = {"octet", "netascii", "mail"};

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (str_eq_nocase(reader_text(r), str_of(modes[i])))
			return true;
	return false;
}

/* Pairs of names and values. */
static bool options_fit(struct reader r)
{
	while (r.left > 0) {
		struct reader name = text_read(&r);

		if (name.left == 0 || text_read(&r).failed)
			return false;
	}
	return !r.failed;
}

static enum probe_result tftp_probe(const struct probe *first)
{
	struct reader r = probe_either(first);
	uint16_t op = reader_u16(&r);

	switch (op) {
	case OP_READ:
	case OP_WRITE:
		if (text_read(&r).left == 0 || !is_mode(text_read(&r)))
			return PROBE_NO;
		return probe_yes_if(options_fit(r));
	case OP_DATA:
		return probe_yes_if(reader_u16(&r) == 1 && r.left == BLOCK_LEN);
	case OP_ACK:
		return probe_yes_if(reader_u16(&r) == 0 && reader_done(&r));
	case OP_ERROR:
		return probe_yes_if(reader_u16(&r) <= ERROR_MAX &&
				    text_read(&r).left > 0 && reader_done(&r));
	case OP_OPTION:
		return probe_yes_if(r.left > 0 && options_fit(r));
	default:
		return PROBE_NO;
	}
}

static enum proto_result tftp_feed(void *state, enum dir dir, struct reader *in,
				   struct facts *facts)
{
	static const char *const ops[] = {"",    "read",  "write",  "data",
					  "ack", "error", "options"};
	struct reader r = *in;
	uint16_t op = reader_u16(&r);

	(void)state;
	(void)dir;
	if (op < sizeof(ops) / sizeof(*ops))
		facts_add(facts, FIELD_TFTP_PACKET, 0, str_of(ops[op]));
	if (op == OP_READ || op == OP_WRITE)
		tell_text(facts, FIELD_TFTP_FILE, 0, text_read(&r));
	return told_all(in, facts);
}

const struct proto proto_tftp = {
	.name = "tftp",
	.app = APP_TFTP,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = tftp_probe,
	.feed = tftp_feed,
};
