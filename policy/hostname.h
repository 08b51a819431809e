/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Host patterns as people write them -> the normal form of policy/base/name.h.
 */
#pragma once

#include "policy/base/err.h"
#include "policy/base/str.h"

struct arena;

/* "*", "*.name" or a name, in any case and script (IDNA2008, non-transitional),
 * or an address literal, with or without brackets, which comes out as
 * ipaddr_print has it.  *out_normal: arena.  FW_ERR_INVAL: no pattern;
 * FW_ERR_LIMIT: a wildcard at or above a public suffix; both with the reason in
 * *out_why (static, "the name has an empty label"). */
FW_MUST_CHECK enum fw_err hostname_pattern(struct arena *arena,
					   struct str written,
					   struct str *out_normal,
					   const char **out_why);
