/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses, ranges and sets of ranges, for IPv4 and IPv6 alike. */
#pragma once

#include "policy/base/err.h"
#include "policy/base/str.h"

#include <endian.h>
#include <stdint.h>

struct arena;

enum ip_family { IP_NONE = 0, IP_V4 = 4, IP_V6 = 6 };

/* Network byte order; an IPv4 address uses the first four bytes, the rest is
 * zero, so that two addresses are equal when their bytes are. */
struct ipaddr {
	uint8_t bytes[16];
	uint8_t family; /* enum ip_family */
};

/* Both ends belong to it and are of one family. */
struct iprange {
	struct ipaddr lo, hi;
};

/* Sorted, disjoint, merged ranges: IPv4 before IPv6.  Items: arena. */
struct ipset {
	const struct iprange *items;
	size_t n;
	/* Of long sets that are kept; 0: see ipset_name() and ipset_size(). */
	uint64_t name, size;
};

/* The digest of the items; false without memory. */
bool ipset_name(const struct ipset *s, uint64_t *out);

/* How many addresses it has, UINT64_MAX for any more. */
uint64_t ipset_size(const struct ipset *s);

#define IPADDR_TEXT_MAX  46
#define IPRANGE_TEXT_MAX 96

static inline struct ipaddr ipaddr_v4(const uint8_t bytes[4])
{
	struct ipaddr a = {.family = IP_V4};

	memcpy(a.bytes, bytes, 4);
	return a;
}

static inline struct ipaddr ipaddr_v6(const uint8_t bytes[16])
{
	struct ipaddr a = {.family = IP_V6};

	memcpy(a.bytes, bytes, 16);
	return a;
}

/* Bytes of an address of this family: 4 or 16. */
static inline size_t ipaddr_len(enum ip_family family)
{
	return family == IP_V4 ? 4 : 16;
}

/* Eight of its bytes as the number they are. */
static inline uint64_t ipaddr_half(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

static inline bool ipaddr_eq(const struct ipaddr *a, const struct ipaddr *b)
{
	return a->family == b->family &&
	       ipaddr_half(a->bytes) == ipaddr_half(b->bytes) &&
	       ipaddr_half(a->bytes + 8) == ipaddr_half(b->bytes + 8);
}

/* <0, 0, >0: family first, then the bytes.  Lists of a million are sorted,
 * merged and looked through with this; what an IPv4 address does not use is
 * zero. */
static inline int ipaddr_cmp(const struct ipaddr *a, const struct ipaddr *b)
{
	uint64_t x = a->family, y = b->family;

	for (size_t i = 0; x == y && i < sizeof(a->bytes); i += sizeof(x)) {
		x = ipaddr_half(a->bytes + i);
		y = ipaddr_half(b->bytes + i);
	}
	return (x > y) - (x < y);
}

/* The address after or before it; false when there is none. */
bool ipaddr_next(struct ipaddr *a);
bool ipaddr_prev(struct ipaddr *a);

/* "192.0.2.1" or "2001:db8::1": no brackets, no zone, no leading zeros. */
FW_MUST_CHECK enum fw_err ipaddr_parse(struct str text,
				       struct ipaddr *out_addr);

/* An address, "ADDRESS/LENGTH" or "LOW-HIGH".  FW_ERR_INVAL when it is none of
 * them; FW_ERR_LIMIT when host bits are set behind the prefix length
 * (10.0.0.1/8), which is more often a slip than a wish. */
FW_MUST_CHECK enum fw_err iprange_parse(struct str text,
					struct iprange *out_range);

/* "ADDRESS", "ADDRESS:PORT" or "[ADDRESS]:PORT", the last for IPv6; *out_port
 * 0: there is none. */
FW_MUST_CHECK enum fw_err
ipaddr_port_parse(struct str text, struct ipaddr *out_addr, uint16_t *out_port);

/* Canonical text (RFC 5952); returns `buf`, which holds IPADDR_TEXT_MAX. */
const char *ipaddr_print(const struct ipaddr *a, char *buf);

/* As an address, a prefix where it is one, else "LOW-HIGH"; `buf` holds
 * IPRANGE_TEXT_MAX. */
const char *iprange_print(const struct iprange *r, char *buf);

/* Length of the prefix that the range is exactly, or -1. */
int iprange_prefix_len(const struct iprange *r);

/* How many addresses it has, or `most` if there are more. */
uint64_t iprange_size(const struct iprange *r, uint64_t most);

/* Sort and merge `n` ranges (changed in place) into a set that borrows them. */
struct ipset ipset_of(struct iprange *ranges, size_t n);

/* The number of ranges that begin at or before a. */
size_t ipset_begun(const struct ipset *s, const struct ipaddr *a);

bool ipset_among(const struct ipset *s, const struct ipaddr *a);

/* Most sets that are asked are empty. */
static inline bool ipset_has(const struct ipset *s, const struct ipaddr *a)
{
	return s->n > 0 && ipset_among(s, a);
}

/* The first range of b that shares an address with a, or NULL; borrowed. */
const struct iprange *ipset_overlap(const struct ipset *a,
				    const struct ipset *b);

/* What is in a and not in b; items from the arena.  FW_ERR_NOMEM when that
 * gives none. */
FW_MUST_CHECK enum fw_err ipset_subtract(struct arena *arena,
					 const struct ipset *a,
					 const struct ipset *b,
					 struct ipset *out_set);

/* The ranges of one family only; borrowed from s. */
struct ipset ipset_family(const struct ipset *s, enum ip_family family);

/* Does it have every address of the family? */
bool ipset_is_all(const struct ipset *s, enum ip_family family);
