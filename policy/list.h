/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The entries of a list, as they were read.  A policy that follows another has
 * most of its lists: they share them, so that a million lines are read once.
 * Immutable.
 */
#pragma once

#include "policy/base/arena.h"
#include "policy/base/err.h"
#include "policy/base/ipaddr.h"
#include "policy/base/name.h"

struct feed;

enum list_kind { LIST_ADDRESSES, LIST_NAMES };

struct list {
	unsigned users; /* policies that have it, in any thread */
	enum list_kind kind;
	uint64_t hash; /* digest of the bytes it was read from */
	struct arena arena;
	struct ipset addrs;
	const struct str *names; /* patterns in normal form, as they stood */
	size_t n_names;
	struct nameset set; /* of them */
};

/* Those of a policy. */
struct lists {
	struct list *const *items;
	size_t n;
};

/* Read one; *out_list has one user, list_drop().  FW_ERR_POLICY: what is wrong
 * was said, to the diagnostics of `feed`; FW_ERR_NOMEM. */
FW_MUST_CHECK enum fw_err list_read(const struct feed *feed,
				    enum list_kind kind, uint64_t hash,
				    struct list **out_list);

/* One user more of the list of that kind and content, or NULL. */
struct list *list_share(const struct lists *known, enum list_kind kind,
			uint64_t hash);

/* Are all lists of `wanted` that have this content known? */
bool lists_known(const struct lists *known, const struct lists *wanted,
		 uint64_t hash);

/* One user less: the last one frees it. */
void list_drop(struct list *list);

/* How many entries it has. */
size_t list_size(const struct list *list);
