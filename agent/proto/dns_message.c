/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RFC 1035 4.1; pointers: 4.1.4. */
#include "agent/proto/dns_message.h"

#include "agent/limits.h"

/* The wire form of a name without its last byte. */
#define NAME_WIRE_MAX 254
#define LABEL_TYPE    0xc0
#define CLASS_CHAOS   3
#define CLASS_HESIOD  4
#define CLASS_NONE    254
#define CLASS_ANY     255
/* mDNS: the answer may come straight to who asked (RFC 6762 18.12). */
#define CLASS_UNICAST 0x8000

bool dns_header_read(struct reader *r, struct dns_header *out)
{
	out->id = reader_u16(r);
	out->flags = reader_u16(r);
	for (unsigned i = 0; i < 4; i++)
		out->counts[i] = reader_u16(r);
	return !r->failed;
}

static void label_add(struct dns_name *out, struct reader label)
{
	if (out->labels > 0)
		out->text[out->len++] = '.';
	out->labels++;
	out->last = out->len;
	while (label.left > 0) {
		char c = (char)reader_u8(&label);

		if (c == '.' || c == '\\')
			out->text[out->len++] = '\\';
		out->text[out->len++] = c;
	}
}

/* The low byte of a pointer is next: go where it points. */
static enum dns_fit jump(const struct reader *whole, struct reader *r,
			 uint8_t high, struct reader *out_behind)
{
	size_t to = (size_t)(high & ~LABEL_TYPE) << 8 | reader_u8(r);

	if (r->failed)
		return DNS_SHORT;
	if (to < DNS_HEADER_LEN)
		return DNS_BAD;
	*out_behind = *r;
	*r = *whole;
	reader_skip(r, to);
	return r->failed ? DNS_SHORT : DNS_FITS;
}

enum dns_fit dns_name_read(const struct reader *whole, struct reader *at,
			   struct dns_name *out)
{
	struct reader r = *at, behind = *at, label;
	size_t wire = 0;
	unsigned jumps = 0;

	out->len = out->labels = 0;
	out->last = 0;
	for (;;) {
		uint8_t n = reader_u8(&r);

		if (r.failed)
			return DNS_SHORT;
		if (n == 0)
			break;
		if ((n & LABEL_TYPE) == LABEL_TYPE) {
			struct reader next;
			enum dns_fit fit = jump(whole, &r, n, &next);

			if (jumps++ == 0)
				behind = next;
			if (fit != DNS_FITS || jumps > LIMIT_DNS_JUMPS)
				return fit == DNS_FITS ? DNS_BAD : fit;
			continue;
		}
		wire += 1u + n;
		if ((n & LABEL_TYPE) || wire > NAME_WIRE_MAX)
			return DNS_BAD;
		label = reader_sub(&r, n);
		if (label.failed)
			return DNS_SHORT;
		label_add(out, label);
	}
	if (out->labels == 0)
		out->text[out->len++] = '.';
	*at = jumps > 0 ? behind : r;
	return DNS_FITS;
}

enum dns_fit dns_question_read(const struct reader *whole, struct reader *at,
			       struct dns_name *out_name, uint16_t *out_type,
			       uint16_t *out_class)
{
	enum dns_fit fit = dns_name_read(whole, at, out_name);
	unsigned class;

	if (fit != DNS_FITS)
		return fit;
	*out_type = reader_u16(at);
	*out_class = reader_u16(at);
	if (at->failed)
		return DNS_SHORT;
	class = *out_class & ~(unsigned)CLASS_UNICAST;
	if (class != DNS_CLASS_IN && class != CLASS_CHAOS &&
	    class != CLASS_HESIOD && class != CLASS_NONE && class != CLASS_ANY)
		return DNS_BAD;
	return *out_type == 0 ? DNS_BAD : DNS_FITS;
}

bool dns_name_is_netbios(const struct dns_name *name)
{
	if (name->len < DNS_NETBIOS_LABEL ||
	    (name->len > DNS_NETBIOS_LABEL &&
	     name->text[DNS_NETBIOS_LABEL] != '.'))
		return false;
	for (size_t i = 0; i < DNS_NETBIOS_LABEL; i++)
		if (name->text[i] < 'A' || name->text[i] > 'P')
			return false;
	return true;
}

size_t dns_netbios_name(const struct dns_name *name,
			char text[DNS_NETBIOS_NAME])
{
	size_t n = DNS_NETBIOS_NAME - 1;

	for (size_t i = 0; i < DNS_NETBIOS_NAME; i++)
		text[i] = (char)((name->text[2 * i] - 'A') << 4 |
				 (name->text[2 * i + 1] - 'A'));
	while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\0'))
		n--;
	return n;
}

bool dns_name_skip(struct reader *at)
{
	size_t wire = 0;

	while (!at->failed) {
		uint8_t n = reader_u8(at);

		if ((n & LABEL_TYPE) == LABEL_TYPE)
			reader_skip(at, 1);
		if (n == 0 || (n & LABEL_TYPE) == LABEL_TYPE)
			break;
		wire += 1u + n;
		if ((n & LABEL_TYPE) || wire > NAME_WIRE_MAX)
			return false;
		reader_skip(at, n);
	}
	return !at->failed;
}

bool dns_record_read(struct reader *at, struct dns_record *out)
{
	size_t len;

	out->name = *at;
	if (!dns_name_skip(at))
		return false;
	out->type = reader_u16(at);
	out->class = reader_u16(at);
	out->ttl = reader_u32(at);
	len = reader_u16(at);
	out->rest = *at;
	out->data = reader_sub(at, len);
	return !at->failed;
}

bool dns_message_is_sloppy(struct reader whole)
{
	struct reader at = whole;
	struct dns_header h;
	struct dns_name name;
	uint16_t type, class;
	struct dns_record record;

	if (!dns_header_read(&at, &h) || (h.flags & DNS_FLAG_RESPONSE) ||
	    dns_opcode(&h) != 0 || h.counts[DNS_QUESTION] != 1 ||
	    h.counts[DNS_ANSWER] || h.counts[DNS_AUTHORITY] ||
	    h.counts[DNS_ADDITIONAL] > 2 ||
	    dns_question_read(&whole, &at, &name, &type, &class) != DNS_FITS)
		return false;
	for (unsigned i = 0; i < h.counts[DNS_ADDITIONAL]; i++)
		if (!dns_record_read(&at, &record))
			return false;
	return true;
}

bool dns_message_fits(struct reader whole)
{
	struct reader at = whole;
	struct dns_header h;
	struct dns_name name;
	struct dns_record record;
	uint16_t type, class;
	unsigned records;

	if (!dns_header_read(&at, &h))
		return false;
	for (unsigned i = 0; i < h.counts[DNS_QUESTION]; i++)
		if (dns_question_read(&whole, &at, &name, &type, &class) !=
		    DNS_FITS)
			return false;
	records = 0u + h.counts[DNS_ANSWER] + h.counts[DNS_AUTHORITY] +
		  h.counts[DNS_ADDITIONAL];
	while (records-- > 0)
		if (!dns_record_read(&at, &record))
			return false;
	return reader_done(&at);
}
