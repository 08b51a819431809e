/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text of a policy as libconfig gets it: all includes in place, in one
 * piece, free of what libconfig would swallow or choke on; and the way back
 * from its lines to the files.
 */
#pragma once

#include "policy/ast.h"
#include "policy/base/diag.h"
#include "policy/base/str.h"
#include "policy/base/strbuf.h"
#include "policy/base/vec.h"

/* Ceilings; each is reported with its place. */
#define SOURCE_TOTAL_MAX     (64UL * 1024 * 1024) /* with all that is included */
#define SOURCE_INCLUDES_MAX  1000
#define SOURCE_INCLUDE_DEPTH 10
#define SOURCE_NESTING_MAX   16
#define SOURCE_GROUP_MAX     10000
/* libconfig looks through a group for each new member; this is about a second
 * of that. */
#define SOURCE_WORK_MAX 60000000UL

/* Lines from `first` on stem from `file`, beginning with its line `line`. */
struct source_piece {
	unsigned first;
	struct place at;
};

struct source_bracket {
	char open;
	struct place place;
	size_t first; /* of its keys in `keys` */
};

struct source {
	struct diag_list *diags;
	struct strbuf text;
	VEC(struct source_piece) pieces;
	unsigned line; /* of the text, the one being written */
	unsigned includes;
	bool includes_allowed;
	struct source_bracket brackets[SOURCE_NESTING_MAX];
	unsigned depth;     /* brackets open */
	word_list keys;     /* of the groups that are open, the outer first */
	struct word last;   /* the last word read, which may be a key */
	char before;        /* first byte of the token before; 'a': a word */
	unsigned long work; /* of libconfig */
	const char *chain[SOURCE_INCLUDE_DEPTH + 1]; /* files being read */
	size_t errors_before;
};

/* Start with nothing.  `diags` is borrowed. */
void source_init(struct source *s, struct diag_list *diags, bool includes);
void source_done(struct source *s);

/* Add a file or a text with all that it includes; complaints go to `diags`.
 * `name` is borrowed (arena of `diags`).  `from`: who asked for the file. */
void source_add_file(struct source *s, const char *name, struct place from,
		     unsigned include_depth);
void source_add_text(struct source *s, struct str text, const char *name,
		     unsigned include_depth);

/* After the last: what is still open?  True when all was well and libconfig
 * may see the text. */
bool source_finish(struct source *s);

/* The place of a line of the text. */
struct place source_place(const struct source *s, unsigned line);

/* That line itself, without what is around it; borrowed from s. */
struct str source_line(const struct source *s, unsigned line);
