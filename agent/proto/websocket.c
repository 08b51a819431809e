/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * WebSocket frames (RFC 6455 5.2).  A client's first frame must be masked and
 * of a known kind; what the frames carry is the application's own.
 */
#include "agent/proto/websocket.h"

#define MASKED     0x80
#define OPCODE     0x0f
#define OPCODE_BIN 2
#define OPCODE_CTL 8
#define OPCODE_END 10

struct websocket_state {
	uint8_t first;
};

static enum probe_result websocket_probe(const struct probe *first)
{
	(void)first;
	return PROBE_NO;
}

static enum proto_result websocket_feed(void *state, enum dir dir,
					struct reader *in, struct facts *facts)
{
	struct reader r = *in;
	uint8_t opcode = reader_u8(&r) & OPCODE, length = reader_u8(&r);

	(void)state;
	if (dir == DIR_SERVER) {
		reader_skip(in, in->left);
		return PROTO_MORE;
	}
	if (r.failed)
		return PROTO_MORE;
	if (!(length & MASKED) || opcode == 0 ||
	    (opcode > OPCODE_BIN && opcode < OPCODE_CTL) || opcode > OPCODE_END)
		return PROTO_BAD;
	facts_layer_settle(facts, false);
	return PROTO_DONE;
}

const struct proto proto_websocket = {
	.name = "websocket",
	.app = APP_WEBSOCKET,
	.state_size = sizeof(struct websocket_state),
	.ceiling = 2,
	.probe = websocket_probe,
	.feed = websocket_feed,
};
