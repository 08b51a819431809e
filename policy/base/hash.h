/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hashes: one that names a text, one that strangers cannot steer. */
#pragma once

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* FNV-1a, 64 bits: to tell two texts of one author apart, no more. */
uint64_t hash_text(const void *data, size_t len);

static inline uint64_t hash_rotate(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

/* The number of up to eight bytes. */
static inline uint64_t hash_number(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return le64toh(v);
}

struct hash_sip {
	uint64_t v0, v1, v2, v3;
};

static inline void hash_round(struct hash_sip *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = hash_rotate(s->v1, 13) ^ s->v0;
	s->v3 = hash_rotate(s->v3, 16) ^ s->v2;
	s->v0 = hash_rotate(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = hash_rotate(s->v1, 17) ^ s->v2;
	s->v3 = hash_rotate(s->v3, 21) ^ s->v0;
	s->v2 = hash_rotate(s->v2, 32);
}

static inline void hash_block(struct hash_sip *s, uint64_t m)
{
	s->v3 ^= m;
	hash_round(s);
	s->v0 ^= m;
}

/* SipHash-1-3 (Aumasson, Bernstein 2012; with the rounds that CPython and Rust
 * take for their tables): for tables whose keys outsiders choose.  `key`: 16
 * secret bytes. */
static inline uint64_t hash_keyed(const uint8_t key[16], const void *data,
				  size_t len)
{
	const uint8_t *p = data;
	uint64_t k0 = hash_number(key, 8), k1 = hash_number(key + 8, 8);
	struct hash_sip s = {
		k0 ^ 0x736f6d6570736575ULL, k1 ^ 0x646f72616e646f6dULL,
		k0 ^ 0x6c7967656e657261ULL, k1 ^ 0x7465646279746573ULL};
	uint64_t last = (uint64_t)len << 56;
	size_t i;

	for (i = 0; i + 8 <= len; i += 8)
		hash_block(&s, hash_number(p + i, 8));
	if (i < len)
		last |= hash_number(p + i, len - i);
	hash_block(&s, last);
	s.v2 ^= 0xff;
	hash_round(&s);
	hash_round(&s);
	hash_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
