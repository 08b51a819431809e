/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times of the week: "mon-fri 08:00-18:00". */
#pragma once

#include "policy/base/str.h"
#include "policy/base/vec.h"

#include <stdint.h>

#define WEEK_MINUTES (7 * 24 * 60)
#define DAY_MINUTES  (24 * 60)

/* Minutes of the week from Sunday 00:00: from <= m < to <= WEEK_MINUTES. */
struct window {
	uint16_t from, to;
};

typedef VEC(struct window) window_list;

/* Read "[DAYS] [HOURS] [utc|local]" and add its windows, in UTC, to the list:
 * days by name, in ranges and with commas; hours as HH:MM-HH:MM, over midnight
 * too, which belong to the day they begin on.  `local`: what is meant where
 * nothing is said; `offset`: seconds that local time is ahead of UTC.  Returns
 * NULL, or what is wrong with it. */
const char *window_parse(struct arena *arena, struct str text, bool local,
			 int32_t offset, window_list *list);

/* Moved by so many minutes, around the week; false without memory. */
bool window_list_shift(struct arena *arena, const window_list *list,
		       int minutes, window_list *out);

/* Sorted and merged, in place. */
void window_list_sort(window_list *list);

/* The minute of the week (in UTC) of a second since the epoch. */
unsigned window_minute(int64_t second);

/* "mon 08:00"; buf holds WINDOW_TEXT_MAX. */
#define WINDOW_TEXT_MAX 16
const char *window_print(unsigned minute, char *buf);
