/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MQTT 3.1, 3.1.1 and 5 (OASIS): the client's CONNECT. */
#include "agent/limits.h"
#include "agent/proto/shape.h"
#include "agent/proto/tell.h"

#define CONNECT     0x10
#define HEADER_MAX  5
#define FLAG_ZERO   1
#define VERSION_5   5
#define CONNECT_MAX 65536

/* Seven bits a byte, the lowest first; four bytes at most. */
static uint32_t length_take(struct reader *r)
{
	uint32_t len = 0;

	for (unsigned i = 0; i < 4; i++) {
		uint8_t c = reader_u8(r);

		len |= (uint32_t)(c & 0x7f) << 7 * i;
		if (!(c & 0x80))
			return len;
	}
	*r = (struct reader){.failed = true};
	return 0;
}

static enum probe_result mqtt_probe(const struct probe *first)
{
	static const char *const names[] = {"00044d51545403", "00044d51545404",
					    "00044d51545405",
					    "00064d514973647003", NULL};
	struct reader r = first->client;
	uint32_t len;

	if (reader_u8(&r) != CONNECT)
		return PROBE_NO;
	len = length_take(&r);
	if (r.failed)
		return first->client.left < HEADER_MAX ? PROBE_MORE : PROBE_NO;
	if (len < 12 || len > CONNECT_MAX)
		return PROBE_NO;
	return shape_fits_one(&r, names);
}

static void connect_tell(struct reader r, struct facts *facts)
{
	uint8_t version;

	reader_skip(&r, reader_u16(&r));
	version = reader_u8(&r);
	/* Flags, and how long nothing may be said. */
	reader_skip(&r, 3);
	if (version == VERSION_5)
		reader_skip(&r, length_take(&r));
	if (r.failed)
		return;
	tell_number(facts, FIELD_MQTT_VERSION, 0, version);
	tell_text(facts, FIELD_MQTT_CLIENT, 0, reader_sub(&r, reader_u16(&r)));
}

static enum proto_result mqtt_feed(void *state, enum dir dir, struct reader *in,
				   struct facts *facts)
{
	struct reader r = *in;

	if (dir == DIR_SERVER) {
		reader_skip(in, in->left);
		return PROTO_MORE;
	}
	reader_skip(&r, 1);
	r = reader_sub(&r, length_take(&r));
	if (r.failed)
		return PROTO_MORE;
	connect_tell(r, facts);
	return shape_named(state, dir, in, facts);
}

const struct proto proto_mqtt = {
	.name = "mqtt",
	.app = APP_MQTT,
	.state_size = 1,
	.ceiling = CONNECT_MAX + HEADER_MAX,
	.probe = mqtt_probe,
	.feed = mqtt_feed,
};
