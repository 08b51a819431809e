/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/fwctl/defrag.h"

#include "agent/packet/packet_sum.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* Packets that are put together at one time; beyond, the oldest is dropped. */
#define PENDING_MAX 64
#define BODY_MAX    65535
#define HEADER_MAX  512
#define UNIT        8 /* offsets of fragments count in these */
#define UNITS       (BODY_MAX / UNIT + 1)

struct key {
	uint8_t src[16], dst[16];
	uint32_t id;
	uint16_t version, protocol; /* so wide that nothing lies between */
};

/* One fragment, taken apart. */
struct fragment {
	struct key key;
	struct reader header; /* what stands before the fragmented part */
	size_t next_at; /* in it: where the protocol of what follows stands */
	size_t offset;
	bool more;
	struct reader body;
};

struct pending {
	struct key key;
	uint64_t age;
	uint8_t header[HEADER_MAX];
	size_t header_len, next_at;
	size_t end; /* bytes of the whole body; 0: not known yet */
	size_t filled;
	uint8_t has[UNITS]; /* of this unit: bytes that are there */
	uint8_t body[BODY_MAX + UNIT];
};

struct defrag {
	struct pending *pending[PENDING_MAX];
	uint64_t clock;
	uint8_t whole[HEADER_MAX + BODY_MAX];
};

struct defrag *defrag_new(void)
{
	return calloc(1, sizeof(struct defrag));
}

void defrag_free(struct defrag *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < PENDING_MAX; i++)
		free(d->pending[i]);
	free(d);
}

static void copy(uint8_t *to, struct reader *from, size_t n)
{
	const uint8_t *p = reader_take(from, n);

	if (p && n > 0)
		memcpy(to, p, n);
}

static bool fragment_v4(struct reader ip, struct fragment *out)
{
	struct reader r = ip;
	size_t header = (size_t)(reader_u8(&r) & 15) * 4, len;
	uint16_t flags;

	reader_skip(&r, 1);
	len = reader_u16(&r);
	out->key.id = reader_u16(&r);
	flags = reader_u16(&r);
	out->offset = (size_t)(flags & 0x1fff) * UNIT;
	out->more = flags & 0x2000;
	reader_skip(&r, 1);
	out->key.protocol = reader_u8(&r);
	reader_skip(&r, 2);
	copy(out->key.src, &r, 4);
	copy(out->key.dst, &r, 4);
	if (r.failed || (!out->offset && !out->more) || header < 20 ||
	    len < header)
		return false;
	out->header = reader_sub(&ip, header);
	out->body = reader_sub(&ip, len - header);
	return !out->body.failed;
}

static bool is_extension(uint8_t next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING ||
	       next == IPPROTO_DSTOPTS;
}

static bool fragment_v6(struct reader ip, struct fragment *out)
{
	struct reader r = ip;
	size_t len, at = 40;
	uint8_t next;
	uint16_t flags;

	reader_skip(&r, 4);
	len = reader_u16(&r);
	next = reader_u8(&r);
	reader_skip(&r, 1);
	copy(out->key.src, &r, 16);
	copy(out->key.dst, &r, 16);
	out->next_at = 6;
	while (is_extension(next) && !r.failed) {
		size_t n;

		out->next_at = at;
		next = reader_u8(&r);
		n = (size_t)(reader_u8(&r) + 1) * 8;
		reader_skip(&r, n - 2);
		at += n;
	}
	if (next != IPPROTO_FRAGMENT)
		return false;
	out->key.protocol = reader_u8(&r);
	reader_skip(&r, 1);
	flags = reader_u16(&r);
	out->offset = flags & 0xfff8;
	out->more = flags & 1;
	out->key.id = reader_u32(&r);
	if (r.failed || len + 40 < at + 8)
		return false;
	out->header = reader_sub(&ip, at);
	out->body = reader_sub(&r, len + 40 - at - 8);
	return !out->body.failed;
}

static struct pending *pending_of(struct defrag *d, const struct fragment *f)
{
	size_t oldest = 0;
	struct pending *p;

	for (size_t i = 0; i < PENDING_MAX; i++) {
		p = d->pending[i];
		if (p && !memcmp(&p->key, &f->key, sizeof(f->key)))
			return p;
		if (d->pending[oldest] &&
		    (!p || p->age < d->pending[oldest]->age))
			oldest = i;
	}
	p = d->pending[oldest];
	if (!p)
		p = d->pending[oldest] = malloc(sizeof(*p));
	if (!p)
		return NULL;
	memset(p, 0, sizeof(*p));
	p->key = f->key;
	p->age = d->clock++;
	return p;
}

static void forget(struct defrag *d, const struct pending *gone)
{
	for (size_t i = 0; i < PENDING_MAX; i++) {
		if (d->pending[i] != gone)
			continue;
		free(d->pending[i]);
		d->pending[i] = NULL;
	}
}

/* False: it contradicts what is there. */
static bool fill(struct pending *p, const struct fragment *f)
{
	struct reader body = f->body;
	size_t end = f->offset + body.left;

	if (end > BODY_MAX || (f->more && body.left % UNIT) ||
	    (p->end && end > p->end) || (!f->more && p->end && p->end != end))
		return false;
	if (!f->more)
		p->end = end;
	for (size_t at = f->offset; body.left > 0; at += UNIT) {
		size_t n = body.left < UNIT ? body.left : UNIT;
		const uint8_t *bytes = reader_take(&body, n);
		size_t old = p->has[at / UNIT];

		if (!bytes ||
		    (old && (old != n || memcmp(&p->body[at], bytes, n) != 0)))
			return false;
		memcpy(&p->body[at], bytes, n);
		p->has[at / UNIT] = (uint8_t)n;
		p->filled += n - old;
	}
	return true;
}

static void put_u16(uint8_t *to, size_t v)
{
	to[0] = (uint8_t)(v >> 8);
	to[1] = (uint8_t)v;
}

/* The header says what it would have said of the whole. */
static void header_mend(uint8_t *header, const struct pending *p)
{
	if (p->key.version == 6) {
		header[p->next_at] = (uint8_t)p->key.protocol;
		put_u16(&header[4], p->header_len - 40 + p->end);
		return;
	}
	put_u16(&header[2], p->header_len + p->end);
	put_u16(&header[6], 0);
	put_u16(&header[10], 0);
	put_u16(&header[10], packet_sum_field(packet_sum(
				     0, reader_of(header, p->header_len))));
}

static bool join(struct defrag *d, const struct pending *p, struct reader *out)
{
	if (!p->end || p->filled != p->end || !p->header_len ||
	    p->header_len + p->end > BODY_MAX)
		return false;
	memcpy(d->whole, p->header, p->header_len);
	header_mend(d->whole, p);
	memcpy(d->whole + p->header_len, p->body, p->end);
	*out = reader_of(d->whole, p->header_len + p->end);
	return true;
}

bool defrag_take(struct defrag *d, struct reader *ip)
{
	struct fragment f = {.key.version = reader_peek(ip, 0) >> 4};
	struct pending *p;
	bool whole;

	if (f.key.version == 4 ? !fragment_v4(*ip, &f) : !fragment_v6(*ip, &f))
		return true;
	p = pending_of(d, &f);
	if (!p)
		return false;
	if (!fill(p, &f)) {
		forget(d, p);
		return false;
	}
	if (f.offset == 0 && f.header.left <= HEADER_MAX) {
		p->header_len = f.header.left;
		p->next_at = f.next_at;
		copy(p->header, &f.header, f.header.left);
	}
	whole = join(d, p, ip);
	if (whole)
		forget(d, p);
	return whole;
}
