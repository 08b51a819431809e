/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RFC 1035 4.1, RFC 1034 3.6.2 (CNAME), RFC 9460 2 and 7.3 (SVCB, HTTPS). */
#include "agent/binding/answer.h"

#include "agent/proto/dns_message.h"

#include <stdlib.h>

#define TYPE_A        1
#define TYPE_CNAME    5
#define TYPE_AAAA     28
#define TYPE_SVCB     64
#define TYPE_HTTPS    65
#define OPCODE_QUERY  0
#define SVCB_IPV4HINT 4
#define SVCB_IPV6HINT 6

#define FIRST_QUESTIONS 4

/* An answer on its way into the table. */
struct answer {
	struct bindings *b;
	const struct binding_askers *askers;
	struct reader whole, records; /* the message; its answers */
	unsigned n_records;
	uint32_t now, floor;
	/* From the name asked to the one that has the addresses. */
	uint64_t chain[LIMIT_BINDING_CHAIN];
	unsigned n_chain, n_addresses, n_targets;
};

static uint64_t name_of(const struct bindings *b, const struct dns_name *name)
{
	return bindings_name(b, str_mem(name->text, name->len));
}

static bool header_of(struct reader *at, struct dns_header *out)
{
	return dns_header_read(at, out) && dns_opcode(out) == OPCODE_QUERY &&
	       out->counts[DNS_QUESTION] == 1;
}

/* Room for one more, unless there is all that there may be. */
static bool make_room(struct binding_questions **q)
{
	unsigned n = *q ? (*q)->n : 0, more = n ? 2 * n : FIRST_QUESTIONS;
	struct binding_questions *grown;

	if (*q && ((*q)->next < n || n >= LIMIT_BINDING_QUESTIONS))
		return true;
	grown = realloc(*q, sizeof(*grown) + more * sizeof(*grown->ring));
	if (!grown)
		return false;
	if (!*q)
		grown->next = 0;
	memset(&grown->ring[n], 0, (more - n) * sizeof(*grown->ring));
	grown->n = more;
	*q = grown;
	return true;
}

bool binding_note_question(const struct bindings *b,
			   struct binding_questions **q, struct reader message)
{
	struct reader at = message;
	struct dns_header h;
	struct dns_name name;
	uint16_t type, class;

	if (!header_of(&at, &h) || (h.flags & DNS_FLAG_RESPONSE) ||
	    dns_question_read(&message, &at, &name, &type, &class) !=
		    DNS_FITS ||
	    class != DNS_CLASS_IN)
		return true;
	if (!make_room(q))
		return false;
	(*q)->ring[(*q)->next++ % (*q)->n] =
		(struct binding_question){name_of(b, &name), h.id, type};
	return true;
}

static bool was_asked(const struct binding_questions *q,
		      const struct binding_question *what)
{
	for (unsigned i = 0; q && i < q->n; i++)
		if (q->ring[i].type == what->type &&
		    q->ring[i].id == what->id && q->ring[i].name == what->name)
			return true;
	return false;
}

/* --- what it tells ------------------------------------------------------- */

static uint32_t expiry_of(const struct answer *a, uint32_t ttl)
{
	/* RFC 2181 8: the highest bit is none. */
	if (ttl > INT32_MAX)
		ttl = 0;
	if (ttl > BINDING_MOST_SECONDS)
		ttl = BINDING_MOST_SECONDS;
	return a->now + (ttl > a->floor ? ttl : a->floor);
}

static void learn_address(struct answer *a, const struct ipaddr *address,
			  uint32_t ttl)
{
	const struct binding_client *who =
		address->family == IP_V4 ? &a->askers->v4 : &a->askers->v6;

	if (a->n_addresses++ >= LIMIT_BINDING_ADDRESSES)
		return;
	for (unsigned i = 0; i < a->n_chain; i++)
		bindings_learn(a->b, who, a->chain[i], address, a->now,
			       expiry_of(a, ttl));
}

static void learn_data(struct answer *a, struct reader *data,
		       enum ip_family family, uint32_t ttl)
{
	const uint8_t *p = reader_take(data, ipaddr_len(family));
	struct ipaddr address;

	if (!p)
		return;
	address = family == IP_V4 ? ipaddr_v4(p) : ipaddr_v6(p);
	learn_address(a, &address, ttl);
}

static void learn_target(struct answer *a, uint64_t target, uint32_t ttl)
{
	unsigned n = a->n_targets++;

	for (unsigned i = 0; i < a->n_chain; i++) {
		bindings_alias(a->b, &a->askers->v4, a->chain[i], target, n,
			       a->now, expiry_of(a, ttl));
		bindings_alias(a->b, &a->askers->v6, a->chain[i], target, n,
			       a->now, expiry_of(a, ttl));
	}
}

/* Priority, target, parameters: addresses to try, and whom to ask for more.
 * A target "." is the owner itself. */
static void learn_service(struct answer *a, const struct dns_record *record)
{
	struct reader data = record->data, at = record->rest;
	struct dns_name target;
	size_t head; /* bytes before the parameters */

	reader_skip(&at, 2);
	if (dns_name_read(&a->whole, &at, &target) != DNS_FITS)
		return;
	head = record->rest.left - at.left;
	if (head > data.left)
		return;
	if (target.labels > 0)
		learn_target(a, name_of(a->b, &target), record->ttl);
	reader_skip(&data, head);
	while (data.left > 0) {
		uint16_t key = reader_u16(&data);
		struct reader value = reader_sub(&data, reader_u16(&data));

		while (key == SVCB_IPV4HINT && value.left > 0)
			learn_data(a, &value, IP_V4, record->ttl);
		while (key == SVCB_IPV6HINT && value.left > 0)
			learn_data(a, &value, IP_V6, record->ttl);
	}
}

static void learn_record(struct answer *a, const struct dns_record *record)
{
	struct reader data = record->data;

	if (record->type == TYPE_A)
		learn_data(a, &data, IP_V4, record->ttl);
	else if (record->type == TYPE_AAAA)
		learn_data(a, &data, IP_V6, record->ttl);
	else if (record->type == TYPE_SVCB || record->type == TYPE_HTTPS)
		learn_service(a, record);
}

/* --- the way from name to name ------------------------------------------- */

/* The next record of class IN that belongs to the last name of the chain. */
static bool next_record(const struct answer *a, struct reader *at,
			unsigned *left, struct dns_record *out)
{
	while (*left > 0) {
		struct dns_name owner;
		struct reader name;

		(*left)--;
		if (!dns_record_read(at, out))
			return false;
		name = out->name;
		if (out->class == DNS_CLASS_IN &&
		    dns_name_read(&a->whole, &name, &owner) == DNS_FITS &&
		    name_of(a->b, &owner) == a->chain[a->n_chain - 1])
			return true;
	}
	return false;
}

/* One step: the name that stands for the last one. */
static bool follow(struct answer *a)
{
	struct reader at = a->records;
	unsigned left = a->n_records;
	struct dns_record record;

	while (a->n_chain < LIMIT_BINDING_CHAIN &&
	       next_record(a, &at, &left, &record)) {
		struct reader data = record.rest;
		struct dns_name to;
		uint64_t hash;

		if (record.type != TYPE_CNAME ||
		    dns_name_read(&a->whole, &data, &to) != DNS_FITS)
			continue;
		hash = name_of(a->b, &to);
		for (unsigned i = 0; i < a->n_chain; i++)
			if (a->chain[i] == hash)
				return false;
		a->chain[a->n_chain++] = hash;
		return true;
	}
	return false;
}

static void learn_all(struct answer *a)
{
	struct reader at = a->records;
	unsigned left = a->n_records;
	struct dns_record record;

	while (follow(a))
		;
	while (next_record(a, &at, &left, &record))
		learn_record(a, &record);
}

/* "_8443._https.example.org" is asked for the sake of what stands behind. */
static struct str without_prefixes(const struct dns_name *name)
{
	struct str s = str_mem(name->text, name->len);

	while (s.len > 0 && s.p[0] == '_') {
		const char *dot = memchr(s.p, '.', s.len);

		s = str_skip(s, dot ? (size_t)(dot - s.p) + 1 : s.len);
	}
	return s;
}

bool binding_learn_answer(struct bindings *b, const struct binding_questions *q,
			  const struct binding_askers *askers,
			  struct reader message, uint32_t now, uint32_t floor)
{
	struct answer a = {.b = b,
			   .askers = askers,
			   .whole = message,
			   .records = message,
			   .now = now,
			   .floor = floor};
	struct binding_question asked;
	struct dns_header h;
	struct dns_name name;
	uint16_t class;

	if (!dns_header_read(&a.records, &h) ||
	    !(h.flags & DNS_FLAG_RESPONSE) || h.counts[DNS_ANSWER] == 0)
		return true;
	if (dns_opcode(&h) != OPCODE_QUERY || h.counts[DNS_QUESTION] != 1 ||
	    dns_question_read(&message, &a.records, &name, &asked.type,
			      &class) != DNS_FITS)
		return false;
	asked.name = name_of(b, &name);
	asked.id = h.id;
	if (!was_asked(q, &asked))
		return false;
	a.n_records = h.counts[DNS_ANSWER];
	if (asked.type == TYPE_SVCB || asked.type == TYPE_HTTPS)
		a.chain[a.n_chain++] =
			bindings_name(b, without_prefixes(&name));
	a.chain[a.n_chain++] = asked.name;
	learn_all(&a);
	return true;
}
