/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support.h"

static const struct named_suite *suite;

START_TEST(they_are_named)
{
	expect_dialogues(suite->named, suite->n_named);
}
END_TEST

START_TEST(look_alikes_are_not)
{
	expect_dialogues(suite->others, suite->n_others);
}
END_TEST

START_TEST(no_prefix_is_enough)
{
	for (size_t i = 0; i < suite->n_whole; i++)
		no_prefix_settles(suite->whole[i]);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, they_are_named);
	tcase_add_test(tc, look_alikes_are_not);
	tcase_add_test(tc, no_prefix_is_enough);
}

int run_named(const char *name, const struct named_suite *s)
{
	suite = s;
	return run_suite(name, add);
}
