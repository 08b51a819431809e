/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers of users. */
#pragma once

#include "policy/base/str.h"

#include <stdint.h>

/* "1000"; false when it is no number that a user can have. */
static inline bool uid_parse(struct str text, uint32_t *out)
{
	uint64_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (!ascii_is_digit(text.p[i]) || n > UINT32_MAX)
			return false;
		n = n * 10 + (uint64_t)(text.p[i] - '0');
	}
	*out = (uint32_t)n;
	/* The highest means "none". */
	return text.len > 0 && n < UINT32_MAX;
}
