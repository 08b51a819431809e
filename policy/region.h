/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sets of flows between two zones, exact on what the kernel sees: boxes of
 * source, destination and service, and what is left when boxes are cut out of
 * boxes.
 */
#pragma once

#include "policy/arm.h"
#include "policy/base/vec.h"

/* A service as a point of one line: IP protocol, then port or type.  Protocols
 * without either take all of their 65,536 points. */
#define REGION_SERVICE_MAX 0xffffffU

/* Both ends of each range belong to it; src and dst are of one family. */
struct box {
	struct iprange src, dst;
	uint32_t service_lo, service_hi;
};

/* Boxes that share no flow. */
struct region {
	VEC(struct box) boxes;
	size_t max;   /* boxes at most */
	bool too_big; /* it would have been more, or there was no memory */
};

bool box_meets(const struct box *a, const struct box *b);

/* The part that both have; they must meet. */
struct box box_common(const struct box *a, const struct box *b);

/* Everything between two zones: all of both families. */
void region_all(struct region *r, size_t max, struct arena *arena);

/* What an arm's addresses and services take. */
void region_of_arm(const struct arm *arm, size_t max, struct arena *arena,
		   struct region *out);

void region_add(struct region *r, const struct box *box, struct arena *arena);

/* Cut a box out. */
void region_cut(struct region *r, const struct box *cut, struct arena *arena);

/* Cut another region out; that one must not be too big. */
void region_cut_all(struct region *r, const struct region *other,
		    struct arena *arena);

/* What r shares with `other`. */
void region_common(const struct region *r, const struct region *other,
		   struct arena *arena, struct region *out);

/* "10.0.0.0/8 -> any tcp/443"; text is added to `out`. */
void box_print(const struct box *box, struct strbuf *out);
