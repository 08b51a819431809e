/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of a rule's `service` -> protocols and ports. */
#pragma once

#include "policy/ast.h"
#include "policy/service.h"

/* What the words come to, in their order, less what the negated ones take away;
 * nothing when one of them is "any" or there is none.  FW_ERR_INVAL: one of
 * them, or of the members of a service of this policy, is none. */
FW_MUST_CHECK enum fw_err service_words(const struct ast *ast,
					struct arena *arena,
					const word_list *words,
					service_list *out);
