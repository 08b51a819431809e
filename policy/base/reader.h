/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bounded cursor: the only way to bytes from the network.
 *
 * The first read that does not fit sets `failed`; from then on every read
 * yields zero, so a parser may read a whole header and test once.  A reader is
 * a value: copy it to try, assign it back to commit.  The bytes are borrowed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
	const uint8_t *p;
	size_t left;
	bool failed;
};

static inline struct reader reader_of(const void *data, size_t len)
{
	return (struct reader){.p = data, .left = len};
}

/* The next n bytes, borrowed, or NULL when fewer are left. */
static inline const uint8_t *reader_take(struct reader *r, size_t n)
{
	const uint8_t *p = r->p;

	if (r->failed || n > r->left) {
		*r = (struct reader){.failed = true};
		return NULL;
	}
	if (n > 0)
		r->p += n;
	r->left -= n;
	return p;
}

static inline void reader_skip(struct reader *r, size_t n)
{
	(void)reader_take(r, n);
}

/* A child over the next n bytes; a failed one when they are not there. */
static inline struct reader reader_sub(struct reader *r, size_t n)
{
	const uint8_t *p = reader_take(r, n);

	return (struct reader){
		.p = p, .left = r->failed ? 0 : n, .failed = r->failed};
}

/* Numbers in bytes that reader_take() gave. */
static inline uint16_t number_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t number_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static inline uint8_t reader_u8(struct reader *r)
{
	const uint8_t *p = reader_take(r, 1);

	if (!p)
		return 0;
	return p[0];
}

static inline uint16_t reader_u16(struct reader *r)
{
	const uint8_t *p = reader_take(r, 2);

	if (!p)
		return 0;
	return number_u16(p);
}

static inline uint32_t reader_u24(struct reader *r)
{
	const uint8_t *p = reader_take(r, 3);

	if (!p)
		return 0;
	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline uint32_t reader_u32(struct reader *r)
{
	const uint8_t *p = reader_take(r, 4);

	if (!p)
		return 0;
	return number_u32(p);
}

/* Byte i of what is left, without consuming; 0 when there is none. */
static inline uint8_t reader_peek(const struct reader *r, size_t i)
{
	if (r->failed || i >= r->left || !r->p)
		return 0;
	return r->p[i];
}

/* Offset of the first byte `c` from `from` on, or `left` when there is none. */
static inline size_t reader_find(const struct reader *r, uint8_t c, size_t from)
{
	size_t i = from;

	while (i < r->left && r->p[i] != c)
		i++;
	return i < r->left ? i : r->left;
}

/* How many of the next bytes are `c`, one behind the other. */
static inline size_t reader_run(const struct reader *r, uint8_t c)
{
	size_t n = 0;

	while (n < r->left && r->p[n] == c)
		n++;
	return n;
}

/* The good end of a message: all was there and nothing is left over. */
static inline bool reader_done(const struct reader *r)
{
	return !r->failed && r->left == 0;
}
