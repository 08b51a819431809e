/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams, each the first of a flow, and what is to be told of them. */
#pragma once

#include "tests/unit/support.h"

struct sample {
	struct turn turn;
	const char *want;
};

static inline void expect_samples(const struct sample *samples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		expect_datagrams(&samples[i].turn, 1, samples[i].want);
		survive_every_datagram(&samples[i].turn, 1);
	}
}

#define EXPECT_SAMPLES(s) expect_samples(s, sizeof(s) / sizeof(*(s)))

/* Stuff of a length. */
#define T8  "abcdefgh"
#define T16 T8 T8
#define T32 T16 T16
#define T64 T32 T32
#define Z4  "\0\0\0\0"
#define Z16 Z4 Z4 Z4 Z4
#define Z32 Z16 Z16
#define Z64 Z32 Z32
