/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between source.c (files, pieces) and source_scan.c (what is in them). */
#pragma once

#include "policy/source.h"

/* The reading of one file. */
struct scan {
	struct source *source;
	const char *file;
	struct str left; /* still to be read */
	unsigned line;   /* of the file */
	unsigned depth;  /* of includes */
	bool fresh;      /* nothing but blanks on this line yet */
	size_t gap;      /* text behind the last string begins here */
	bool after_string;
	bool muddled; /* one such complaint is enough */
};

/* Go over the whole file. */
void source_scan(struct scan *c);

/* An '@include' of this name at the place of c. */
void source_include(struct scan *c, struct str name);

/* No key of the group whose keys begin with `first` may stand twice; they are
 * forgotten. */
void source_keys_end(struct source *s, size_t first);

static inline struct place here(const struct scan *c)
{
	return (struct place){c->file, c->line};
}

/* Bytes up to and without the first `stop`, or all. */
static inline size_t length_until(struct str s, char stop)
{
	const char *p = s.len ? memchr(s.p, stop, s.len) : NULL;

	return p ? (size_t)(p - s.p) : s.len;
}
