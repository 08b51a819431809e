/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sets of addresses and of hosts as rules ask them: each is made once, at its
 * first use, and shared by all rules that name it.
 */
#pragma once

#include "policy/ast.h"
#include "policy/base/name.h"

struct lower_names {
	const struct str *words; /* patterns in normal form */
	size_t n;
	struct nameset set;
	bool made;
};

struct lower_addrs {
	struct ipset set;
	bool made;
};

struct lower_sets {
	const struct ast *ast;
	struct arena *arena;
	struct lower_addrs *addresses; /* by index of ast->addresses */
	struct lower_names *hosts;
	bool failed; /* no memory */
};

void lower_sets_init(struct lower_sets *s, const struct ast *ast,
		     struct arena *arena);

/* The set of that name, which the check has found to be there; arena. */
const struct ipset *lower_sets_addresses(struct lower_sets *s, struct str name);
const struct lower_names *lower_sets_hosts(struct lower_sets *s,
					   struct str name);

/* Ranges and sets that become one set.  A set that stays alone is not copied,
 * be it a million ranges long. */
struct gather {
	struct ipset only;
	VEC(struct iprange) all;
};

void gather_set(struct lower_sets *s, struct gather *g,
		const struct ipset *more);
/* An address, prefix or range, or a word that leads to a list of them. */
void gather_word(struct lower_sets *s, struct gather *g, struct str word);
struct ipset gather_done(const struct gather *g);

/* The patterns of a list of words, with and without '@'. */
struct lower_names lower_sets_names(struct lower_sets *s,
				    const word_list *words);
