/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/base/reader.h"
#include "tests/unit/support.h"

static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

START_TEST(numbers_are_big_endian)
{
	struct reader r = reader_of(bytes, sizeof(bytes));

	ck_assert_uint_eq(reader_u8(&r), 1);
	ck_assert_uint_eq(reader_u16(&r), 0x0203);
	ck_assert_uint_eq(reader_u24(&r), 0x040506);
	ck_assert_uint_eq(reader_u32(&r), 0x0708090a);
	ck_assert(reader_done(&r));
	ck_assert_uint_eq(reader_u8(&r), 0);
	ck_assert(r.failed && !reader_done(&r));
}
END_TEST

/* Every read of every length at every end of memory. */
START_TEST(a_read_that_does_not_fit_fails_for_good)
{
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		for (size_t take = 0; take <= sizeof(bytes) + 2; take++) {
			struct reader r = reader_of(at_page_end(bytes, n), n);
			const uint8_t *p = reader_take(&r, take);

			ck_assert(r.failed == (take > n));
			ck_assert((p == NULL) == r.failed);
			ck_assert_uint_eq(r.left, r.failed ? 0 : n - take);
			if (!r.failed)
				continue;
			ck_assert_uint_eq(reader_u32(&r), 0);
			ck_assert_ptr_null(reader_take(&r, 0));
			ck_assert(reader_sub(&r, 0).failed);
			ck_assert(!reader_done(&r));
		}
	}
}
END_TEST

START_TEST(children_are_bounded)
{
	struct reader r = reader_of(bytes, sizeof(bytes));
	struct reader sub = reader_sub(&r, 4), none;

	ck_assert_uint_eq(sub.left, 4);
	ck_assert_uint_eq(r.left, 6);
	reader_skip(&sub, 5);
	ck_assert(sub.failed && !r.failed);
	none = reader_sub(&r, 7);
	ck_assert(none.failed && r.failed);
	ck_assert_uint_eq(none.left, 0);
}
END_TEST

START_TEST(looking_does_not_consume)
{
	struct reader r = reader_of(bytes, sizeof(bytes));
	struct reader failed = {.failed = true};

	for (size_t i = 0; i < 12; i++) {
		ck_assert_uint_eq(reader_peek(&r, i), i < 10 ? bytes[i] : 0);
		ck_assert_uint_eq(reader_find(&r, 5, i), i <= 4 ? 4 : 10);
	}
	ck_assert_uint_eq(reader_run(&r, bytes[0]), 1);
	ck_assert_uint_eq(reader_run(&r, 77), 0);
	ck_assert_uint_eq(reader_run(&failed, 0), 0);
	ck_assert_uint_eq(r.left, sizeof(bytes));
	ck_assert_uint_eq(reader_peek(&failed, 0), 0);
	ck_assert_uint_eq(reader_find(&failed, 0, 0), 0);
}
END_TEST

START_TEST(nothing_can_be_read_from_nothing)
{
	struct reader r = reader_of(NULL, 0);

	ck_assert(reader_done(&r));
	reader_skip(&r, 0);
	ck_assert(reader_done(&r));
	ck_assert(!reader_sub(&r, 0).failed);
	reader_skip(&r, SIZE_MAX);
	ck_assert(r.failed);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, numbers_are_big_endian);
	tcase_add_test(tc, a_read_that_does_not_fit_fails_for_good);
	tcase_add_test(tc, children_are_bounded);
	tcase_add_test(tc, looking_does_not_consume);
	tcase_add_test(tc, nothing_can_be_read_from_nothing);
}

int main(void)
{
	return run_suite("base/reader", add);
}
