/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/calendar.h"

#include "tests/unit/support.h"

#include <check.h>
#include <stdio.h>
#include <time.h>

START_TEST(every_day_is_found)
{
	for (int64_t day = 0; day < 49673; day++) { /* 2105-12-31 */
		time_t second = (time_t)day * CALENDAR_DAY_SECONDS;
		struct tm tm;
		char text[16];
		int64_t got;

		ck_assert_ptr_nonnull(gmtime_r(&second, &tm));
		ck_assert_uint_eq(strftime(text, sizeof(text), "%Y-%m-%d", &tm),
				  10);
		ck_assert_msg(calendar_date_parse(str_of(text), &got) &&
				      got == day,
			      "%s", text);
	}
}
END_TEST

START_TEST(what_is_no_date_is_refused)
{
	static const char *const bad[] = {
		"",           "2027",       "2027-1-31",  "2027-02-29",
		"2100-02-29", "2027-00-01", "2027-13-01", "2027-01-00",
		"2027-01-32", "2027/01/31", "1969-12-31", "2106-01-01",
		"+027-01-31", "2027-01-31T"};
	int64_t day;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(!calendar_date_parse(str_of(bad[i]), &day), "%s",
			      bad[i]);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, every_day_is_found);
	tcase_add_test(tc, what_is_no_date_is_refused);
}

int main(void)
{
	return run_suite("calendar", add);
}
