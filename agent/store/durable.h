/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files that a crash at any moment leaves either as they were or as they were
 * to be.  Names are relative to an open directory.
 */
#pragma once

#include "policy/base/err.h"
#include "policy/base/str.h"

/* A new file with these bytes, on disk; for a directory that nobody reads
 * yet. */
FW_MUST_CHECK enum fw_err durable_put(int dir, const char *name,
				      struct str bytes);

/* Replace a file as a whole or not at all; on disk when it returns. */
FW_MUST_CHECK enum fw_err durable_write(int dir, const char *name,
					struct str bytes);

/* The same for a symbolic link. */
FW_MUST_CHECK enum fw_err durable_link(int dir, const char *name,
				       const char *target);

FW_MUST_CHECK enum fw_err durable_rename(int dir, const char *from,
					 const char *to);

/* All bytes of a regular file of at most `most`; owned (str_free), NUL behind
 * them. */
FW_MUST_CHECK enum fw_err durable_read(int dir, const char *name, size_t most,
				       struct str *out);

/* Remove a file; that it is not there is no failure. */
FW_MUST_CHECK enum fw_err durable_remove(int dir, const char *name);

/* Remove a folder and what is in it, three levels deep. */
void durable_remove_folder(int dir, const char *name);
