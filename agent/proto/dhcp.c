/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DHCP (RFC 2131, told by its magic cookie) and DHCPv6 (RFC 8415, told by
 * options that fill the datagram). */
#include "agent/proto/datagram.h"
#include "agent/proto/tell.h"

/* --- DHCP ---------------------------------------------------------------- */

#define OPTIONS_AT   236
#define COOKIE       0x63825363
#define OPTION_PAD   0
#define OPTION_HOST  12
#define OPTION_TYPE  53
#define OPTION_END   255
#define HARDWARE_MAX 16

/* Up to the options; a failed reader when it is something else. */
static struct reader dhcp_options(struct reader r)
{
	uint8_t op = reader_u8(&r);

	reader_skip(&r, 1);
	if ((op != 1 && op != 2) || reader_u8(&r) > HARDWARE_MAX)
		return (struct reader){.failed = true};
	reader_skip(&r, OPTIONS_AT - 3);
	if (reader_u32(&r) != COOKIE)
		return (struct reader){.failed = true};
	return r;
}

static enum probe_result dhcp_probe(const struct probe *first)
{
	struct reader r = dhcp_options(probe_either(first));

	return probe_yes_if(!r.failed);
}

static void type_tell(struct reader value, struct facts *facts)
{
	static const char *const types[] = {"discover", "offer", "request",
					    "decline",  "ack",   "nak",
					    "release",  "inform"};
	unsigned type = reader_u8(&value) - 1u;

	if (type < sizeof(types) / sizeof(*types))
		facts_add(facts, FIELD_DHCP_TYPE, 0, str_of(types[type]));
}

static enum proto_result dhcp_feed(void *state, enum dir dir, struct reader *in,
				   struct facts *facts)
{
	struct reader r = dhcp_options(*in);
	bool type = false, host = false;

	(void)state;
	(void)dir;
	while (r.left > 0) {
		uint8_t option = reader_u8(&r);
		struct reader value;

		if (option == OPTION_END)
			break;
		if (option == OPTION_PAD)
			continue;
		value = reader_sub(&r, reader_u8(&r));
		if (option == OPTION_TYPE && !type)
			type_tell(value, facts);
		if (option == OPTION_HOST && !host)
			tell_text(facts, FIELD_DHCP_HOSTNAME, 0, value);
		type = type || option == OPTION_TYPE;
		host = host || option == OPTION_HOST;
	}
	return told_all(in, facts);
}

/* --- DHCPv6 -------------------------------------------------------------- */

#define V6_RELAY_FORWARD 12
#define V6_RELAY_REPLY   13
#define V6_TYPE_MAX      36
#define V6_OPTION_CLIENT 1
#define V6_OPTION_SERVER 2
#define V6_OPTION_ASKED  6
#define V6_OPTION_RELAY  9
#define V6_OPTION_MAX    150

/* RFC 8415 11: who somebody is. */
static bool is_duid(struct reader r)
{
	uint16_t type = reader_u16(&r);

	return r.left > 0 && type >= 1 && type <= 4;
}

/* The options fill what is left, and one says who asks. */
static bool v6_options_fit(struct reader r, bool relay)
{
	bool who = false;

	while (r.left > 0) {
		uint16_t option = reader_u16(&r), len = reader_u16(&r);
		struct reader value = reader_sub(&r, len);

		if (value.failed || option == 0 || option > V6_OPTION_MAX)
			return false;
		if (option == V6_OPTION_CLIENT || option == V6_OPTION_SERVER) {
			if (!is_duid(value))
				return false;
			who = true;
		}
		/* Whoever only wants to know something may stay unknown. */
		if (option == (relay ? V6_OPTION_RELAY : V6_OPTION_ASKED))
			who = true;
	}
	return who && reader_done(&r);
}

static enum probe_result dhcpv6_probe(const struct probe *first)
{
	struct reader r = probe_either(first);
	uint8_t type = reader_u8(&r);
	bool relay = type == V6_RELAY_FORWARD || type == V6_RELAY_REPLY;

	if (type == 0 || type > V6_TYPE_MAX)
		return PROBE_NO;
	/* Hops and two addresses, or the number of the transaction. */
	reader_skip(&r, relay ? 33 : 3);
	return probe_yes_if(r.left > 0 && v6_options_fit(r, relay));
}

static enum proto_result dhcpv6_feed(void *state, enum dir dir,
				     struct reader *in, struct facts *facts)
{
	static const char *const types[] = {"",
					    "solicit",
					    "advertise",
					    "request",
					    "confirm",
					    "renew",
					    "rebind",
					    "reply",
					    "release",
					    "decline",
					    "reconfigure",
					    "information-request",
					    "relay-forward",
					    "relay-reply"};
	uint8_t type = reader_peek(in, 0);

	(void)state;
	(void)dir;
	if (type < sizeof(types) / sizeof(*types))
		facts_add(facts, FIELD_DHCP_TYPE, 0, str_of(types[type]));
	return told_all(in, facts);
}

const struct proto proto_dhcp = {
	.name = "dhcp",
	.app = APP_DHCP,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = dhcp_probe,
	.feed = dhcp_feed,
};

const struct proto proto_dhcpv6 = {
	.name = "dhcpv6",
	.app = APP_DHCP,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = dhcpv6_probe,
	.feed = dhcpv6_feed,
};
