/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the table of agent/binding lives: a file of the state folder, mapped
 * before the verdict process begins, which gets it by being forked.  So it
 * outlives both.
 */
#pragma once

#include "policy/base/err.h"

#include <stddef.h>

struct bindfile {
	void *memory; /* NULL: there is none */
	size_t size;
};

/* A table of LIMIT_BINDINGS entries: what is there, or an empty one.  Where the
 * disk has no room for it, it is in memory alone, and a warning says so. */
FW_MUST_CHECK enum fw_err bindfile_open(const char *state_dir,
					struct bindfile *out);

void bindfile_close(struct bindfile *f);

/* The file goes away. */
void bindfile_remove(const char *state_dir);
