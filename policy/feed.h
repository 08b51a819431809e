/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lists in files: one entry a line, '#' and ';' begin a comment.  Lists of a
 * million entries go straight into arrays: no tree, no copy per line.
 */
#pragma once

#include "policy/base/diag.h"
#include "policy/base/ipaddr.h"

#define FEED_ENTRIES_MAX (1UL << 21) /* of one file */
#define FEED_LINES_NAMED 20          /* wrong lines that are named each */

struct feed {
	struct str bytes; /* borrowed while it is read */
	const char *name; /* of the file, in messages; arena of diags */
	struct diag_list *diags;
};

/* Names in the normal form of patterns. */
struct feed_names {
	const struct str *items;
	size_t n;
};

/* Addresses, prefixes and ranges; arena: the entries.  FW_ERR_POLICY: what is
 * wrong was said. */
FW_MUST_CHECK enum fw_err feed_addresses(const struct feed *f,
					 struct arena *arena,
					 struct ipset *out_set);

/* Names and wildcards, or the format of /etc/hosts: an address, which does not
 * matter, and the names behind it; "localhost" and its like are left out. */
FW_MUST_CHECK enum fw_err feed_names(const struct feed *f, struct arena *arena,
				     struct feed_names *out_names);
