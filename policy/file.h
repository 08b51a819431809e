/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole regular files, and never a wait for anything else. */
#pragma once

#include "policy/base/err.h"

#include <stddef.h>

struct arena;

/* The bytes of a regular file of at most `most` bytes; owned: free(*out_bytes).
 * On failure *out_why tells it in words (static). */
FW_MUST_CHECK enum fw_err file_read(const char *path, size_t most,
				    char **out_bytes, size_t *out_len,
				    const char **out_why);

/* Can it be opened, and is it a regular file? */
FW_MUST_CHECK enum fw_err file_regular(const char *path, const char **out_why);

/* Names of the files "*.conf" in a directory, sorted by bytes; arena.  Names
 * that begin with a dot are left out.  FW_ERR_NOENT: there is no directory. */
FW_MUST_CHECK enum fw_err file_list(struct arena *arena, const char *directory,
				    const char ***out_names, size_t *out_n,
				    const char **out_why);
