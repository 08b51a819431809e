/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS messages for scripts. */
#pragma once

#include "tests/unit/support.h"

enum { DNS_A = 1, DNS_CNAME = 5, DNS_AAAA = 28, DNS_SVCB = 64, DNS_HTTPS = 65 };

/* "www.example.org" as labels; "." is the root. */
static inline void dns_put_name(struct bytes *b, const char *name)
{
	while (*name && strcmp(name, ".") != 0) {
		size_t n = strcspn(name, ".");

		bytes_u8(b, (unsigned)n);
		bytes_add(b, name, n);
		name += n + (name[n] == '.');
	}
	bytes_u8(b, 0);
}

static inline void dns_begin(struct bytes *b, unsigned id, unsigned flags,
			     const char *name, unsigned type)
{
	b->n = 0;
	bytes_u16(b, id);
	bytes_u16(b, flags);
	bytes_u16(b, 1);
	bytes_u16(b, 0);
	bytes_u32(b, 0);
	dns_put_name(b, name);
	bytes_u16(b, type);
	bytes_u16(b, 1);
}

static inline struct reader dns_question(struct bytes *b, unsigned id,
					 const char *name, unsigned type)
{
	dns_begin(b, id, 0x0100, name, type);
	return reader_of(b->p, b->n);
}

static inline void dns_answer(struct bytes *b, unsigned id, const char *name,
			      unsigned type)
{
	dns_begin(b, id, 0x8180, name, type);
}

/* One more record of the answer (section 1) or behind it (3). */
static inline void dns_record_in(struct bytes *b, unsigned section,
				 const char *owner, unsigned type, uint32_t ttl,
				 const void *data, size_t n)
{
	b->p[5 + 2 * section]++;
	dns_put_name(b, owner);
	bytes_u16(b, type);
	bytes_u16(b, 1);
	bytes_u32(b, ttl);
	bytes_u16(b, (unsigned)n);
	bytes_add(b, data, n);
}

static inline void dns_record(struct bytes *b, const char *owner, unsigned type,
			      uint32_t ttl, const void *data, size_t n)
{
	dns_record_in(b, 1, owner, type, ttl, data, n);
}

static inline void dns_a(struct bytes *b, const char *owner, uint32_t address)
{
	const uint8_t p[4] = {(uint8_t)(address >> 24),
			      (uint8_t)(address >> 16), (uint8_t)(address >> 8),
			      (uint8_t)address};

	dns_record(b, owner, DNS_A, 1, p, 4);
}

/* A parameter of an SVCB or HTTPS record. */
static inline void dns_parameter(struct bytes *data, unsigned key,
				 const void *value, size_t n)
{
	bytes_u16(data, key);
	bytes_u16(data, (unsigned)n);
	bytes_add(data, value, n);
}

static inline void dns_alias(struct bytes *b, const char *owner,
			     const char *target)
{
	static struct bytes data;

	data.n = 0;
	dns_put_name(&data, target);
	dns_record(b, owner, DNS_CNAME, 1, data.p, data.n);
}
