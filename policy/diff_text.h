/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What two policies say differently, entry by entry: rules by their names. */
#pragma once

#include "policy/base/str.h"
#include "policy/base/vec.h"

/* One value of one entry: {"egress 'browse'", "host", before, after}; a value
 * that is not there is empty.  Text as in the canonical form; arena. */
struct text_change {
	struct str entry, key, before, after;
};

struct text_diff {
	VEC(struct text_change) changes; /* those of one entry together */
	VEC(struct str) moved;           /* entries whose order differs */
	bool failed;                     /* no memory */
};

/* Compare two canonical texts (ast_print). */
void diff_text(struct str before, struct str after, struct arena *arena,
	       struct text_diff *out);

/* The words of a list value that the other has not, as "a, b"; arena.  A value
 * that is no list is one word. */
struct str diff_words(struct str value, struct str other, struct arena *arena);
