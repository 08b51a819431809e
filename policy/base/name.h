/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Host names: one normal form, and sets of names with label wildcards.
 *
 * Normal form: lower-case ASCII, one trailing dot taken off, labels of 1 to 63
 * bytes out of letters, digits, '-' and '_', 253 bytes at most (RFC 1035
 * section 2.3.4; '_' because real names have it).  A pattern is "*" (any name),
 * "*.x.org" (any depth below x.org, not x.org itself) or a name.
 */
#pragma once

#include "policy/base/err.h"
#include "policy/base/str.h"

#include <stdint.h>

struct arena;

#define NAME_MAX_LEN 253
#define NAME_BUF     (NAME_MAX_LEN + 1)

/* Normalise `in` into `buf` (NAME_BUF bytes, NUL-terminated); *out_name borrows
 * `buf`.  FW_ERR_INVAL: not a host name (empty, control bytes, empty or long
 * labels, non-ASCII; an address literal passes: ask name_is_address). */
FW_MUST_CHECK enum fw_err name_normalise(struct str in, char *buf,
					 struct str *out_name);

/* Would name_normalise() change nothing of it? */
bool name_is_normal(struct str s);

/* An IPv4 or (bracketed or bare) IPv6 literal, which is no name. */
bool name_is_address(struct str s);

/* "host:port" -> host; and without the brackets of an IPv6 literal. */
struct str name_without_port(struct str s);
struct str name_without_brackets(struct str s);

/* A set of patterns; built once, then only asked.  Memory: arena. */
struct nameset {
	struct str *exact; /* sorted */
	size_t n_exact;
	struct str *below; /* "x.org" for "*.x.org", sorted */
	size_t n_below;
	bool any;
	struct nameset_slot *slots; /* of both, by their hash */
	uint32_t mask;
};

/* Make a set of `n` patterns already in normal form (borrowed).
 * FW_ERR_NOMEM when the arena gives none. */
FW_MUST_CHECK enum fw_err nameset_of(struct arena *arena,
				     const struct str *patterns, size_t n,
				     struct nameset *out_set);

/* Whole labels only, never a substring.  `name` is in normal form. */
bool nameset_has(const struct nameset *s, struct str name);
