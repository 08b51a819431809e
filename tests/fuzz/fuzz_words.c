/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values with a grammar of their own: what was read prints, and reads back the
 * same.  The first byte says which. */
#include "policy/base/err.h"
#include "policy/base/ipaddr.h"
#include "policy/calendar.h"
#include "policy/limit.h"
#include "policy/mac.h"
#include "policy/urlpath.h"
#include "policy/window.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_limit(struct str text,
		      const char *(*parse)(struct str, struct limit *))
{
	struct limit limit, again;
	char buf[LIMIT_TEXT_MAX];

	if (parse(text, &limit))
		return;
	FW_ASSERT(!parse(str_of(limit_print(&limit, buf)), &again));
	FW_ASSERT(limit.n == again.n && limit.seconds == again.seconds &&
		  limit.burst == again.burst &&
		  limit.per_source == again.per_source);
}

static void try_rate(struct str text)
{
	try_limit(text, limit_parse_rate);
}

static void try_count(struct str text)
{
	try_limit(text, limit_parse_count);
}

static void try_window(struct str text)
{
	window_list list = {0}, moved = {0};
	struct arena arena;
	uint16_t last = 0;

	arena_init(&arena, 0, 0);
	if (!window_parse(&arena, text, true, 7200, &list)) {
		FW_ASSERT(list.n > 0);
		FW_ASSERT(window_list_shift(&arena, &list, -90, &moved));
		window_list_sort(&moved);
		vec_foreach (w, &moved) {
			FW_ASSERT(w->from < w->to && w->to <= WEEK_MINUTES);
			FW_ASSERT(w == moved.items || w->from > last);
			last = w->to;
		}
	}
	arena_done(&arena);
}

static void try_path(struct str text)
{
	char first[URLPATH_MAX], second[URLPATH_MAX];
	struct str path, again;

	if (!urlpath_normalise(text, first, &path))
		return;
	FW_ASSERT(path.len <= text.len && path.p[0] == '/');
	FW_ASSERT(urlpath_normalise(path, second, &again));
	FW_ASSERT(str_eq(path, again));
	FW_ASSERT(urlpath_fits(path, path));
	FW_ASSERT(urlpath_fits(str_of("*"), path));
}

/* A pattern, a blank, a path. */
static void try_pattern(struct str text)
{
	const char *blank = text.len ? memchr(text.p, ' ', text.len) : NULL;
	size_t n = blank ? (size_t)(blank - text.p) : text.len;

	(void)urlpath_fits(str_mem(text.p, n), str_skip(text, n + 1));
}

static void try_mac(struct str text)
{
	char buf[MAC_TEXT_MAX];
	struct mac mac, again;

	if (!mac_parse(text, &mac))
		return;
	FW_ASSERT(mac_parse(str_of(mac_print(&mac, buf)), &again));
	FW_ASSERT(!memcmp(&mac, &again, sizeof(mac)));
}

static void try_range(struct str text)
{
	struct iprange range, again;
	char buf[IPRANGE_TEXT_MAX];

	if (iprange_parse(text, &range))
		return;
	FW_ASSERT(ipaddr_cmp(&range.lo, &range.hi) <= 0);
	FW_ASSERT(!iprange_parse(str_of(iprange_print(&range, buf)), &again));
	FW_ASSERT(!memcmp(&range, &again, sizeof(range)));
}

/* A date reads, or its day is none; no day but its own has that text. */
static void try_date(struct str text)
{
	char next[16];
	int64_t day, again;

	if (!calendar_date_parse(text, &day))
		return;
	FW_ASSERT(text.len == 10 && day >= 0);
	FW_ASSERT(day * CALENDAR_DAY_SECONDS <= UINT32_MAX);
	memcpy(next, text.p, text.len);
	if (next[9] == '9')
		return;
	next[9]++;
	if (calendar_date_parse(str_mem(next, text.len), &again))
		FW_ASSERT(again == day + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(struct str text) = {
		try_rate,    try_count, try_window, try_path,
		try_pattern, try_mac,   try_range,  try_date,
	};

	if (size)
		tries[data[0] % (sizeof(tries) / sizeof(*tries))](
			str_mem(data + 1, size - 1));
	return 0;
}
