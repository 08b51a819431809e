/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of the difference share; nobody else includes this. */
#pragma once

#include "policy/base/map.h"
#include "policy/diff.h"

/* Boxes of what may have changed between two zones. */
#define DIFF_BOXES_MAX 65536

/* Switches of hygiene that drop by an address alone, beside `spoofed`. */
#define DIFF_BOGONS 3

/* One policy between two zones. */
struct half {
	const struct ir *ir;
	struct arm_list arms;
	struct reach *reaches;    /* of the arms, then of the boxes */
	struct reach_index index; /* of the arms */
	bool silent;              /* what no rule fits gets no answer */
};

struct differ {
	struct half before, after;
	const char *from, *to;
	unsigned now[2]; /* these zones in `after` */
	/* Sources and destinations that `after` drops from the first. */
	struct ipset no_src[DIFF_BOGONS], no_dst[DIFF_BOGONS];
	struct arena *arena;  /* of what is told */
	struct arena scratch; /* of one box */
	struct map known;     /* outcomes and changes by their text */
	size_t work;          /* pieces looked at so far */
	struct flow_diff *out;
};

/* diff_where.c: the boxes of the flows from one zone to the other that fare
 * differently if any do: what is the same at both ends of the lists needs no
 * look, of the rest all. */
void diff_where(struct differ *d, unsigned from, unsigned to,
		struct region *where);
/* To find the rules that a box reaches: of thousands, each is cut along a few.
 * False without memory. */
bool diff_index(struct differ *d, struct half *half,
		const struct region *where);
bool diff_same_set(const struct ipset *a, const struct ipset *b);
bool diff_same_arm(struct flow_diff *out, const struct ir *ir_a,
		   const struct arm *a, const struct ir *ir_b,
		   const struct arm *b);

/* diff_outcome.c */

/* The text that two equal outcomes share; in the arena. */
struct str outcome_text(struct outcome *o, struct arena *arena);

/* ... and then this rule. */
struct outcome outcome_with(const struct outcome *o,
			    const struct ir_rule *rule);

/* diff_example.c: what no example between the two zones may have is looked up
 * once; one flow of a box between them. */
void example_prepare(struct differ *d);
struct box example_of(const struct differ *d, const struct box *box);
