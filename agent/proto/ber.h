/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ASN.1 in the basic encoding (X.690), as far as SNMP and Kerberos need it:
 * tags of one byte, definite lengths. */
#pragma once

#include "policy/base/reader.h"

#define BER_BOOLEAN      0x01
#define BER_INTEGER      0x02
#define BER_OCTETS       0x04
#define BER_OID          0x06
#define BER_ENUMERATED   0x0a
#define BER_GENERAL_TEXT 0x1b
#define BER_SEQUENCE     0x30
#define BER_CONTEXT(n)   (0xa0 | (n))
#define BER_APP(n)       (0x60 | (n))

static inline uint32_t ber_length(struct reader *r)
{
	uint8_t first = reader_u8(r);
	uint32_t len = 0;

	if (first < 0x80)
		return first;
	if (first == 0x80 || first > 0x84)
		r->failed = true;
	for (unsigned i = 0; i < (first & 7u) && !r->failed; i++)
		len = len << 8 | reader_u8(r);
	return len;
}

/* What the next element holds; a failed reader when it has another tag. */
static inline struct reader ber_take(struct reader *r, uint8_t tag)
{
	if (reader_u8(r) != tag)
		*r = (struct reader){.failed = true};
	return reader_sub(r, ber_length(r));
}

/* The next integer, which is not negative and has 4 bytes at most (and a zero
 * before them). */
static inline uint32_t ber_u32(struct reader *r)
{
	struct reader n = ber_take(r, BER_INTEGER);
	uint32_t v = 0;

	if (n.left == 0 || n.left > 5 || (n.left == 5 && reader_u8(&n) != 0))
		*r = (struct reader){.failed = true};
	while (n.left > 0)
		v = v << 8 | reader_u8(&n);
	return v;
}
