/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/window.h"

#include <stdio.h>
#include <stdlib.h>

static const char days[7][4] = {"sun", "mon", "tue", "wed",
				"thu", "fri", "sat"};

#define ALL_DAYS 0x7f
/* 1970-01-01 was a Thursday. */
#define EPOCH_MINUTE (4 * DAY_MINUTES)

/* --- reading -------------------------------------------------------------- */

static int day_of(struct str name)
{
	for (int d = 0; d < 7; d++)
		if (str_is(name, days[d]))
			return d;
	return -1;
}

/* "mon-fri" -> bits, bit 0 = Sunday; it may go around the week. */
static unsigned day_bits(struct str range)
{
	bool single = !range.len || !memchr(range.p, '-', range.len);
	struct str first = str_cut(&range, '-');
	int lo = day_of(first), hi = single ? lo : day_of(range);
	unsigned bits = 0;

	if (lo < 0 || hi < 0)
		return 0;
	for (int d = lo; d != hi; d = (d + 1) % 7)
		bits |= 1U << d;
	return bits | 1U << hi;
}

/* "mon-fri,sun"; nothing is changed when it is not that. */
static bool parse_days(struct str text, unsigned *days_on)
{
	unsigned all = 0, bits;
	bool more;

	do {
		more = text.len && memchr(text.p, ',', text.len);
		bits = day_bits(str_cut(&text, ','));
		all |= bits;
	} while (more && bits);
	if (!bits)
		return false;
	*days_on = all;
	return true;
}

/* "08:00", up to 24:00. */
static bool parse_hour(struct str s, unsigned *out)
{
	for (size_t i = 0; i < s.len; i++)
		if (i != 2 && !ascii_is_digit(s.p[i]))
			return false;
	if (s.len != 5 || s.p[2] != ':')
		return false;
	*out = (unsigned)(s.p[0] - '0') * 600 + (unsigned)(s.p[1] - '0') * 60 +
	       (unsigned)(s.p[3] - '0') * 10 + (unsigned)(s.p[4] - '0');
	return s.p[3] <= '5' && *out <= DAY_MINUTES;
}

static bool parse_hours(struct str text, unsigned *out_from, unsigned *out_to)
{
	struct str from = str_cut(&text, '-');

	return parse_hour(from, out_from) && parse_hour(text, out_to) &&
	       *out_from < DAY_MINUTES;
}

/* --- lists ---------------------------------------------------------------- */

static bool add(struct arena *arena, window_list *list, unsigned from,
		unsigned to)
{
	struct window *slot = vec_push(arena, list);

	if (slot)
		*slot = (struct window){(uint16_t)from, (uint16_t)to};
	return slot != NULL;
}

/* The window that begins at `from`, which may lie outside of the week. */
static bool add_wrapped(struct arena *arena, window_list *list, int from,
			unsigned length)
{
	unsigned begin =
		(unsigned)((from % WEEK_MINUTES + WEEK_MINUTES) % WEEK_MINUTES);

	if (begin + length <= WEEK_MINUTES)
		return add(arena, list, begin, begin + length);
	return add(arena, list, begin, WEEK_MINUTES) &&
	       add(arena, list, 0, begin + length - WEEK_MINUTES);
}

bool window_list_shift(struct arena *arena, const window_list *list,
		       int minutes, window_list *out)
{
	*out = (window_list){0};
	vec_foreach (w, list)
		if (!add_wrapped(arena, out, w->from + minutes,
				 (unsigned)(w->to - w->from)))
			return false;
	window_list_sort(out);
	return true;
}

static int by_begin(const void *pa, const void *pb)
{
	const struct window *a = pa, *b = pb;

	return a->from != b->from ? a->from - b->from : a->to - b->to;
}

void window_list_sort(window_list *list)
{
	size_t kept = 0;

	if (list->n)
		qsort(list->items, list->n, sizeof(*list->items), by_begin);
	for (size_t i = 0; i < list->n; i++) {
		struct window *last = kept ? &list->items[kept - 1] : NULL;

		if (!last || list->items[i].from > last->to)
			list->items[kept++] = list->items[i];
		else if (list->items[i].to > last->to)
			last->to = list->items[i].to;
	}
	list->n = kept;
}

const char *window_parse(struct arena *arena, struct str text, bool local,
			 int32_t offset, window_list *list)
{
	unsigned on = ALL_DAYS, from = 0, to = DAY_MINUTES, length;
	struct str word = str_cut(&text, ' ');
	bool said = false;

	if (parse_days(word, &on)) {
		said = true;
		word = str_cut(&text, ' ');
	}
	if (parse_hours(word, &from, &to)) {
		said = true;
		word = str_cut(&text, ' ');
	}
	if (str_is(word, "utc") || str_is(word, "local")) {
		local = str_is(word, "local");
		word = str_cut(&text, ' ');
	}
	if (!said || word.len || text.len)
		return "expected days, hours or both: \"mon-fri 08:00-18:00\", "
		       "and then \"utc\" or \"local\"";
	if (from == to)
		return "its hours are none; a whole day is \"00:00-24:00\"";
	length = to > from ? to - from : to + DAY_MINUTES - from;
	for (int d = 0; d < 7; d++)
		if ((on >> d & 1) &&
		    !add_wrapped(arena, list,
				 d * DAY_MINUTES + (int)from -
					 (local ? offset / 60 : 0),
				 length))
			return "there is no memory";
	return NULL;
}

unsigned window_minute(int64_t second)
{
	return (unsigned)((second / 60 + EPOCH_MINUTE) % WEEK_MINUTES);
}

const char *window_print(unsigned minute, char *buf)
{
	(void)snprintf(buf, WINDOW_TEXT_MAX, "%s %02u:%02u",
		       days[minute / DAY_MINUTES % 7],
		       minute % DAY_MINUTES / 60, minute % 60);
	return buf;
}
