/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Android debug bridge over TCP (AOSP's adb protocol.txt): messages with a
 * header of 24 bytes, little-endian: command, two arguments, length of what
 * follows, its checksum, and the command with all bits turned.  When both sides
 * have said STLS, TLS is the stream inside; a decision does not wait for that.
 */
#include "agent/proto/proto.h"

#include <string.h>

#define HEADER     24
#define COMMAND    4
#define LENGTH_AT  12
#define MAGIC_AT   20
#define LENGTH_MAX (1024 * 1024)

struct adb_state {
	uint32_t skip; /* bytes of a message that are of no interest */
};

static uint32_t length_of(const struct reader *r)
{
	return (uint32_t)(reader_peek(r, LENGTH_AT) |
			  reader_peek(r, LENGTH_AT + 1) << 8 |
			  reader_peek(r, LENGTH_AT + 2) << 16) |
	       (uint32_t)reader_peek(r, LENGTH_AT + 3) << 24;
}

static bool is_header(const struct reader *r)
{
	for (size_t i = 0; i < COMMAND; i++)
		if ((reader_peek(r, i) ^ reader_peek(r, MAGIC_AT + i)) != 0xff)
			return false;
	return length_of(r) <= LENGTH_MAX;
}

static enum probe_result adb_probe(const struct probe *first)
{
	static const char connect[COMMAND] = {'C', 'N', 'X', 'N'};
	struct reader r = first->client;
	size_t n = r.left < COMMAND ? r.left : COMMAND;

	if (n == 0 || memcmp(reader_take(&r, n), connect, n) != 0)
		return PROBE_NO;
	if (first->client.left < HEADER)
		return PROBE_MORE;
	return is_header(&first->client) ? PROBE_YES : PROBE_NO;
}

static enum proto_result adb_feed(void *state, enum dir dir, struct reader *in,
				  struct facts *facts)
{
	static const char tls[COMMAND] = {'S', 'T', 'L', 'S'};
	struct adb_state *st = state;

	if (dir == DIR_SERVER) {
		reader_skip(in, in->left);
		return PROTO_MORE;
	}
	facts_layer_settle(facts, false);
	for (;;) {
		size_t n = in->left < st->skip ? in->left : st->skip;
		const uint8_t *command;

		reader_skip(in, n);
		st->skip -= (uint32_t)n;
		if (in->left < HEADER)
			return PROTO_MORE;
		if (!is_header(in))
			return PROTO_BAD;
		st->skip = length_of(in);
		command = reader_take(in, COMMAND);
		reader_skip(in, HEADER - COMMAND);
		if (command && memcmp(command, tls, COMMAND) == 0 &&
		    st->skip == 0)
			return PROTO_INNER;
	}
}

const struct proto proto_adb = {
	.name = "adb",
	.app = APP_ADB,
	.state_size = sizeof(struct adb_state),
	.ceiling = HEADER,
	.probe = adb_probe,
	.feed = adb_feed,
};
