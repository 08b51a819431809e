/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames of HTTP/2, one after the other. */
#pragma once

#include "agent/limits.h"
#include "tests/unit/support.h"

#include <stdio.h>

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

enum { DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, CONTINUATION = 9 };
enum { END = 4, PADDED = 8, WITH_PRIORITY = 0x20 };

/* Fields: ":method: GET", ":path: /", ":scheme: http" by the static table, and
 * any as they are: "\0", lengths and texts. */
#define GET    "\x82"
#define ROOT   "\x84"
#define SCHEME "\x86"
#define USUAL  GET ROOT SCHEME
#define AT       \
	"\1\x09" \
	"a.example" /* :authority */

static struct bytes wire;

static inline void frame(unsigned type, unsigned flags, unsigned stream,
			 const void *p, size_t n)
{
	bytes_u8(&wire, (unsigned)n >> 16);
	bytes_u16(&wire, (unsigned)n & 0xffff);
	bytes_u8(&wire, type);
	bytes_u8(&wire, flags);
	bytes_u32(&wire, stream);
	bytes_add(&wire, p, n);
}

#define FRAME(type, flags, stream, text) \
	frame((type), (flags), (stream), (text), sizeof(text) - 1)

static inline void begin(void)
{
	wire.n = 0;
	bytes_text(&wire, PREFACE);
	FRAME(SETTINGS, 0, 0, "\0\3\0\0\0\x64");
}

static inline void expect(const char *want)
{
	struct turn t = {DIR_CLIENT, reader_of(wire.p, wire.n)};

	expect_every_split(&t, 1, want);
	survive_every_flip(&t, 1);
}

#define OF_GET " http.http_method[0,0]=GET http.url[0,0]=/"
