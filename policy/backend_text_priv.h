/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the parts of the nft script's making. */
#pragma once

#include "policy/base/strbuf.h"
#include "policy/ruleset.h"

void backend_text_stmt(struct strbuf *out, const struct rs_stmt *s);

/* "N" or "LOW-HIGH" */
void backend_text_numbers(struct strbuf *out, uint32_t lo, uint32_t hi);

/* The words for a verdict map's keys, in a rule and as a type. */
void backend_text_keys(struct strbuf *out, const struct rs_set *map,
		       const char *const words[4]);
