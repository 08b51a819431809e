/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of a rule's `service` -> protocols and ports. */
#pragma once

#include "policy/ast.h"
#include "policy/service.h"

/* What the words come to, in their order, less what the negated ones take away;
 * nothing when one of them is "any" or there is none.  They must be known.
 * False without memory. */
FW_MUST_CHECK bool service_words(const struct ast *ast, struct arena *arena,
				 const word_list *words, service_list *out);
