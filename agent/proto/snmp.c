/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SNMP 1, 2c (RFC 1157, RFC 1901) and 3 (RFC 3412, RFC 3414): one sequence that
 * fills the datagram, with a version and what belongs to that version.
 */
#include "agent/proto/ber.h"
#include "agent/proto/datagram.h"
#include "agent/proto/tell.h"

#define PDU_FIRST 0
#define PDU_LAST  8
#define TAG_PDU   0xa0

struct snmp {
	uint32_t version; /* as on the wire: 0, 1, 3 */
	struct reader community, user;
	int pdu; /* -1: sealed */
};

/* RFC 3412 6, RFC 3414 2.4. */
static bool version3_read(struct reader r, struct snmp *m)
{
	struct reader global = ber_take(&r, BER_SEQUENCE), usm;
	uint32_t model;

	(void)ber_u32(&global);
	(void)ber_u32(&global);
	if (ber_take(&global, BER_OCTETS).left != 1)
		return false;
	model = ber_u32(&global);
	usm = ber_take(&r, BER_OCTETS);
	if (r.failed || !reader_done(&global))
		return false;
	if (model == 3) {
		struct reader p = ber_take(&usm, BER_SEQUENCE);

		(void)ber_take(&p, BER_OCTETS);
		(void)ber_u32(&p);
		(void)ber_u32(&p);
		m->user = ber_take(&p, BER_OCTETS);
		if (p.failed || !reader_done(&usm))
			return false;
	}
	m->pdu = -1;
	if (reader_peek(&r, 0) == BER_OCTETS) {
		(void)ber_take(&r, BER_OCTETS);
		return reader_done(&r);
	}
	usm = ber_take(&r, BER_SEQUENCE);
	(void)ber_take(&usm, BER_OCTETS);
	(void)ber_take(&usm, BER_OCTETS);
	m->pdu = reader_peek(&usm, 0) - TAG_PDU;
	return reader_done(&r) && !usm.failed && m->pdu >= PDU_FIRST &&
	       m->pdu <= PDU_LAST;
}

static bool message_read(struct reader r, struct snmp *m)
{
	struct reader all = ber_take(&r, BER_SEQUENCE), pdu;

	*m = (struct snmp){.version = ber_u32(&all)};
	if (all.failed || !reader_done(&r))
		return false;
	if (m->version == 3)
		return version3_read(all, m);
	if (m->version > 1)
		return false;
	m->community = ber_take(&all, BER_OCTETS);
	m->pdu = reader_peek(&all, 0) - TAG_PDU;
	if (all.failed || m->pdu < PDU_FIRST || m->pdu > PDU_LAST)
		return false;
	pdu = ber_take(&all, (uint8_t)(TAG_PDU + m->pdu));
	return pdu.left > 0 && reader_done(&all);
}

static enum probe_result snmp_probe(const struct probe *first)
{
	struct snmp m;

	return probe_yes_if(message_read(probe_either(first), &m));
}

static enum proto_result snmp_feed(void *state, enum dir dir, struct reader *in,
				   struct facts *facts)
{
	static const char *const pdus[PDU_LAST + 1] = {
		"get_request",    "get_next_request", "response",
		"set_request",    "trap_v1",          "get_bulk_request",
		"inform_request", "trap_v2",          "report"};
	struct snmp m;

	(void)state;
	(void)dir;
	if (message_read(*in, &m)) {
		tell_number(facts, FIELD_SNMP_VERSION, 0,
			    m.version == 3 ? 3 : m.version + 1);
		tell_text(facts, FIELD_SNMP_COMMUNITY, 0, m.community);
		tell_text(facts, FIELD_SNMP_USER, 0, m.user);
		if (m.pdu >= 0)
			facts_add(facts, FIELD_SNMP_PDU, 0,
				  str_of(pdus[m.pdu]));
	}
	return told_all(in, facts);
}

const struct proto proto_snmp = {
	.name = "snmp",
	.app = APP_SNMP,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = snmp_probe,
	.feed = snmp_feed,
};
