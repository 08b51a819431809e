/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growable text for output, with a ceiling. */
#pragma once

#include "policy/base/str.h"

struct strbuf {
	char *p; /* NUL-terminated once something was added */
	size_t len, cap;
	size_t ceiling; /* bytes at most; 0 = 1 GiB */
	bool failed;    /* no memory or at the ceiling: the text is cut */
	bool full;      /* and that was at the ceiling */
	bool borrowed;  /* p is the room of strbuf_init_in() */
};

void strbuf_init(struct strbuf *b, size_t ceiling);

/* Texts of up to `size` - 1 bytes take no other memory than `room`, which is to
 * live as long. */
void strbuf_init_in(struct strbuf *b, char *room, size_t size, size_t ceiling);
void strbuf_done(struct strbuf *b);

/* Each adds to the end; after a failure nothing changes any more, so a writer
 * tests `failed` once. */
void strbuf_add(struct strbuf *b, struct str s);
void strbuf_addz(struct strbuf *b, const char *z);
void strbuf_addf(struct strbuf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* What was written so far; borrowed, never a NULL pointer. */
const char *strbuf_text(const struct strbuf *b);
