/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the parts of the loading. */
#pragma once

#include "policy/feed.h"
#include "policy/load.h"

struct loading {
	struct ast *ast;
	const struct load_from *from;
	struct diag_list *diags;
	struct arena *arena;
	VEC(struct policy_file) files;
	VEC(struct list *) lists;
	size_t bytes; /* of all files */
	bool failed;  /* no memory */
};

/* A path as seen from the file that names it; arena, never NULL. */
const char *load_path(struct loading *l, const char *file, struct str path);

/* The file of a word that came with the policy; false: it did not. */
bool load_given(struct loading *l, const struct word *w,
		struct policy_file *out_file);

/* Keep the bytes of a word as a file of the policy (`hash` 0: it is made);
 * false where they are too many, and the caller frees them. */
bool load_keep(struct loading *l, const struct word *w, struct str bytes,
	       uint64_t hash, struct policy_file *out_file);

/* A place for the entries of a word; NULL without memory. */
struct ast_entries *load_entries(struct loading *l, enum list_kind kind,
				 struct str word);

/* Read entries of `out`'s kind from a file that is called `name`, unless the
 * list is known; `at` is who named it. */
void load_parse(struct loading *l, const struct policy_file *file,
		const char *name, struct place at, struct ast_entries *out);

/* load_geo.c: words of countries and autonomous systems. */
void load_geo(struct loading *l);
