/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/base/ipaddr.h"

#include "policy/base/arena.h"
#include "policy/base/digest.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

bool ipaddr_next(struct ipaddr *a)
{
	for (size_t i = ipaddr_len(a->family); i-- > 0;)
		if (++a->bytes[i])
			return true;
	return false;
}

bool ipaddr_prev(struct ipaddr *a)
{
	for (size_t i = ipaddr_len(a->family); i-- > 0;)
		if (a->bytes[i]--)
			return true;
	return false;
}

enum fw_err ipaddr_parse(struct str text, struct ipaddr *out_addr)
{
	char z[IPADDR_TEXT_MAX];
	struct ipaddr a = {0};

	if (text.len == 0 || text.len >= sizeof(z) ||
	    memchr(text.p, '\0', text.len))
		return FW_ERR_INVAL;
	memcpy(z, text.p, text.len);
	z[text.len] = '\0';
	if (inet_pton(AF_INET, z, a.bytes) == 1)
		a.family = IP_V4;
	else if (inet_pton(AF_INET6, z, a.bytes) == 1)
		a.family = IP_V6;
	else
		return FW_ERR_INVAL;
	*out_addr = a;
	return FW_OK;
}

static enum fw_err parse_port(struct str text, uint16_t *out_port)
{
	unsigned n = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (!ascii_is_digit(text.p[i]) || (i > 0 && n == 0))
			return FW_ERR_INVAL;
		n = n * 10 + (unsigned)(text.p[i] - '0');
		if (n > UINT16_MAX)
			return FW_ERR_INVAL;
	}
	if (n == 0)
		return FW_ERR_INVAL;
	*out_port = (uint16_t)n;
	return FW_OK;
}

enum fw_err ipaddr_port_parse(struct str text, struct ipaddr *out_addr,
			      uint16_t *out_port)
{
	struct ipaddr a;
	uint16_t port = 0;
	size_t n = text.len;
	bool bracket;

	if (ipaddr_parse(text, &a) != FW_OK) {
		while (n > 0 && text.p[n - 1] != ':')
			n--;
		if (n == 0 || parse_port(str_skip(text, n), &port))
			return FW_ERR_INVAL;
		text.len = n - 1;
		bracket = text.len > 2 && text.p[0] == '[' &&
			  text.p[text.len - 1] == ']';
		if (bracket)
			text = str_mem(text.p + 1, text.len - 2);
		if (ipaddr_parse(text, &a) || bracket != (a.family == IP_V6))
			return FW_ERR_INVAL;
	}
	*out_addr = a;
	*out_port = port;
	return FW_OK;
}

/* Clear (`fill` 0) or set (`fill` 0xff) the bits behind the prefix. */
static struct ipaddr host_bits(struct ipaddr a, unsigned prefix, uint8_t fill)
{
	for (unsigned i = 0; i < ipaddr_len(a.family); i++) {
		unsigned keep = prefix > i * 8 ? prefix - i * 8 : 0;
		uint8_t host = 0;

		if (keep < 8)
			host = (uint8_t)(0xff >> keep);
		a.bytes[i] = (uint8_t)((a.bytes[i] & ~host) | (fill & host));
	}
	return a;
}

static enum fw_err parse_prefix(struct str addr, struct str len,
				struct iprange *out_range)
{
	struct ipaddr a;
	unsigned prefix = 0;

	if (ipaddr_parse(addr, &a) || len.len == 0 || len.len > 3)
		return FW_ERR_INVAL;
	for (size_t i = 0; i < len.len; i++) {
		if (!ascii_is_digit(len.p[i]) || (i > 0 && prefix == 0))
			return FW_ERR_INVAL;
		prefix = prefix * 10 + (unsigned)(len.p[i] - '0');
	}
	if (prefix > ipaddr_len(a.family) * 8)
		return FW_ERR_INVAL;
	out_range->lo = host_bits(a, prefix, 0);
	out_range->hi = host_bits(a, prefix, 0xff);
	return ipaddr_cmp(&out_range->lo, &a) ? FW_ERR_LIMIT : FW_OK;
}

enum fw_err iprange_parse(struct str text, struct iprange *out_range)
{
	const char *cut;
	struct iprange r;
	enum fw_err err;

	if (!text.len)
		return FW_ERR_INVAL;
	cut = memchr(text.p, '/', text.len);
	if (cut) {
		size_t n = (size_t)(cut - text.p);

		err = parse_prefix(str_mem(text.p, n), str_skip(text, n + 1),
				   &r);
		if (err)
			return err;
	} else if ((cut = memchr(text.p, '-', text.len))) {
		size_t n = (size_t)(cut - text.p);

		if (ipaddr_parse(str_mem(text.p, n), &r.lo) ||
		    ipaddr_parse(str_skip(text, n + 1), &r.hi) ||
		    r.lo.family != r.hi.family || ipaddr_cmp(&r.lo, &r.hi) > 0)
			return FW_ERR_INVAL;
	} else {
		if (ipaddr_parse(text, &r.lo))
			return FW_ERR_INVAL;
		r.hi = r.lo;
	}
	*out_range = r;
	return FW_OK;
}

const char *ipaddr_print(const struct ipaddr *a, char *buf)
{
	int af = a->family == IP_V4 ? AF_INET : AF_INET6;

	if (a->family == IP_NONE ||
	    !inet_ntop(af, a->bytes, buf, IPADDR_TEXT_MAX))
		memcpy(buf, "-", 2);
	return buf;
}

int iprange_prefix_len(const struct iprange *r)
{
	int most = (int)ipaddr_len(r->lo.family) * 8;

	/* The usual one first: lists have many. */
	if (!ipaddr_cmp(&r->lo, &r->hi))
		return most;
	for (int len = 0; len < most; len++) {
		struct ipaddr lo = host_bits(r->lo, (unsigned)len, 0);
		struct ipaddr hi = host_bits(r->lo, (unsigned)len, 0xff);

		if (!ipaddr_cmp(&lo, &r->lo) && !ipaddr_cmp(&hi, &r->hi))
			return len;
	}
	return -1;
}

const char *iprange_print(const struct iprange *r, char *buf)
{
	int prefix = iprange_prefix_len(r);
	char lo[IPADDR_TEXT_MAX], hi[IPADDR_TEXT_MAX];

	(void)ipaddr_print(&r->lo, lo);
	if (prefix == (int)ipaddr_len(r->lo.family) * 8)
		(void)snprintf(buf, IPRANGE_TEXT_MAX, "%s", lo);
	else if (prefix >= 0)
		(void)snprintf(buf, IPRANGE_TEXT_MAX, "%s/%d", lo, prefix);
	else
		(void)snprintf(buf, IPRANGE_TEXT_MAX, "%s-%s", lo,
			       ipaddr_print(&r->hi, hi));
	return buf;
}

uint64_t iprange_size(const struct iprange *r, uint64_t most)
{
	bool v4 = r->lo.family == IP_V4;
	uint64_t high = ipaddr_half(r->hi.bytes) - ipaddr_half(r->lo.bytes);
	uint64_t low = ipaddr_half(r->hi.bytes + 8),
		 from = ipaddr_half(r->lo.bytes + 8);
	uint64_t more = v4 ? high >> 32 : low - from;

	if (!v4)
		high -= low < from;
	if ((!v4 && high) || more >= most)
		return most;
	return more + 1;
}

static int range_cmp(const void *pa, const void *pb)
{
	const struct iprange *a = pa, *b = pb;
	int d = ipaddr_cmp(&a->lo, &b->lo);

	return d ? d : ipaddr_cmp(&a->hi, &b->hi);
}

/* Do b's addresses continue a's, or lie among them (a->lo <= b->lo)? */
static bool range_joins(const struct iprange *a, const struct iprange *b)
{
	struct ipaddr after = a->hi;

	if (a->lo.family != b->lo.family)
		return false;
	return !ipaddr_next(&after) || ipaddr_cmp(&b->lo, &after) <= 0;
}

/* Long lists mostly are. */
static bool are_sorted(const struct iprange *ranges, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (range_cmp(&ranges[i - 1], &ranges[i]) > 0)
			return false;
	return true;
}

struct ipset ipset_of(struct iprange *ranges, size_t n)
{
	size_t kept = 0;

	if (!are_sorted(ranges, n))
		qsort(ranges, n, sizeof(*ranges), range_cmp);
	for (size_t i = 0; i < n; i++) {
		struct iprange *last = kept ? &ranges[kept - 1] : NULL;

		if (!last || !range_joins(last, &ranges[i]))
			ranges[kept++] = ranges[i];
		else if (ipaddr_cmp(&ranges[i].hi, &last->hi) > 0)
			last->hi = ranges[i].hi;
	}
	return (struct ipset){.items = ranges, .n = kept};
}

size_t ipset_begun(const struct ipset *s, const struct ipaddr *a)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (ipaddr_cmp(&s->items[mid].lo, a) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool ipset_among(const struct ipset *s, const struct ipaddr *a)
{
	size_t i = ipset_begun(s, a);

	return i > 0 && s->items[i - 1].lo.family == a->family &&
	       ipaddr_cmp(a, &s->items[i - 1].hi) <= 0;
}

const struct iprange *ipset_overlap(const struct ipset *a,
				    const struct ipset *b)
{
	size_t i = 0, j = 0;

	while (i < a->n && j < b->n) {
		const struct iprange *ra = &a->items[i], *rb = &b->items[j];

		if (ipaddr_cmp(&ra->hi, &rb->lo) < 0)
			i++;
		else if (ipaddr_cmp(&rb->hi, &ra->lo) < 0)
			j++;
		else
			return rb;
	}
	return NULL;
}

/* Cut off the front of `rest` what lies before, and what lies in, `hole`, which
 * shares an address with it; *out_before is the former where there is one.
 * False when nothing is left. */
static bool cut_front(struct iprange *rest, const struct iprange *hole,
		      struct iprange *out_before, bool *out_some)
{
	*out_some = ipaddr_cmp(&rest->lo, &hole->lo) < 0;
	if (*out_some) {
		*out_before = (struct iprange){rest->lo, hole->lo};
		(void)ipaddr_prev(&out_before->hi);
	}
	if (ipaddr_cmp(&hole->hi, &rest->hi) >= 0)
		return false;
	rest->lo = hole->hi;
	return ipaddr_next(&rest->lo);
}

enum fw_err ipset_subtract(struct arena *arena, const struct ipset *a,
			   const struct ipset *b, struct ipset *out_set)
{
	/* Each range of b makes at most one piece more. */
	struct iprange *items =
		arena_calloc(arena, a->n + b->n + 1, sizeof(*items));
	size_t n = 0, j = 0;

	if (!items)
		return FW_ERR_NOMEM;
	for (size_t i = 0; i < a->n; i++) {
		struct iprange rest = a->items[i];
		bool left = true, some;

		while (j < b->n && ipaddr_cmp(&b->items[j].hi, &rest.lo) < 0)
			j++;
		/* The last range of b may reach into the next of a. */
		for (size_t k = j; left && k < b->n; k++) {
			if (ipaddr_cmp(&b->items[k].lo, &rest.hi) > 0)
				break;
			left = cut_front(&rest, &b->items[k], &items[n], &some);
			n += some;
		}
		if (left)
			items[n++] = rest;
	}
	*out_set = (struct ipset){.items = items, .n = n};
	return FW_OK;
}

bool ipset_is_all(const struct ipset *s, enum ip_family family)
{
	const struct ipset of = ipset_family(s, family);

	return of.n == 1 && iprange_prefix_len(&of.items[0]) == 0;
}

struct ipset ipset_family(const struct ipset *s, enum ip_family family)
{
	static const struct ipaddr last_v4 = {{255, 255, 255, 255}, IP_V4};
	size_t v4 = ipset_begun(s, &last_v4);
	size_t from = family == IP_V4 ? 0 : v4;
	size_t n = family == IP_V4 ? v4 : s->n - v4;

	if (n == 0)
		return (struct ipset){0};
	return n == s->n ? *s
			 : (struct ipset){.items = s->items + from, .n = n};
}

bool ipset_name(const struct ipset *s, uint64_t *out)
{
	*out = s->name;
	return *out || digest_of(s->items, s->n * sizeof(*s->items), out);
}

uint64_t ipset_size(const struct ipset *s)
{
	uint64_t n = 0;

	if (s->size)
		return s->size;
	for (size_t i = 0; i < s->n && n < UINT64_MAX; i++)
		n += iprange_size(&s->items[i], UINT64_MAX - n);
	return n;
}
