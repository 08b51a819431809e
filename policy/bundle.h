/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files that a policy speaks of beside its own text: lists of addresses
 * and names, databases of countries.  They travel with the policy, so that who
 * compiles it again (daemon, verdict process, after a reboot) gets the same.
 */
#pragma once

#include "policy/base/str.h"

#include <stdint.h>

/* Ceilings of one policy; each is reported at the place that names the file. */
#define BUNDLE_FILES_MAX 256
#define BUNDLE_BYTES_MAX (256UL * 1024 * 1024) /* of all its files */

/* `name` is the word as the canonical policy has it: "@file:lists/feed.txt", a
 * path relative to the policy's folder where the file lies below it, else
 * absolute; or "country:NL", "as:64500", and the bytes are then a list of
 * prefixes, as the database had them. */
struct policy_file {
	const char *name;
	struct str bytes; /* none: a list that is known by its hash */
	uint64_t hash;    /* digest of the bytes; 0: not known yet */
};

struct policy_files {
	const struct policy_file *items;
	size_t n;
};

/* The file of that name, or NULL; borrowed. */
const struct policy_file *bundle_find(const struct policy_files *files,
				      struct str name);
