/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Limits that the kernel could not count exactly. */
#pragma once

#include "policy/base/diag.h"
#include "policy/ir.h"

/* Report rules with limits whose flows the kernel cannot tell from those of an
 * earlier rule.  FW_ERR_POLICY when there was one, FW_ERR_NOMEM. */
FW_MUST_CHECK enum fw_err find_limit_faults(const struct ir *ir,
					    struct diag_list *diags);
