/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The format of DNS messages (RFC 1035 4.1), which others use too. */
#pragma once

#include "policy/base/reader.h"

#define DNS_HEADER_LEN 12

/* Flags of the header (RFC 1035 4.1.1, RFC 4035 3.1.6). */
#define DNS_FLAG_RESPONSE 0x8000
#define DNS_OPCODE_MASK   0x7800
#define DNS_FLAG_AA       0x0400
#define DNS_FLAG_TC       0x0200
#define DNS_FLAG_RD       0x0100
#define DNS_FLAG_RA       0x0080
#define DNS_FLAG_AD       0x0020
#define DNS_RCODE_MASK    0x000f

#define DNS_CLASS_IN 1
#define DNS_TYPE_OPT 41

enum dns_section { DNS_QUESTION, DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL };

struct dns_header {
	uint16_t id, flags;
	uint16_t counts[4]; /* by enum dns_section */
};

/* Every byte of 254 with a backslash before it. */
#define DNS_NAME_TEXT_MAX 512

/* As it came, labels with dots between; a dot or a backslash inside a label
 * has a backslash before it (RFC 1035 5.1), so that no label looks like two.
 * The root is ".". */
struct dns_name {
	char text[DNS_NAME_TEXT_MAX];
	size_t len;
	unsigned labels;
	size_t last; /* where the last label begins */
};

struct dns_record {
	struct reader name; /* from there on */
	uint16_t type, class;
	uint32_t ttl;
	struct reader data;
	struct reader rest; /* from the data on to the end of the message */
};

enum dns_fit {
	DNS_BAD,
	DNS_SHORT, /* so far good */
	DNS_FITS,
};

/* False when it is not all there. */
bool dns_header_read(struct reader *r, struct dns_header *out);

/* `at` stands in the message that is `whole`, and goes on behind the name.
 * Pointers are followed, also forward, a bounded number of times. */
enum dns_fit dns_name_read(const struct reader *whole, struct reader *at,
			   struct dns_name *out);

/* Over a name, without going where it points.  False when it does not fit. */
bool dns_name_skip(struct reader *at);

/* The first label is a name of NetBIOS: 16 bytes as 32 letters from A to P (RFC
 * 1001 14.1). */
#define DNS_NETBIOS_LABEL 32
#define DNS_NETBIOS_NAME  16
bool dns_name_is_netbios(const struct dns_name *name);

/* What such a name says, without its kind and the blanks before that; how many
 * bytes that is. */
size_t dns_netbios_name(const struct dns_name *name,
			char text[DNS_NETBIOS_NAME]);

/* Name, type and class; a class nobody knows is bad. */
enum dns_fit dns_question_read(const struct reader *whole, struct reader *at,
			       struct dns_name *out_name, uint16_t *out_type,
			       uint16_t *out_class);

/* False when it does not fit. */
bool dns_record_read(struct reader *at, struct dns_record *out);

/* Header, all questions and all records, and nothing behind them. */
bool dns_message_fits(struct reader whole);

/* One question, which servers answer though its header has a result, or though
 * something stands behind it that nobody has counted. */
bool dns_message_is_sloppy(struct reader whole);

static inline unsigned dns_opcode(const struct dns_header *h)
{
	return (h->flags & DNS_OPCODE_MASK) >> 11;
}
