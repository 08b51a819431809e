/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of the check share; nobody else includes this. */
#pragma once

#include "policy/ast.h"
#include "policy/base/ipaddr.h"
#include "policy/env.h"
#include "policy/facts.h"
#include "policy/suggest.h"

#define CHECK_ZONES_MAX   60
#define CHECK_CGROUPS_MAX 31

/* Where "@file:" stands in a rule. */
#define CHECK_FILE_NOTE                                                      \
	"a file belongs in a set of 'addresses' or 'hosts'; the rule names " \
	"the set"

/* Where a flow may begin or end, as a set of bits. */
enum side { SIDE_EXTERNAL = 1, SIDE_INSIDE = 2, SIDE_SELF = 4, SIDE_ANY = 7 };

struct check_name {
	const struct word *word;
	size_t i; /* in the list of the tree that it names */
	bool used;
};

/* Sorted by name; of equal names the first written stands. */
struct check_index {
	struct check_name *items;
	size_t n;
};

struct check {
	struct ast *ast;
	const struct policy_env *env;
	struct diag_list *diags;
	struct arena *arena;
	struct check_index zones, addresses, hosts, services;
	struct ipset inside;  /* networks of all zones that are not external */
	bool inside_anywhere; /* one of those has no networks */
	unsigned *address_sides; /* bits by address set */
	bool *service_ports;     /* has it tcp or udp, by service set */
};

/* check.c: shared by the parts. */

/* An index over n named things; complains of double and wrong names.  `what`:
 * "zone", "set" ...; `next` gives the name of thing i. */
struct check_index check_index_of(struct check *c, const char *what, size_t n,
				  const struct word *(*next)(const struct ast *,
							     size_t));
struct check_name *check_find(const struct check_index *index, struct str name);
/* The place in a sorted list of words where a word stands twice; n > 1. */
const struct word **check_sorted(struct check *c, const word_list *words);
/* An address, prefix or range; complains when it is none. */
bool check_range(struct check *c, const struct word *w,
		 struct iprange *out_range);
/* Its text in quotes. */
const char *check_quote(struct check *c, const struct word *w);
/* Offer all names of an index, with `prefix` before them. */
void check_offer(struct check *c, struct suggest *near,
		 const struct check_index *index, const char *prefix);

/* The parts, in this order. */
void check_zones(struct check *c);
void check_sets(struct check *c);
void check_rules(struct check *c);
void check_unused(struct check *c);

/* check_sets.c: the bits of a list that a word leads to. */
unsigned check_list_sides(const struct check *c, const struct word *w);

/* check_ends.c: the ends of the flows of a list (AST_LISTS: of any). */
void check_ends(struct check *c, enum ast_list list,
		const word_list *from_words, const word_list *to_words);
/* Some word that is not negated? */
bool check_names_some(const word_list *words);

/* check_rules.c: what rules and guards share.  Each complains of what is wrong;
 * true when one of the services has TCP or UDP. */
bool check_service(struct check *c, const word_list *words);
void check_twice(struct check *c, const char *key, const word_list *words);

/* check_names.c: the name of a `what` ("rule" or "guard") whose own place is
 * `place`; and that no two are the same, over all lists. */
void check_rule_name(struct check *c, const char *what, struct place place,
		     const struct word *name);
void check_rule_names(struct check *c);
/* Whole UTF-8 without control characters? */
bool check_printable(struct str s);

/* check_management.c: a flow of the list `management`. */
void check_management(struct check *c, const struct ast_management *m);
/* The sides of a word of `from` or `to`; 0: it was complained of. */
unsigned check_word_side(struct check *c, const char *key,
			 const struct word *w);

/* check_engine.c: patterns of hosts, and @sets of them. */
void check_host_words(struct check *c, const char *key, const word_list *words);

/* check_binding.c: names, addresses and who resolves them. */
void check_binding(struct check *c);

/* check_nat.c: a translation, and where a rule leads its flows on to. */
void check_nat(struct check *c, const struct ast_nat *n);
void check_forward(struct check *c, enum ast_list list,
		   const struct ast_rule *r);

/* check.c: a word out of at most three. */
void check_choice(struct check *c, const struct word *w, const char *key,
		  const char *const choices[3]);

/* check_hygiene.c */
void check_hygiene(struct check *c);

/* check_protocol.c: a guard of the list `protocol`. */
void check_protocol(struct check *c, const struct ast_protocol *p);

/* check_engine.c: the bits of the apps that are known; all for no word. */
app_mask check_apps(struct check *c, const char *key, const word_list *words);

/* check_engine.c: what only the engine sees.  `ports`: the rule's services have
 * TCP or UDP. */
void check_engine(struct check *c, const struct ast_rule *r, bool ports);

/* check_source.c: what a rule asks of the client beside its address. */
void check_source(struct check *c, enum ast_list list,
		  const struct ast_rule *r);

/* How many cgroups the policy names, over all rules. */
void check_cgroups(struct check *c);

/* check_when.c: at what times a rule holds, how much it lets pass, and whether
 * it only observes. */
void check_when(struct check *c, const struct ast_rule *r);

/* check_size.c: false when it would take too long to go on. */
bool check_sizes(struct check *c);

/* check_sets.c: the bits of a set of ranges. */
unsigned check_sides(const struct check *c, const struct ipset *s);
/* A host pattern; complains when it is none. */
void check_pattern(struct check *c, const struct word *w);
