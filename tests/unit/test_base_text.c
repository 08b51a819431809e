/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What makes text: arenas, arrays, buffers, diagnostics, error codes. */
#include "policy/base/diag.h"
#include "policy/base/strbuf.h"
#include "policy/base/vec.h"
#include "tests/unit/support.h"

#include <errno.h>

START_TEST(arenas_give_zeroed_aligned_memory)
{
	struct arena a;

	arena_init(&a, 0, 16);
	for (size_t n = 0; n < 3000; n += 7) {
		uint8_t *p = arena_alloc(&a, n);

		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			ck_assert_uint_eq(p[i], 0);
		memset(p, 0xff, n);
	}
	ck_assert_ptr_nonnull(arena_alloc(&a, 3u << 20));
	arena_done(&a);
	ck_assert_uint_eq(a.left, SIZE_MAX);
	ck_assert_ptr_nonnull(arena_alloc(&a, 1));
	arena_done(&a);
}
END_TEST

START_TEST(arenas_keep_their_ceiling)
{
	for (size_t ceiling = 1; ceiling < 300; ceiling++) {
		struct arena a;
		size_t got = 0;

		arena_init(&a, ceiling, 0);
		while (arena_alloc(&a, 16))
			got += 16;
		ck_assert_uint_eq(got, ceiling / 16 * 16);
		ck_assert_uint_eq(a.left, ceiling % 16);
		arena_done(&a);
	}
}
END_TEST

START_TEST(sizes_that_overflow_are_refused)
{
	struct arena a;

	arena_init(&a, 0, 0);
	ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX));
	ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX - 7));
	ck_assert_ptr_null(arena_calloc(&a, SIZE_MAX / 2, 3));
	ck_assert_ptr_nonnull(arena_calloc(&a, 0, 3));
	ck_assert_str_eq(arena_printf(&a, "%d-%s", 7, "x"), "7-x");
	ck_assert(str_is(arena_str(&a, str_mem("ab\0c", 2)), "ab"));
	ck_assert_ptr_nonnull(arena_str(&a, (struct str){0}).p);
	arena_done(&a);
	arena_init(&a, 1, 0);
	ck_assert_ptr_null(arena_str(&a, str_of("a")).p);
	ck_assert_ptr_null(arena_printf(&a, "a"));
	arena_done(&a);
}
END_TEST

START_TEST(arrays_grow)
{
	VEC(unsigned) v = {0};
	struct arena a;
	unsigned n = 0;

	arena_init(&a, 0, 0);
	vec_foreach (none, &v)
		ck_abort_msg("%u", *none);
	for (unsigned i = 0; i < 1000; i++) {
		unsigned *item = vec_push(&a, &v);

		ck_assert_ptr_nonnull(item);
		ck_assert_uint_eq(*item, 0);
		*item = i;
	}
	vec_foreach (item, &v)
		ck_assert_uint_eq(*item, n++);
	ck_assert_uint_eq(n, 1000);
	arena_done(&a);
}
END_TEST

START_TEST(arrays_stop_without_memory)
{
	VEC(unsigned) v = {0};
	struct arena a;

	arena_init(&a, 512, 0);
	while (vec_push(&a, &v))
		;
	for (size_t i = 0; i < v.n; i++)
		ck_assert_uint_eq(v.items[i], 0);
	ck_assert_uint_gt(v.n, 0);
	arena_done(&a);
}
END_TEST

START_TEST(text_grows_to_its_ceiling)
{
	for (size_t ceiling = 1; ceiling < 600; ceiling++) {
		struct strbuf b;
		size_t n = 0;

		strbuf_init(&b, ceiling);
		ck_assert_str_eq(strbuf_text(&b), "");
		while (!b.failed) {
			n = b.len;
			if (n % 2)
				strbuf_addf(&b, "%c%s", 'x', "y");
			else
				strbuf_addz(&b, "z");
		}
		ck_assert_uint_eq(b.len, n);
		ck_assert_uint_le(n, ceiling);
		ck_assert_uint_ge(n + 2, ceiling);
		ck_assert_uint_eq(strlen(strbuf_text(&b)), n);
		strbuf_addz(&b, "");
		strbuf_add(&b, (struct str){0});
		ck_assert_uint_eq(b.len, n);
		strbuf_done(&b);
	}
}
END_TEST

START_TEST(diagnostics_have_place_code_and_notes)
{
	struct diag_list l;
	struct arena a;
	struct strbuf b;

	arena_init(&a, 0, 0);
	strbuf_init(&b, 0);
	diag_init(&l, &a);
	diag_error(&l, (struct place){"x.conf", 12}, "unknown-key",
		   "unknown key '%s'", "snni");
	diag_note(&l, (struct place){"x.conf", 12}, "did you mean '%s'?",
		  "sni");
	diag_warning(&l, (struct place){"y.conf", 0}, "empty", "is empty");
	diag_print(&l, &b);
	ck_assert_str_eq(strbuf_text(&b),
			 "x.conf:12: error: unknown key 'snni' [unknown-key]\n"
			 "x.conf:12: note: did you mean 'sni'?\n"
			 "y.conf: warning: is empty [empty]\n");
	ck_assert_uint_eq(l.errors, 1);
	ck_assert_uint_eq(l.warnings, 1);
	strbuf_done(&b);
	arena_done(&a);
}
END_TEST

START_TEST(diagnostics_are_bounded_but_counted)
{
	struct diag_list l;
	struct arena a;

	arena_init(&a, 0, 0);
	diag_init(&l, &a);
	for (unsigned i = 0; i < 10 * DIAG_KEEP_MAX; i++)
		diag_error(&l, (struct place){"x", i}, "c", "%2000d", 1);
	ck_assert_uint_eq(l.errors, 10 * DIAG_KEEP_MAX);
	ck_assert_uint_le(l.all.n, 2 * DIAG_KEEP_MAX);
	ck_assert_uint_ge(l.dropped, 8 * DIAG_KEEP_MAX);
	arena_done(&a);
}
END_TEST

START_TEST(every_code_has_a_text)
{
	static const enum fw_err codes[] = {
		FW_OK,
#define X(name, value, text) FW_ERR_##name,
#include "policy/base/errs.def"
#undef X
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		ck_assert_str_ne(fw_err_text(codes[i]), "");
		for (size_t j = 0; j < i; j++)
			ck_assert_int_ne(codes[i], codes[j]);
	}
	ck_assert_ptr_nonnull(fw_err_text((enum fw_err) - 999));
	for (int e = 1; e < 200; e++)
		ck_assert_int_lt(fw_err_of_errno(e), 0);
	ck_assert_int_eq(fw_err_of_errno(ENOMEM), FW_ERR_NOMEM);
	ck_assert_int_eq(fw_err_of_errno(ENOENT), FW_ERR_NOENT);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, arenas_give_zeroed_aligned_memory);
	tcase_add_test(tc, arenas_keep_their_ceiling);
	tcase_add_test(tc, sizes_that_overflow_are_refused);
	tcase_add_test(tc, arrays_grow);
	tcase_add_test(tc, arrays_stop_without_memory);
	tcase_add_test(tc, text_grows_to_its_ceiling);
	tcase_add_test(tc, diagnostics_have_place_code_and_notes);
	tcase_add_test(tc, diagnostics_are_bounded_but_counted);
	tcase_add_test(tc, every_code_has_a_text);
}

int main(void)
{
	return run_suite("base/text", add);
}
