/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Addresses of countries and of autonomous systems, out of a database in the
 * MaxMind DB format.  All that is wanted of a database is asked at once: its
 * tree is walked one time.
 */
#pragma once

#include "policy/base/err.h"
#include "policy/base/ipaddr.h"
#include "policy/base/vec.h"
#include "policy/suggest.h"

enum geo_kind { GEO_COUNTRY, GEO_AS };

struct geo_query {
	struct str code; /* "NL" (ISO 3166-1), or "64500" */
	/* The answer; its memory: the arena given. */
	bool known; /* the database has the code */
	VEC(struct iprange) ranges;
	struct suggest near; /* of the codes that it has */
};

/* Answer `n` queries from the database at `path`.  On failure *out_why says
 * why, in words (static). */
FW_MUST_CHECK enum fw_err geo_ask(const char *path, enum geo_kind kind,
				  struct geo_query *queries, size_t n,
				  struct arena *arena, const char **out_why);
