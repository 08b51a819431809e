/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts out of a reader, as modules tell them again and again. */
#pragma once

#include "policy/base/reader.h"
#include "policy/facts.h"

#include <inttypes.h>
#include <stdio.h>

static inline struct str reader_text(struct reader r)
{
	return str_mem(r.p, r.left);
}

/* Nothing is told of a text that is empty. */
static inline void tell_text(struct facts *facts, enum field field,
			     unsigned message, struct reader text)
{
	if (text.left > 0)
		facts_add(facts, field, message, reader_text(text));
}

static inline void tell_number(struct facts *facts, enum field field,
			       unsigned message, uint64_t n)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, n);
	facts_add(facts, field, message, str_of(text));
}
