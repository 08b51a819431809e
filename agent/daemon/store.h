/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What must survive the daemon: the policy in force, and those before it. */
#pragma once

#include "policy/base/err.h"
#include "policy/base/str.h"

/* Write the policy in force; replaced as a whole or not at all, and on disk
 * when it returns. */
FW_MUST_CHECK enum fw_err store_save(const char *state_dir, struct str text);

/* Path of the policy in force, into `buf`; false when there is none yet. */
bool store_find(const char *state_dir, char *buf, size_t room);
