/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/calendar.h"

#define FIRST_YEAR 1970
#define LAST_YEAR  2105

static bool number(struct str s, unsigned *out)
{
	*out = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (!ascii_is_digit(s.p[i]))
			return false;
		*out = *out * 10 + (unsigned)(s.p[i] - '0');
	}
	return s.len > 0;
}

static bool is_leap(unsigned year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned month_days(unsigned year, unsigned month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30,
				       31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

bool calendar_date_parse(struct str text, int64_t *out_day)
{
	unsigned year, month, day;
	int64_t days = 0;

	if (text.len != 10 || text.p[4] != '-' || text.p[7] != '-' ||
	    !number(str_mem(text.p, 4), &year) ||
	    !number(str_mem(text.p + 5, 2), &month) ||
	    !number(str_mem(text.p + 8, 2), &day))
		return false;
	if (year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12 ||
	    day < 1 || day > month_days(year, month))
		return false;
	for (unsigned y = FIRST_YEAR; y < year; y++)
		days += is_leap(y) ? 366 : 365;
	for (unsigned m = 1; m < month; m++)
		days += month_days(year, m);
	*out_day = days + day - 1;
	return true;
}
