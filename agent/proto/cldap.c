/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * LDAP without a connection, as domain controllers are looked for (MS-ADTS
 * 6.3.3): a search in a datagram, and in another what it has found (RFC 4511
 * 4.5).  A search must be one to its last byte.
 */
#include "agent/proto/ber.h"
#include "agent/proto/datagram.h"
#include "agent/proto/tell.h"

#define OP_SEARCH 0x63
#define OP_ENTRY  0x64
#define OP_DONE   0x65
#define CONTROLS  BER_CONTEXT(0)
#define SCOPE_MAX 3
#define DEREF_MAX 3

static bool is_small(struct reader n, uint8_t most)
{
	return n.left == 1 && reader_u8(&n) <= most;
}

static bool search_fits(struct reader r)
{
	bool small;

	(void)ber_take(&r, BER_OCTETS);
	small = is_small(ber_take(&r, BER_ENUMERATED), SCOPE_MAX) &&
		is_small(ber_take(&r, BER_ENUMERATED), DEREF_MAX);
	(void)ber_u32(&r);
	(void)ber_u32(&r);
	small &= is_small(ber_take(&r, BER_BOOLEAN), UINT8_MAX);
	/* A filter has a tag of its context. */
	if ((reader_peek(&r, 0) & 0xc0) != 0x80)
		return false;
	(void)ber_take(&r, reader_peek(&r, 0));
	(void)ber_take(&r, BER_SEQUENCE);
	return small && reader_done(&r);
}

static bool entry_fits(struct reader r)
{
	(void)ber_take(&r, BER_OCTETS);
	(void)ber_take(&r, BER_SEQUENCE);
	return reader_done(&r);
}

static bool done_fits(struct reader r)
{
	(void)ber_take(&r, BER_ENUMERATED);
	(void)ber_take(&r, BER_OCTETS);
	(void)ber_take(&r, BER_OCTETS);
	return !r.failed;
}

/* One message; its operation, or 0. */
static uint8_t message_read(struct reader *r)
{
	struct reader message = ber_take(r, BER_SEQUENCE), body;
	uint8_t op;

	(void)ber_u32(&message);
	op = reader_peek(&message, 0);
	body = ber_take(&message, op);
	if (message.left > 0)
		(void)ber_take(&message, CONTROLS);
	if (body.failed || !reader_done(&message))
		return 0;
	switch (op) {
	case OP_SEARCH:
		return search_fits(body) ? op : 0;
	case OP_ENTRY:
		return entry_fits(body) ? op : 0;
	case OP_DONE:
		return done_fits(body) ? op : 0;
	}
	return 0;
}

/* A client searches; a server says what there is, in as many messages. */
static enum probe_result cldap_probe(const struct probe *first)
{
	struct reader r = probe_either(first);
	uint8_t op = message_read(&r);

	while (op && op != OP_SEARCH && r.left > 0 && !r.failed) {
		uint8_t next = message_read(&r);

		op = next == OP_SEARCH ? 0 : next;
	}
	if (first->client.left > 0 && op != OP_SEARCH)
		return PROBE_NO;
	return probe_yes_if(op && reader_done(&r));
}

static enum proto_result cldap_feed(void *state, enum dir dir,
				    struct reader *in, struct facts *facts)
{
	(void)state;
	if (dir == DIR_CLIENT)
		facts_add(facts, FIELD_LDAP_OPERATION, 0,
			  str_of("search_request"));
	return told_all(in, facts);
}

const struct proto proto_cldap = {
	.name = "cldap",
	.app = APP_LDAP,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = cldap_probe,
	.feed = cldap_feed,
};
