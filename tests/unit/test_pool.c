/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/pool.h"
#include "tests/unit/support.h"

#include <stdint.h>

#define SIZE 4096
#define MOST 64

static struct {
	uint8_t *p;
	size_t n;
	uint8_t fill;
} pieces[MOST];

static void check_pieces(void)
{
	for (unsigned i = 0; i < MOST; i++)
		for (size_t at = 0; at < pieces[i].n; at++)
			ck_assert_uint_eq(pieces[i].p[at], pieces[i].fill);
}

START_TEST(pieces_do_not_touch)
{
	_Alignas(POOL_ALIGN) static uint8_t block[SIZE + POOL_ALIGN];
	uint32_t chance = 12345;
	unsigned refused = 0;

	memset(block, 0, SIZE);
	memset(&block[SIZE], 0xee, POOL_ALIGN);
	for (unsigned round = 0; round < 20000; round++) {
		unsigned i;

		chance = chance * 1103515245 + 12345;
		i = chance >> 16 & (MOST - 1);
		pool_free(block, pieces[i].p);
		pieces[i].n = chance >> 8 & 0xff;
		pieces[i].fill = (uint8_t)round;
		pieces[i].p = pool_alloc(block, SIZE, pieces[i].n);
		if (!pieces[i].p) {
			pieces[i].n = 0;
			refused++;
			continue;
		}
		ck_assert_uint_eq((uintptr_t)pieces[i].p % POOL_ALIGN, 0);
		ck_assert_uint_ge(pool_size(pieces[i].p), pieces[i].n);
		memset(pieces[i].p, pieces[i].fill, pieces[i].n);
		if (round % 50 == 0)
			check_pieces();
	}
	ck_assert_uint_gt(refused, 0);
	for (unsigned i = 0; i < MOST; i++)
		pool_free(block, pieces[i].p);
	ck_assert_ptr_nonnull(pool_alloc(block, SIZE, SIZE - POOL_ALIGN));
	for (unsigned i = 0; i < POOL_ALIGN; i++)
		ck_assert_uint_eq(block[SIZE + i], 0xee);
}
END_TEST

START_TEST(what_is_too_large_is_refused)
{
	_Alignas(POOL_ALIGN) static uint8_t block[SIZE];

	ck_assert_ptr_null(pool_alloc(block, SIZE, SIZE));
	ck_assert_ptr_null(pool_alloc(block, SIZE, SIZE_MAX));
	ck_assert_ptr_nonnull(pool_alloc(block, SIZE, 0));
	ck_assert_ptr_nonnull(pool_alloc(block, SIZE, SIZE - 3 * POOL_ALIGN));
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, pieces_do_not_touch);
	tcase_add_test(tc, what_is_too_large_is_refused);
}

int main(void)
{
	return run_suite("pool", add);
}
