/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the unit tests share: guard pages, messages, stream deliveries. */
#pragma once

#include "agent/proto/stack.h"
#include "policy/base/arena.h"
#include "policy/base/reader.h"
#include "policy/facts.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* A copy of n bytes whose last byte stands before an unreadable page; valid
 * until the second next call. */
const uint8_t *at_page_end(const void *data, size_t n);

/* Run one suite; the program's exit status. */
int run_made_suite(Suite *suite);

/* The same of one test case that `add` fills. */
int run_suite(const char *name, void (*add)(TCase *tc));

/* A message under construction. */
struct bytes {
	uint8_t p[65536 * 2];
	size_t n;
};

void bytes_add(struct bytes *b, const void *p, size_t n);
void bytes_u8(struct bytes *b, unsigned v);
void bytes_u16(struct bytes *b, unsigned v);
void bytes_u32(struct bytes *b, uint32_t v);
void bytes_text(struct bytes *b, const char *z);

/* A dialogue: whose bytes come next. */
struct turn {
	enum dir dir;
	struct reader bytes;
};

/* Both directions of one flow before a stack, as the engine keeps them. */
struct wire {
	struct arena arena;
	struct facts facts;
	struct proto_stack stack;
	struct bytes unread[2];
};

struct wire *wire_new(void);
void wire_free(struct wire *w);

/* Deliver bytes, then offer both directions until neither moves. */
void wire_send(struct wire *w, enum dir dir, const void *p, size_t n);

/* All turns, each in pieces of `piece` bytes (0: whole), the first turn cut in
 * two at `cut` if that is not 0. */
void wire_play(struct wire *w, const struct turn *turns, size_t n, size_t piece,
	       size_t cut);

/* All that is known, as text: "http settled; http.method[0]=GET ...".  Owned.
 */
char *wire_text(struct wire *w);

/* The dialogue gives this text whole, byte by byte, and with each of its turns
 * cut in two at every point. */
void expect_every_split(const struct turn *turns, size_t n, const char *text);

/* Each byte of each turn set to some values: no crash, no hang. */
void survive_every_flip(const struct turn *turns, size_t n);

/* The same of datagrams, which arrive as they are. */
void expect_datagrams(const struct turn *turns, size_t n, const char *want);

/* Each datagram cut short at every byte, and each byte set to some values. */
void survive_every_datagram(const struct turn *turns, size_t n);

/* One side says a text; NULs are part of it. */
#define SAYS(dir, text)                                                  \
	{                                                                \
		(dir),                                                   \
		{                                                        \
			(const uint8_t *)(text), sizeof(text) - 1, false \
		}                                                        \
	}
#define C(text) SAYS(DIR_CLIENT, text)
#define S(text) SAYS(DIR_SERVER, text)

struct dialogue {
	struct turn turns[8]; /* the first without bytes ends them */
	const char *want;
};

/* However they are cut, the dialogues give what is wanted; with any bit flipped
 * they give something. */
void expect_dialogues(const struct dialogue *cases, size_t n);

#define EXPECT_ALL(cases) \
	expect_dialogues((cases), sizeof(cases) / sizeof(*(cases)))

/* No prefix of the first turn settles a layer; the last byte stands before an
 * unreadable page. */
void no_prefix_settles(struct reader message);
