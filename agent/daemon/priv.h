/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the verdict process may do: next to nothing. */
#pragma once

#include "policy/base/err.h"

#include <stdbool.h>

/* Become `user` (or nobody), keep CAP_NET_ADMIN alone, and allow only the
 * system calls that reading packets and sending verdicts takes; no files, no
 * new privileges, no core dump; dies with its parent.  All files and sockets
 * must be open, and no thread started yet: they inherit it.  What could not be
 * done is logged; FW_ERR_PERM when the capabilities could not be dropped. */
FW_MUST_CHECK enum fw_err priv_drop(const char *user);

/* No path can be opened any more (Landlock, landlock(7)); false with errno
 * where the kernel has none.  Needs PR_SET_NO_NEW_PRIVS. */
bool priv_hide_files(void);
