/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RADIUS (RFC 2865, RFC 2866, RFC 5176): a code, the datagram's length, and
 * attributes that fill it. */
#include "agent/proto/datagram.h"
#include "agent/proto/tell.h"

#define HEADER_LEN 20
#define LENGTH_MAX 4096
#define ATTR_USER  1

static bool is_code(uint8_t code)
{
	return (code >= 1 && code <= 5) || (code >= 11 && code <= 13) ||
	       (code >= 40 && code <= 45);
}

/* Up to the attributes; a failed reader when it is something else. */
static struct reader attributes_of(struct reader r)
{
	size_t all = r.left;
	uint8_t code = reader_u8(&r);

	reader_skip(&r, 1);
	if (!is_code(code) || reader_u16(&r) != all || all > LENGTH_MAX)
		return (struct reader){.failed = true};
	reader_skip(&r, HEADER_LEN - 4);
	return r;
}

static enum probe_result radius_probe(const struct probe *first)
{
	struct reader r = attributes_of(probe_either(first));
	bool any = r.left > 0;

	while (r.left > 0) {
		uint8_t type = reader_u8(&r), len = reader_u8(&r);

		if (type == 0 || len < 2)
			return PROBE_NO;
		reader_skip(&r, len - 2u);
	}
	return probe_yes_if(any && reader_done(&r));
}

static enum proto_result radius_feed(void *state, enum dir dir,
				     struct reader *in, struct facts *facts)
{
	struct reader r = attributes_of(*in);
	bool told = false;

	(void)state;
	(void)dir;
	while (r.left > 0 && !told) {
		uint8_t type = reader_u8(&r), len = reader_u8(&r);

		if (len < 2)
			break;
		told = type == ATTR_USER;
		if (told)
			tell_text(facts, FIELD_RADIUS_USER, 0,
				  reader_sub(&r, len - 2u));
		else
			reader_skip(&r, len - 2u);
	}
	return told_all(in, facts);
}

const struct proto proto_radius = {
	.name = "radius",
	.app = APP_RADIUS,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = radius_probe,
	.feed = radius_feed,
};
