/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/limit.h"

#include "tests/unit/support.h"

#include <check.h>

static const struct {
	const char *text, *is;
	bool count;
} good[] = {
	{"20/minute", "20/minute burst 5 in all", false},
	{"1/day", "1/day burst 5 in all", false},
	{"1000/second per source", "1000/second burst 5 per source", false},
	{"2/hour burst 1", "2/hour burst 1 in all", false},
	{"2/hour burst 9 per source", "2/hour burst 9 per source", false},
	{"2/hour per source burst 9", "2/hour burst 9 per source", false},
	{"10000000/second in all", "10000000/second burst 5 in all", false},
	{"50", "50 per source", true},
	{"50 per source", "50 per source", true},
	{"1 in all", "1 in all", true},
};

START_TEST(reads_and_prints)
{
	char text[LIMIT_TEXT_MAX];
	struct limit limit;
	const char *why =
		good[_i].count
			? limit_parse_count(str_of(good[_i].text), &limit)
			: limit_parse_rate(str_of(good[_i].text), &limit);

	ck_assert_msg(!why, "%s: %s", good[_i].text, why);
	ck_assert_str_eq(limit_print(&limit, text), good[_i].is);
}
END_TEST

START_TEST(refuses)
{
	static const char *const rates[] = {"",
					    "20",
					    "20/",
					    "/minute",
					    "0/minute",
					    "-1/minute",
					    "20/week",
					    "20 / minute",
					    "20/minute burst",
					    "20/minute burst 0",
					    "20/minute per",
					    "20/minute per sink",
					    "20/minute per source in all",
					    "20/minute burst 5 burst 5",
					    "10000001/second",
					    "99999999999999999999/second",
					    "20/Minute"};
	static const char *const counts[] = {"",         "0",          "-5",
					     "5/minute", "50 burst 5", "50 per",
					     "five",     "10000001"};
	struct limit limit;

	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++)
		ck_assert_msg(limit_parse_rate(str_of(rates[i]), &limit) !=
				      NULL,
			      "%s", rates[i]);
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		ck_assert_msg(limit_parse_count(str_of(counts[i]), &limit) !=
				      NULL,
			      "%s", counts[i]);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_loop_test(tc, reads_and_prints, 0,
			    (int)(sizeof(good) / sizeof(*good)));
	tcase_add_test(tc, refuses);
}

int main(void)
{
	return run_suite("limit", add);
}
