/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/base/digest.h"
#include "policy/base/hash.h"
#include "policy/base/str.h"
#include "tests/unit/support.h"

START_TEST(views_are_compared)
{
	struct str none = {0};

	ck_assert(str_eq(none, str_of("")));
	ck_assert(str_eq(str_of(NULL), none));
	ck_assert(str_is(str_mem("ab\0c", 2), "ab"));
	ck_assert(!str_eq(str_mem("ab\0c", 4), str_of("ab")));
	ck_assert_int_lt(str_cmp(str_of("ab"), str_of("abc")), 0);
	ck_assert_int_gt(str_cmp(str_of("b"), str_of("abc")), 0);
	ck_assert_int_eq(str_cmp(none, none), 0);
	ck_assert_int_lt(str_cmp(none, str_of("a")), 0);
	ck_assert_int_gt(str_cmp(str_of("\xff"), str_of("a")), 0);
	ck_assert(str_starts(str_of("abc"), "ab"));
	ck_assert(str_starts(str_of("abc"), ""));
	ck_assert(!str_starts(str_of("a"), "ab"));
	ck_assert(str_is(str_skip(str_of("abc"), 1), "bc"));
	ck_assert_uint_eq(str_skip(str_of("abc"), 9).len, 0);
	ck_assert_uint_eq(str_skip(none, 1).len, 0);
}
END_TEST

START_TEST(text_is_cut_in_words)
{
	struct str rest = str_of("ab,,c"), none = {0};

	ck_assert(str_is(str_cut(&rest, ','), "ab"));
	ck_assert(str_is(rest, ",c"));
	ck_assert(str_is(str_cut(&rest, ','), ""));
	ck_assert(str_is(str_cut(&rest, ','), "c"));
	ck_assert_uint_eq(rest.len, 0);
	ck_assert(str_is(str_cut(&rest, ','), ""));
	ck_assert_uint_eq(str_cut(&none, ',').len, 0);
}
END_TEST

START_TEST(case_is_that_of_ascii_only)
{
	for (int c = -128; c < 128; c++) {
		char upper = (char)c;
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		ck_assert(ascii_is_alpha(upper) == letter);
		ck_assert(ascii_is_digit(upper) == (c >= '0' && c <= '9'));
		ck_assert_int_eq(ascii_lower(upper),
				 c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	ck_assert(str_eq_nocase(str_of("HoSt"), str_of("hOsT")));
	ck_assert(!str_eq_nocase(str_of("host"), str_of("hos")));
	ck_assert(!str_eq_nocase(str_of("@"), str_of("`")));
}
END_TEST

START_TEST(distances_are_those_of_slips)
{
	static const struct {
		const char *a, *b;
		size_t want;
	} cases[] = {{"", "", 0},       {"a", "", 1},       {"snni", "sni", 1},
		     {"sin", "sni", 1}, {"xni", "sni", 1},  {"sn", "sni", 1},
		     {"abc", "cba", 2}, {"abcd", "wxyz", 4}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct str a = str_of(cases[i].a), b = str_of(cases[i].b);

		ck_assert_uint_eq(str_distance(a, b, 10), cases[i].want);
		ck_assert_uint_eq(str_distance(b, a, 10), cases[i].want);
		ck_assert_uint_eq(str_distance(a, b, 0), cases[i].want ? 1 : 0);
	}
	for (size_t n = 60; n < 70; n++) {
		static const char xs[80] = {[0 ... 79] = 'x'};

		ck_assert_uint_eq(
			str_distance(str_mem(xs, n), str_mem(xs, n), 3),
			n <= 64 ? 0 : 4);
	}
}
END_TEST

START_TEST(utf8_is_measured)
{
	static const struct {
		const char *p;
		size_t want;
	} cases[] = {
		{"a", 1},
		{"\xc3\xbc", 2},
		{"\xe2\x82\xac", 3},
		{"\xf0\x9f\x98\x80", 4},
		{"\x1b", 0},
		{"\x7f", 0},
		{"\xc2\x85", 0},
		{"\xc0\xaf", 0},
		{"\xe0\x80\xaf", 0},
		{"\xed\xa0\x80", 0},
		{"\xf4\x90\x80\x80", 0},
		{"\xf5\x80\x80\x80", 0},
		{"\x80", 0},
		{"\xe2\x80\xae", 0},
		{"\xc3", 0},
		{"\xc3x", 0},
		{"", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t n = strlen(cases[i].p);
		const char *p = (const char *)at_page_end(cases[i].p, n);

		ck_assert_msg(str_utf8(str_mem(p, n)) == cases[i].want,
			      "case %zu", i);
	}
}
END_TEST

START_TEST(hashes_are_the_published_ones)
{
	const uint8_t key[16] = {0};
	uint8_t text[15];

	for (uint8_t i = 0; i < 15; i++)
		text[i] = i;
	/* What CPython 3.11 gives for them with PYTHONHASHSEED=0. */
	ck_assert_uint_eq(hash_keyed(key, text, 15), 0xf30eb725bb91c9eau);
	ck_assert_uint_eq(hash_keyed(key, text, 8), 0xead411e67ebe2eeau);
	ck_assert_uint_eq(hash_text("", 0), 0xcbf29ce484222325u);
	ck_assert_uint_eq(hash_text("a", 1), 0xaf63dc4c8601ec8cu);
}
END_TEST

/* FIPS 180-4: ba7816bf 8f01cfea 4141..., whatever the pieces. */
START_TEST(digest_is_sha256)
{
	const uint8_t wanted[] = {0xba, 0x78, 0x16, 0xbf,
				  0x8f, 0x01, 0xcf, 0xea};
	uint64_t name = 0, same = 0;
	struct digest d;

	ck_assert(digest_of("abc", 3, &name));
	ck_assert_mem_eq(&name, wanted, sizeof(wanted));
	digest_begin(&d);
	digest_add(&d, NULL, 0);
	digest_add(&d, "ab", 2);
	digest_add(&d, "c", 1);
	ck_assert(digest_end(&d, &same));
	ck_assert_uint_eq(name, same);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, views_are_compared);
	tcase_add_test(tc, text_is_cut_in_words);
	tcase_add_test(tc, case_is_that_of_ascii_only);
	tcase_add_test(tc, distances_are_those_of_slips);
	tcase_add_test(tc, utf8_is_measured);
	tcase_add_test(tc, hashes_are_the_published_ones);
	tcase_add_test(tc, digest_is_sha256);
}

int main(void)
{
	return run_suite("base/str", add);
}
