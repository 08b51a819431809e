/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/window.h"

#include "policy/base/strbuf.h"

#include "tests/unit/support.h"

#include <check.h>

static struct arena arena;

static void set_up(void)
{
	arena_init(&arena, 0, 0);
}

static void tear_down(void)
{
	arena_done(&arena);
}

/* "mon 08:00 - mon 18:00, ..." of a text read as local time. */
static void expect(const char *text, int32_t offset, const char *want)
{
	char from[WINDOW_TEXT_MAX], to[WINDOW_TEXT_MAX];
	window_list list = {0};
	struct strbuf got;
	const char *why =
		window_parse(&arena, str_of(text), true, offset, &list);

	ck_assert_msg(!why, "%s: %s", text, why);
	strbuf_init(&got, 0);
	window_list_sort(&list);
	vec_foreach (w, &list)
		strbuf_addf(&got, "%s%s - %s", w == list.items ? "" : ", ",
			    window_print(w->from, from),
			    window_print(w->to, to));
	ck_assert_str_eq(strbuf_text(&got), want);
	strbuf_done(&got);
}

START_TEST(windows_are_read)
{
	expect("mon 08:00-18:00", 0, "mon 08:00 - mon 18:00");
	expect("mon-tue 08:00-18:00", 0,
	       "mon 08:00 - mon 18:00, tue 08:00 - tue 18:00");
	expect("fri,mon 08:00-09:00", 0,
	       "mon 08:00 - mon 09:00, fri 08:00 - fri 09:00");
	expect("sat-mon", 0, "sun 00:00 - tue 00:00, sat 00:00 - sun 00:00");
	expect("tue 00:00-24:00", 0, "tue 00:00 - wed 00:00");
	expect("sun-sat", 0, "sun 00:00 - sun 00:00");
	expect("22:00-06:00", 0,
	       "sun 00:00 - sun 06:00, sun 22:00 - mon 06:00, "
	       "mon 22:00 - tue 06:00, tue 22:00 - wed 06:00, "
	       "wed 22:00 - thu 06:00, thu 22:00 - fri 06:00, "
	       "fri 22:00 - sat 06:00, sat 22:00 - sun 00:00");
	/* belongs to the day it begins on */
	expect("fri 22:00-06:00", 0, "fri 22:00 - sat 06:00");
	expect("sat 22:00-06:00", 0,
	       "sun 00:00 - sun 06:00, sat 22:00 - sun 00:00");
	expect("sat 22:00-24:00", 0, "sat 22:00 - sun 00:00");
}
END_TEST

START_TEST(local_time_is_moved)
{
	expect("mon 08:00-18:00", 7200, "mon 06:00 - mon 16:00");
	expect("mon 08:00-18:00 utc", 7200, "mon 08:00 - mon 18:00");
	expect("mon 08:00-18:00 local", -18000, "mon 13:00 - mon 23:00");
	expect("sun 00:00-02:00", 3600,
	       "sun 00:00 - sun 01:00, sat 23:00 - sun 00:00");
	expect("sat 22:00-24:00", -3600,
	       "sun 00:00 - sun 01:00, sat 23:00 - sun 00:00");
}
END_TEST

START_TEST(what_is_no_window_is_refused)
{
	static const char *const bad[] = {"",
					  "always",
					  "monday 08:00-18:00",
					  "mon-",
					  "-mon",
					  "mon,",
					  "08:00",
					  "8:00-18:00",
					  "08:00-25:00",
					  "08:60-09:00",
					  "24:00-01:00",
					  "08:00-08:00",
					  "mon 08:00-18:00 cet",
					  "mon  08:00-18:00",
					  "utc",
					  "mon 08:00-18:00 utc x",
					  "mon tue",
					  "08:00-24:01",
					  "MON"};
	window_list list = {0};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)

		ck_assert_msg(window_parse(&arena, str_of(bad[i]), false, 0,
					   &list) != NULL,
			      "%s", bad[i]);
	ck_assert_ptr_nonnull(
		window_parse(&arena, str_mem("mon\0", 4), false, 0, &list));
}
END_TEST

START_TEST(moving_there_and_back_changes_nothing)
{
	window_list list = {0}, there, back;

	ck_assert_ptr_null(window_parse(&arena, str_of("fri-sun 21:00-03:00"),
					false, 0, &list));
	window_list_sort(&list);
	for (int by = -WEEK_MINUTES; by <= WEEK_MINUTES; by += 97) {
		ck_assert(window_list_shift(&arena, &list, by, &there));
		ck_assert(window_list_shift(&arena, &there, -by, &back));
		ck_assert_uint_eq(back.n, list.n);
		ck_assert_mem_eq(back.items, list.items,
				 list.n * sizeof(*list.items));
	}
}
END_TEST

START_TEST(the_epoch_was_a_thursday)
{
	char text[WINDOW_TEXT_MAX];

	ck_assert_str_eq(window_print(window_minute(0), text), "thu 00:00");
	/* 2026-07-01 12:34:56, a Wednesday */
	ck_assert_str_eq(window_print(window_minute(1782909296), text),
			 "wed 12:34");
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, windows_are_read);
	tcase_add_test(tc, local_time_is_moved);
	tcase_add_test(tc, what_is_no_window_is_refused);
	tcase_add_test(tc, moving_there_and_back_changes_nothing);
	tcase_add_test(tc, the_epoch_was_a_thursday);
}

int main(void)
{
	return run_suite("window", add);
}
