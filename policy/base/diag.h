/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the compiler has to say to a person: severity, stable code, place,
 * message, and notes with places of their own.  Nobody below main prints.
 *
 *	office.conf:12: error: unknown key 'snni' in a rule [unknown-key]
 *	office.conf:12: note: did you mean 'sni'?
 */
#pragma once

#include "policy/base/arena.h"
#include "policy/base/vec.h"

struct strbuf;

/* Where something was written.  `file` is borrowed from the arena; line 0 means
 * the whole file. */
struct place {
	const char *file;
	unsigned line;
};

enum diag_severity { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE };

struct diag {
	enum diag_severity severity;
	const char *code; /* static, "" for a note */
	struct place place;
	const char *text;
};

/* At most this many are kept; what comes after is only counted.  Warnings may
 * take half of the room, so that they never hide an error. */
#define DIAG_KEEP_MAX 200

struct diag_list {
	struct arena *arena;
	VEC(struct diag) all;
	size_t errors, warnings, dropped;
	bool skipping; /* the last was dropped, and so are its notes */
};

void diag_init(struct diag_list *l, struct arena *arena);

/* Is there no room for another error?  What it would take long to say of it
 * need not be found then. */
bool diag_is_full(const struct diag_list *l);

void diag_error(struct diag_list *l, struct place at, const char *code,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void diag_warning(struct diag_list *l, struct place at, const char *code,
		  const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Belongs to the error or warning before it. */
void diag_note(struct diag_list *l, struct place at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* s for use in a message: in single quotes, control bytes and broken UTF-8 as
 * \xNN, cut when long.  Never NULL.  Arena. */
const char *diag_quote(struct diag_list *l, struct str s);

/* All of them as lines "file:line: error: text [code]". */
void diag_print(const struct diag_list *l, struct strbuf *out);
