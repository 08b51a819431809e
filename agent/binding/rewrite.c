/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RFC 1035 4.1, RFC 9460 2.2 and 14.3.2 (keys), RFC 6895 3.1 (types).
 *
 * What is taken out of a record stays in it as a parameter of a key for private
 * use, at its end, as keys must rise; its value is zero.  A record that is not
 * by the grammar becomes one of a type for private use, and a message that is
 * not, a failure.  Where a name is denied, all records together become one of
 * those, in the place of who is asked (RFC 2308 2: without SOA, none is to keep
 * it).
 */
#include "agent/binding/rewrite.h"

#include "agent/limits.h"
#include "agent/proto/dns_message.h"
#include "policy/base/str.h"

#include <string.h>

#define TYPE_SVCB      64
#define TYPE_HTTPS     65
#define TYPE_PRIVATE   65280
#define KEY_MANDATORY  0
#define KEY_ECH        5
#define KEY_PRIVATE    65280
#define KEY_LAST       65534
#define PARAMETER_HEAD 4
#define RECORD_HEAD    11 /* of the root's */
#define RCODE_NOERROR  0
#define RCODE_SERVFAIL 2
#define RCODE_NXDOMAIN 3

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* --- parameters ---------------------------------------------------------- */

/* Those of one record: bytes that are taken out leave room at the end. */
struct parameters {
	uint8_t *p;
	size_t n, taken;
};

static void take_out(struct parameters *all, size_t at, size_t n)
{
	memmove(all->p + at, all->p + at + n, all->n - at - n);
	all->n -= n;
	all->taken += n;
}

/* Whole, in rising order.  Their last key is noted. */
static bool is_good(const struct parameters *all, unsigned *out_last)
{
	struct reader r = reader_of(all->p, all->n);
	unsigned before = 0;

	for (bool first = true; r.left > 0; first = false) {
		unsigned key = reader_u16(&r);

		reader_skip(&r, reader_u16(&r));
		if (r.failed || (!first && key <= before))
			return false;
		before = key;
	}
	*out_last = before;
	return true;
}

/* Where the parameter is; false: it is not there. */
static bool find(const struct parameters *all, unsigned key, size_t *out_at,
		 size_t *out_n)
{
	struct reader r = reader_of(all->p, all->n);

	while (r.left > 0) {
		size_t at = all->n - r.left;
		unsigned is = reader_u16(&r);
		size_t n = reader_u16(&r);

		reader_skip(&r, n);
		if (is != key)
			continue;
		*out_at = at;
		*out_n = PARAMETER_HEAD + n;
		return true;
	}
	return false;
}

/* A client must pass over a record without what it lists (RFC 9460 8). */
static void mend_mandatory(struct parameters *all)
{
	size_t at, n, i;

	if (!find(all, KEY_MANDATORY, &at, &n))
		return;
	for (i = at + PARAMETER_HEAD; i + 2 <= at + n; i += 2)
		if (number_u16(all->p + i) == KEY_ECH)
			break;
	if (i + 2 > at + n)
		return;
	if (n == PARAMETER_HEAD + 2) {
		take_out(all, at, n);
		return;
	}
	take_out(all, i, 2);
	put16(all->p + at + 2, (unsigned)n - PARAMETER_HEAD - 2);
}

/* False: it is not by the grammar, or has no room for what it is to hold. */
static bool strip(struct parameters all, bool *out_stripped)
{
	unsigned last, filler = KEY_PRIVATE;
	size_t at, n;

	if (!is_good(&all, &last))
		return false;
	if (!find(&all, KEY_ECH, &at, &n))
		return true;
	if (last == KEY_LAST || last > KEY_LAST)
		return false;
	if (last >= KEY_PRIVATE)
		filler = last + 1;
	take_out(&all, at, n);
	mend_mandatory(&all);
	put16(all.p + all.n, filler);
	put16(all.p + all.n + 2, (unsigned)all.taken - PARAMETER_HEAD);
	memset(all.p + all.n + PARAMETER_HEAD, 0, all.taken - PARAMETER_HEAD);
	*out_stripped = true;
	return true;
}

/* --- records ------------------------------------------------------------- */

/* Priority and target before the parameters; no pointer leads into them. */
static void strip_record(uint8_t *message, size_t have,
			 const struct dns_record *record,
			 struct rewrite_result *out)
{
	uint8_t *data = message + (have - record->rest.left);
	struct reader r = record->data;
	bool good;

	reader_skip(&r, 2);
	good = dns_name_skip(&r);
	if (good) {
		size_t head = record->data.left - r.left;

		good = strip((struct parameters){.p = data + head, .n = r.left},
			     &out->stripped);
	}
	out->changed |= out->stripped || !good;
	/* Type, class, time to live and length stand before the data. */
	if (!good)
		put16(data - 10, TYPE_PRIVATE);
}

/* --- messages ------------------------------------------------------------ */

/* From there on nothing is said but what one record hides. */
static void hide_rest(uint8_t *p, size_t from, size_t total)
{
	size_t n = total - from;

	memset(p + from, 0, n);
	memset(p + 6, 0, 6);
	if (n < RECORD_HEAD)
		return;
	put16(p + 8, 1);
	put16(p + from + 1, TYPE_PRIVATE);
	put16(p + from + 3, DNS_CLASS_IN);
	put16(p + from + 9, (unsigned)(n - RECORD_HEAD));
}

static void fail(uint8_t *p, size_t total)
{
	unsigned keep = DNS_FLAG_RESPONSE | DNS_OPCODE_MASK | DNS_FLAG_RD;

	put16(p + 2, (number_u16(p + 2) & keep) | RCODE_SERVFAIL);
	put16(p + 4, 0);
	hide_rest(p, DNS_HEADER_LEN, total);
}

/* Over the questions; false when they are not all there. */
static bool skip_questions(struct reader *at, unsigned n)
{
	while (n-- > 0) {
		if (!dns_name_skip(at))
			return false;
		reader_skip(at, 4);
	}
	return !at->failed;
}

/* Over all records that are whole; their last byte is where `at` stands.
 * False: there should be more. */
static bool strip_records(uint8_t *p, size_t have, struct reader *at,
			  const struct dns_header *h,
			  struct rewrite_result *out)
{
	unsigned left = 0u + h->counts[DNS_ANSWER] + h->counts[DNS_AUTHORITY] +
			h->counts[DNS_ADDITIONAL];

	while (left-- > 0) {
		struct reader next = *at;
		struct dns_record record;

		if (!dns_record_read(&next, &record))
			return false;
		if (record.type == TYPE_SVCB || record.type == TYPE_HTTPS)
			strip_record(p, have, &record, out);
		*at = next;
	}
	return true;
}

/* Negative answers by which a network says that it has a resolver for those
 * within it. */
static const struct {
	const char *name;
	uint8_t rcode;
} canaries[] = {
	/* Firefox:
	 * https://support.mozilla.org/kb/canary-domain-use-application-dnsnet
	 */
	{"use-application-dns.net", RCODE_NXDOMAIN},
	/* Apple: developer.apple.com, prepare your network for iCloud Private
	 * Relay. */
	{"mask.icloud.com", RCODE_NXDOMAIN},
	{"mask-h2.icloud.com", RCODE_NXDOMAIN},
	/* RFC 9462 4: no data where there is no designated resolver. */
	{"_dns.resolver.arpa", RCODE_NOERROR},
};

/* False: none is asked for. */
static bool canary_of(const uint8_t *p, size_t n, const struct dns_header *h,
		      unsigned *out_rcode)
{
	struct reader whole = reader_of(p, n), at = whole;
	struct dns_name name;

	reader_skip(&at, DNS_HEADER_LEN);
	for (unsigned i = 0; i < h->counts[DNS_QUESTION]; i++) {
		if (dns_name_read(&whole, &at, &name) != DNS_FITS)
			return false;
		reader_skip(&at, 4);
		for (size_t j = 0; j < sizeof(canaries) / sizeof(*canaries);
		     j++) {
			if (!str_eq_nocase(str_mem(name.text, name.len),
					   str_of(canaries[j].name)))
				continue;
			*out_rcode = canaries[j].rcode;
			return true;
		}
	}
	return false;
}

/* `at` is behind the questions. */
static bool deny(uint8_t *p, struct reader at, size_t total,
		 const struct dns_header *h, struct rewrite_result *out)
{
	unsigned keep =
		DNS_FLAG_RESPONSE | DNS_OPCODE_MASK | DNS_FLAG_RD | DNS_FLAG_RA;
	unsigned rcode;

	if (!canary_of(p, total, h, &rcode))
		return false;
	/* The resolver says so itself. */
	if (h->counts[DNS_ANSWER] == 0 &&
	    (h->flags & DNS_RCODE_MASK) == RCODE_NXDOMAIN)
		return true;
	put16(p + 2, (h->flags & keep) | rcode);
	hide_rest(p, total - at.left, total);
	out->changed = out->denied = true;
	return true;
}

/* Of what breaks the grammar.  Returns what is final. */
static size_t spoil(uint8_t *p, struct reader at, size_t have, size_t total,
		    struct rewrite_result *out)
{
	if (at.failed)
		at = reader_of(p + DNS_HEADER_LEN, have - DNS_HEADER_LEN);
	if (have < total)
		return have - at.left;
	out->changed = true;
	if (total <= LIMIT_ANSWER_WAITS)
		fail(p, total);
	else
		memset(p + (total - at.left), 0, at.left);
	return total;
}

size_t rewrite_answer(const struct rewrite *what, uint8_t *p, size_t have,
		      size_t total, struct rewrite_result *out)
{
	struct reader at = reader_of(p, have);
	bool waits = total <= LIMIT_ANSWER_WAITS;
	struct dns_header h;

	*out = (struct rewrite_result){0};
	if (waits && have < total)
		return 0;
	if (!dns_header_read(&at, &h))
		return have == total ? total : 0;
	if (!(h.flags & DNS_FLAG_RESPONSE))
		return have;
	if (!skip_questions(&at, h.counts[DNS_QUESTION]))
		return spoil(p, at, have, total, out);
	if (what->denies && waits && deny(p, at, total, &h, out))
		return total;
	if (!what->strips)
		return have;
	if (!strip_records(p, have, &at, &h, out))
		return spoil(p, at, have, total, out);
	/* What is changed is not what was signed (RFC 4035 3.2.3). */
	if (waits && out->stripped)
		put16(p + 2, h.flags & ~(unsigned)DNS_FLAG_AD);
	return have;
}
