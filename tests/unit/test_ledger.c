/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/stream/ledger.h"

#include "agent/limits.h"
#include "tests/unit/support.h"

#define START 0xfffffff0u /* sequence numbers wrap */

static struct ledger ledger;

static void setup(void)
{
	ledger = (struct ledger){0};
}

static void teardown(void)
{
	ledger_done(&ledger);
}

static bool note(uint32_t at, const char *text)
{
	return ledger_note(&ledger, START + at, reader_of(text, strlen(text)));
}

static bool differs(uint32_t at, const char *text)
{
	return ledger_differs(&ledger, START + at,
			      reader_of(text, strlen(text)));
}

START_TEST(copies_must_be_the_same)
{
	ck_assert(note(0, "0123456789"));
	ck_assert(note(10, "abcdef")); /* the same piece */
	ck_assert_uint_eq(ledger.n, 1);
	ck_assert(note(40, "head"));
	ck_assert(!differs(0, "0123456789abcdef"));
	ck_assert(!differs(8, "89ab"));
	ck_assert(differs(8, "89aX"));
	/* what lies between was not noted */
	ck_assert(!differs(16, "whatever it says here.."));
	ck_assert(!differs(38, "..he"));
	ck_assert(differs(38, "..hE"));
	ck_assert(!differs(44, "behind"));
	ck_assert(!differs(5, ""));
}
END_TEST

START_TEST(what_is_acknowledged_is_gone)
{
	ck_assert(note(0, "0123"));
	ck_assert(note(20, "4567"));
	ck_assert(note(40, "89"));
	ledger_acknowledge(&ledger, START + 3);
	ck_assert(differs(0, "x"));
	ledger_acknowledge(&ledger, START + 24);
	ck_assert(!differs(0, "x") && !differs(20, "x"));
	ck_assert(!differs(40, "89") && differs(40, "8x"));
	ck_assert(note(60, "more"));
	ck_assert(!differs(60, "more") && differs(60, "less"));
	ledger_acknowledge(&ledger, START + 100);
	ck_assert_uint_eq(ledger.n, 0);
	ck_assert(note(200, "again") && differs(200, "AGAIN"));
}
END_TEST

START_TEST(has_ceilings)
{
	static const uint8_t zeros[65536];
	uint32_t n = 0;

	while (ledger_note(&ledger, n * 100000, reader_of(zeros, 65536)))
		n++;
	ck_assert_uint_eq(n, LIMIT_LEDGER_BYTES / 65536);
	ledger_done(&ledger);
	for (n = 0; ledger_note(&ledger, n * 10, reader_of(zeros, 1)); n++)
		;
	ck_assert_uint_eq(n, LIMIT_LEDGER_ENTRIES);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, copies_must_be_the_same);
	tcase_add_test(tc, what_is_acknowledged_is_gone);
	tcase_add_test(tc, has_ceilings);
}

int main(void)
{
	return run_suite("ledger", add);
}
