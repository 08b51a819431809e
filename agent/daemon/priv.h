/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the verdict process may do: next to nothing. */
#pragma once

#include "policy/base/err.h"

/* Become `user` (or nobody), keep CAP_NET_ADMIN alone, and allow only the
 * system calls that reading packets and sending verdicts takes.  All files and
 * sockets must be open, all threads started by others inherit it.  What could
 * not be done is logged; FW_ERR_PERM when the capabilities could not be
 * dropped. */
FW_MUST_CHECK enum fw_err priv_drop(const char *user);
