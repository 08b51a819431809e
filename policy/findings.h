/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is wrong with rules that are each right: rules that never decide,
 * that refuse too late, that a guard always overrules, that let anything out.
 */
#pragma once

#include "policy/base/diag.h"
#include "policy/ir.h"

/* Report into `diags`; the rules' places are named.  FW_ERR_POLICY when there
 * was an error among it, FW_ERR_NOMEM. */
FW_MUST_CHECK enum fw_err find_faults(const struct ir *ir,
				      struct diag_list *diags);
