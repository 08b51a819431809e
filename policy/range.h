/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An address, prefix or range as a person writes it. */
#pragma once

#include "policy/base/diag.h"
#include "policy/base/ipaddr.h"

/* Read it; when it is none, say at `at` what is wrong with it. */
bool range_read(struct str text, struct place at, struct diag_list *diags,
		struct iprange *out_range);
