/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Beginnings of messages. */
#pragma once

#include "agent/proto/proto.h"

/* Does r begin with these bytes?  MORE while it may. */
static inline enum probe_result match_bytes(struct reader r, const char *want,
					    size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (r.left == 0)
			return PROBE_MORE;
		if (reader_u8(&r) != (uint8_t)want[i])
			return PROBE_NO;
	}
	return PROBE_YES;
}

static inline enum probe_result match_text(struct reader r, const char *want)
{
	return match_bytes(r, want, strlen(want));
}

/* One of the texts; *which says the one that it is. */
static inline enum probe_result
match_any(struct reader r, const char *const *texts, size_t n, size_t *which)
{
	enum probe_result best = PROBE_NO;

	for (size_t i = 0; i < n; i++) {
		enum probe_result one = match_text(r, texts[i]);

		if (one <= best)
			continue;
		best = one;
		*which = i;
	}
	return best;
}
