/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spans of time as people write them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* "90s", "15m", "2h", "1d"; without a unit seconds, unless `unit_needed`. */
bool duration_parse(const char *text, bool unit_needed, long *out_seconds);

/* "87 s", "5 min", "3 h". */
void duration_text(long seconds, char *out, size_t room);
