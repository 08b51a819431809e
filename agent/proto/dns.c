/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DNS over UDP and TCP (RFC 1035), and what shares its format: mDNS (RFC
 * 6762), LLMNR (RFC 4795), the name service of NetBIOS (RFC 1002 4.2).
 *
 * Modules see neither ports nor addresses, so these are told apart by what
 * their messages hold: mDNS by a name below "local" and no flag, NetBIOS by its
 * names of 32 letters and its types, LLMNR by its query for one label without
 * any flag.  All else is DNS.
 *
 * A decision has what it needs with a message: all its questions.  Each further
 * one of the client is judged anew where a policy asks for names.  Datagrams
 * behind the first that are no DNS are passed over, but not where some were
 * judged, for a server may read them; over TCP they are malformed.
 */
#include "agent/limits.h"
#include "agent/proto/dns_tell.h"
#include "agent/proto/proto.h"

#define LENGTH_LEN      2
#define TYPE_NB         0x20
#define TYPE_NBSTAT     0x21
#define TYPE_A          1
#define TYPE_PTR        12
#define TYPE_AAAA       28
#define TYPE_ANY        255
#define OPCODE_QUERY    0
#define OPCODE_UPDATE   5
#define OPCODE_STATEFUL 6
/* The first message of a client. */
#define QUERY_MAX 0x1000
/* The longest name, type and class. */
#define QUESTION_MAX 260

struct dns_state {
	struct dns_told told;
	bool asked; /* by the client */
	bool begun; /* TCP: some of the client's next message is there */
	bool deaf;  /* TCP: of the server it is not known where one begins */
};

/* The first name and type of a message, of a question or a record. */
struct dns_first {
	struct dns_header header;
	struct dns_name name;
	uint16_t type;
};

static bool is_message(struct reader whole)
{
	return dns_message_fits(whole) || dns_message_is_sloppy(whole);
}

static bool opcode_is_known(unsigned opcode)
{
	return opcode <= OPCODE_STATEFUL && opcode != 3;
}

/* A whole message, by the grammar, that asks or answers something.  A question
 * has no result; whoever invents an operation has no more than a question. */
static bool first_read(struct reader whole, struct dns_first *out)
{
	struct reader at = whole;
	const uint16_t *n = out->header.counts;
	struct dns_record record;
	uint16_t class;

	if (!dns_header_read(&at, &out->header) || n[DNS_QUESTION] > 64)
		return false;
	if (dns_message_is_sloppy(whole))
		return dns_question_read(&whole, &at, &out->name, &out->type,
					 &class) == DNS_FITS;
	if (!(out->header.flags & DNS_FLAG_RESPONSE) &&
	    (out->header.flags & DNS_RCODE_MASK))
		return false;
	if (n[DNS_QUESTION] == 0 && n[DNS_ANSWER] == 0)
		return false;
	if (!dns_message_fits(whole))
		return false;
	if (n[DNS_QUESTION] > 0)
		return dns_question_read(&whole, &at, &out->name, &out->type,
					 &class) == DNS_FITS;
	if (!dns_record_read(&at, &record))
		return false;
	out->type = record.type;
	return dns_name_read(&whole, &record.name, &out->name) == DNS_FITS;
}

static struct str last_label(const struct dns_name *name)
{
	return str_mem(&name->text[name->last], name->len - name->last);
}

/* Some that ask do set an id; no flag they set, least that for recursion. */
static bool is_mdns(const struct dns_first *m)
{
	struct str last = last_label(&m->name);

	if ((m->header.flags &
	     ~(DNS_FLAG_RESPONSE | DNS_FLAG_AA | DNS_FLAG_TC)) != 0)
		return false;
	return str_eq_nocase(last, str_of("local")) ||
	       (m->header.id == 0 && str_eq_nocase(last, str_of("arpa")));
}

static bool is_netbios(const struct dns_first *m)
{
	return (m->type == TYPE_NB || m->type == TYPE_NBSTAT) &&
	       dns_name_is_netbios(&m->name);
}

/* RFC 4795 2.1.1: a query has no flag, not even that recursion is desired; a
 * name of one label is what is asked of neighbours. */
static bool is_llmnr(const struct dns_first *m)
{
	const uint16_t *n = m->header.counts;
	unsigned flags = m->header.flags & ~(unsigned)DNS_FLAG_RESPONSE;

	return m->header.id != 0 && flags == 0 && n[DNS_QUESTION] == 1 &&
	       n[DNS_AUTHORITY] == 0 && n[DNS_ADDITIONAL] == 0 &&
	       (n[DNS_ANSWER] == 0 || (m->header.flags & DNS_FLAG_RESPONSE)) &&
	       m->name.labels == 1 &&
	       (m->type == TYPE_A || m->type == TYPE_AAAA ||
		m->type == TYPE_PTR || m->type == TYPE_ANY);
}

/* More than the format: what may stand where the operation is a known one. */
static bool is_dns(const struct dns_first *m)
{
	const uint16_t *n = m->header.counts;

	if (opcode_is_known(dns_opcode(&m->header)))
		return true;
	return n[DNS_QUESTION] == 1 && n[DNS_AUTHORITY] == 0 &&
	       n[DNS_ADDITIONAL] == 0;
}

static enum probe_result datagram_probe(const struct probe *first,
					bool (*is)(const struct dns_first *))
{
	bool server = first->client.left == 0;
	struct dns_first m;

	if (!first_read(server ? first->server : first->client, &m))
		return PROBE_NO;
	/* A server answers; that a client does is the way of mDNS, and of
	 * captures that begin in the middle. */
	if (server && !(m.header.flags & DNS_FLAG_RESPONSE) && is == is_dns)
		return PROBE_NO;
	return is(&m) ? PROBE_YES : PROBE_NO;
}

static enum probe_result mdns_probe(const struct probe *first)
{
	return datagram_probe(first, is_mdns);
}

static enum probe_result llmnr_probe(const struct probe *first)
{
	return datagram_probe(first, is_llmnr);
}

static enum probe_result netbios_probe(const struct probe *first)
{
	return datagram_probe(first, is_netbios);
}

static enum probe_result dns_udp_probe(const struct probe *first)
{
	return datagram_probe(first, is_dns);
}

/* A question by which a client could begin: of what a server would only pass
 * over, nothing needs to be looked at. */
static bool is_question(struct reader datagram,
			bool (*is)(const struct dns_first *))
{
	struct dns_first m;

	return first_read(datagram, &m) &&
	       !(m.header.flags & DNS_FLAG_RESPONSE) &&
	       m.header.counts[DNS_QUESTION] > 0 && is(&m);
}

static bool mdns_is_question(struct reader datagram)
{
	return is_question(datagram, is_mdns);
}

static bool llmnr_is_question(struct reader datagram)
{
	return is_question(datagram, is_llmnr);
}

static bool netbios_is_question(struct reader datagram)
{
	return is_question(datagram, is_netbios);
}

static bool dns_is_question(struct reader datagram)
{
	return is_question(datagram, is_dns);
}

static void message_tell(struct dns_state *st, enum dir dir,
			 struct reader message, struct facts *facts)
{
	/* An answer repeats the question. */
	dns_tell(message, dir == DIR_CLIENT || !st->asked, &st->told, facts);
	if (dir == DIR_CLIENT)
		st->asked = true;
	if (!st->begun)
		facts_layer_settle(facts, false);
}

static enum proto_result datagram_feed(void *state, enum dir dir,
				       struct reader *in, struct facts *facts)
{
	const struct dns_state *st = state;

	if (!is_message(*in)) {
		if (dir == DIR_CLIENT && facts->judged)
			return PROTO_BAD;
	} else {
		if (dir == DIR_CLIENT && st->asked)
			facts_layer_again(facts);
		message_tell(state, dir, *in, facts);
	}
	reader_skip(in, in->left);
	return PROTO_MORE;
}

/* There is no body. */
static uint64_t dns_skips(const void *state)
{
	(void)state;
	return 0;
}

static void dns_skip(void *state, uint64_t n)
{
	(void)state;
	(void)n;
}

/* --- over TCP: a length before each message ------------------------------ */

/* As much of a header as there is: a query without result, one question. */
static bool query_begins(const struct reader *message)
{
	static const struct {
		uint8_t at, mask;
	} zero[] = {{2, DNS_FLAG_RESPONSE >> 8},
		    {4, 0xff},
		    {6, 0xff},
		    {8, 0xff},
		    {10, 0xff}};

	for (size_t i = 0; i < sizeof(zero) / sizeof(*zero); i++)
		if (reader_peek(message, zero[i].at) & zero[i].mask)
			return false;
	return message->left < 6 || reader_peek(message, 5) == 1;
}

/* What can be said before a query is all there. */
static enum probe_result query_probe(struct reader message, size_t length)
{
	struct reader at = message;
	struct dns_header h;
	struct dns_name name;
	uint16_t type, class;

	if (!query_begins(&message))
		return PROBE_NO;
	if (!dns_header_read(&at, &h))
		return PROBE_MORE;
	if ((h.flags & DNS_FLAG_RESPONSE) || !opcode_is_known(dns_opcode(&h)) ||
	    h.counts[DNS_QUESTION] != 1)
		return PROBE_NO;
	if (dns_opcode(&h) == OPCODE_QUERY && h.counts[DNS_ANSWER] > 0)
		return PROBE_NO;
	if (dns_opcode(&h) != OPCODE_UPDATE &&
	    h.counts[DNS_ANSWER] + h.counts[DNS_AUTHORITY] +
			    h.counts[DNS_ADDITIONAL] >
		    8)
		return PROBE_NO;
	switch (dns_question_read(&message, &at, &name, &type, &class)) {
	case DNS_BAD:
		return PROBE_NO;
	case DNS_SHORT:
		return message.left == length ? PROBE_NO : PROBE_MORE;
	case DNS_FITS:
		break;
	}
	return PROBE_MORE;
}

static enum probe_result dns_tcp_probe(const struct probe *first)
{
	struct reader r = first->client, message;
	size_t length = reader_u16(&r);

	if (first->server.left > 0)
		return PROBE_NO;
	/* Nobody asks with more, not even with a ticket of Kerberos. */
	if (reader_peek(&first->client, 0) >= QUERY_MAX >> 8)
		return PROBE_NO;
	if (r.failed)
		return PROBE_MORE;
	if (length < DNS_HEADER_LEN + 5)
		return PROBE_NO;
	if (r.left < length) {
		/* What there was of the question has been looked at. */
		if (first->seen > LENGTH_LEN + DNS_HEADER_LEN + QUESTION_MAX)
			return PROBE_MORE;
		return query_probe(r, length);
	}
	message = reader_sub(&r, length);
	if (query_probe(message, length) == PROBE_NO)
		return PROBE_NO;
	return is_message(message) ? PROBE_YES : PROBE_NO;
}

/* A message and its length; false when they are not there yet. */
static bool message_take(struct reader *in, struct reader *out_message)
{
	struct reader r = *in;

	*out_message = reader_sub(&r, reader_u16(&r));
	if (out_message->failed)
		return false;
	*in = r;
	return true;
}

static enum proto_result tcp_client(struct dns_state *st, struct reader *in,
				    struct facts *facts)
{
	struct reader message;

	while (in->left > 0) {
		if (!st->begun && st->asked)
			facts_layer_again(facts);
		st->begun = true;
		if (!message_take(in, &message))
			return PROTO_MORE;
		if (!is_message(message))
			return PROTO_BAD;
		st->begun = false;
		message_tell(st, DIR_CLIENT, message, facts);
	}
	return PROTO_MORE;
}

static enum proto_result dns_tcp_feed(void *state, enum dir dir,
				      struct reader *in, struct facts *facts)
{
	struct dns_state *st = state;
	struct reader message;

	if (dir == DIR_CLIENT)
		return tcp_client(st, in, facts);
	while (!st->deaf && message_take(in, &message)) {
		st->deaf = !dns_message_fits(message);
		if (!st->deaf)
			message_tell(st, dir, message, facts);
	}
	if (st->deaf)
		reader_skip(in, in->left);
	return PROTO_MORE;
}

static void dns_tcp_lose(void *state)
{
	struct dns_state *st = state;

	st->deaf = true;
}

const struct proto proto_dns_tcp = {
	.name = "dns-tcp",
	.app = APP_DNS,
	.state_size = sizeof(struct dns_state),
	.ceiling = LIMIT_DNS_MESSAGE,
	.probe = dns_tcp_probe,
	.feed = dns_tcp_feed,
	.skips = dns_skips,
	.skip = dns_skip,
	.lose = dns_tcp_lose,
};

const struct proto proto_dns_udp = {
	.name = "dns-udp",
	.app = APP_DNS,
	.state_size = sizeof(struct dns_state),
	.ceiling = LIMIT_DNS_MESSAGE,
	.probe = dns_udp_probe,
	.feed = datagram_feed,
	.skips = dns_skips,
	.skip = dns_skip,
	.is_hello = dns_is_question,
};

const struct proto proto_mdns = {
	.name = "mdns",
	.app = APP_MDNS,
	.state_size = sizeof(struct dns_state),
	.ceiling = LIMIT_DNS_MESSAGE,
	.probe = mdns_probe,
	.feed = datagram_feed,
	.skips = dns_skips,
	.skip = dns_skip,
	.is_hello = mdns_is_question,
};

const struct proto proto_llmnr = {
	.name = "llmnr",
	.app = APP_LLMNR,
	.state_size = sizeof(struct dns_state),
	.ceiling = LIMIT_DNS_MESSAGE,
	.probe = llmnr_probe,
	.feed = datagram_feed,
	.skips = dns_skips,
	.skip = dns_skip,
	.is_hello = llmnr_is_question,
};

const struct proto proto_netbios_name = {
	.name = "netbios-name",
	.app = APP_NETBIOS,
	.state_size = sizeof(struct dns_state),
	.ceiling = LIMIT_DNS_MESSAGE,
	.probe = netbios_probe,
	.feed = datagram_feed,
	.skips = dns_skips,
	.skip = dns_skip,
	.is_hello = netbios_is_question,
};
