/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "20/minute burst 5 per source", "50 per source". */
#pragma once

#include "policy/base/str.h"

#include <stdint.h>

struct limit {
	uint32_t n;       /* so many; 0: no limit */
	uint32_t seconds; /* in this time; 0: at once */
	uint32_t burst;   /* so many may come together */
	bool per_source;  /* counted for each address apart */
};

#define LIMIT_MOST          10000000
#define LIMIT_BURST_DEFAULT 5

/* Read a rate, or how many at once; these count per source where nothing is
 * said.  Returns NULL, or what is wrong with it. */
const char *limit_parse_rate(struct str text, struct limit *out);
const char *limit_parse_count(struct str text, struct limit *out);

/* "20/minute burst 5 per source"; buf holds LIMIT_TEXT_MAX. */
#define LIMIT_TEXT_MAX 64
const char *limit_print(const struct limit *limit, char *buf);

/* "minute" for 60. */
const char *limit_unit(uint32_t seconds);
