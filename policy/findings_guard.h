/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a rule allows and guards always refuse. */
#pragma once

#include "policy/base/diag.h"
#include "policy/ir.h"

/* Report rules that can never allow because of `protocol` and `application`,
 * and guards that leave each other nothing.  FW_ERR_POLICY when there was one,
 * FW_ERR_NOMEM. */
FW_MUST_CHECK enum fw_err find_guard_faults(const struct ir *ir,
					    struct diag_list *diags);
