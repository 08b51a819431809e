/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/base/name.h"
#include "tests/unit/support.h"

START_TEST(names_have_one_form)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"a", "a"},
		{"WWW.Example.ORG", "www.example.org"},
		{"a.b.", "a.b"},
		{"_dmarc.x-y.example", "_dmarc.x-y.example"},
		{"xn--bcher-kva.example", "xn--bcher-kva.example"},
		{"1.2.3.4", "1.2.3.4"},
		{"", NULL},
		{".", NULL},
		{"a..", NULL},
		{".a", NULL},
		{"a..b", NULL},
		{"a b", NULL},
		{"a\x7f", NULL},
		{"b\xc3\xbc"
		 "cher.example",
		 NULL},
		{"a/b", NULL},
		{"a:1", NULL},
		{"*.a", NULL},
		{"a\n", NULL},
		{"::1", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char buf[NAME_BUF];
		struct str out;
		enum fw_err err =
			name_normalise(str_of(cases[i].in), buf, &out);

		ck_assert_msg((err == FW_OK) == (cases[i].out != NULL), "%s",
			      cases[i].in);
		if (cases[i].out)
			ck_assert_str_eq(out.p, cases[i].out);
	}
}
END_TEST

START_TEST(every_byte_is_judged)
{
	for (unsigned c = 0; c < 256; c++) {
		char in[] = {'a', (char)c, 'b'}, buf[NAME_BUF];
		struct str out;
		bool good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			    (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
			    c == '.';

		ck_assert_msg((name_normalise(str_mem(in, 3), buf, &out) ==
			       FW_OK) == good,
			      "byte %u", c);
	}
}
END_TEST

START_TEST(labels_and_names_have_their_lengths)
{
	for (size_t n = 1; n < 70; n++) {
		char in[80], buf[NAME_BUF];
		struct str out;

		memset(in, 'x', sizeof(in));
		ck_assert((name_normalise(str_mem(in, n), buf, &out) ==
			   FW_OK) == (n <= 63));
	}
	for (size_t n = 240; n < 260; n++) {
		char in[300], buf[NAME_BUF];
		struct str out;

		for (size_t i = 0; i < sizeof(in); i++)
			in[i] = i % 2 ? '.' : 'x';
		in[n - 1] = 'x';
		if (n % 2 == 0)
			in[n - 2] = 'x';
		ck_assert((name_normalise(str_mem(in, n), buf, &out) ==
			   FW_OK) == (n <= 253));
		in[n] = '.';
		ck_assert((name_normalise(str_mem(in, n + 1), buf, &out) ==
			   FW_OK) == (n <= 253));
	}
}
END_TEST

START_TEST(addresses_are_no_names)
{
	static const char *const yes[] = {"1.2.3.4", "::1", "[::1]",
					  "2001:db8::1", "[1.2.3.4]"};
	static const char *const no[] = {"",      "[]",  "[",        "a",
					 "1.2.3", "[a]", "1.2.3.4.", "[::1"};

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		ck_assert_msg(name_is_address(str_of(yes[i])), "%s", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		ck_assert_msg(!name_is_address(str_of(no[i])), "%s", no[i]);
}
END_TEST

START_TEST(sets_match_whole_labels)
{
	static const char *const texts[] = {"z.org", "*.x.org", "a.x.com",
					    "1.2.3.4"};
	static const struct {
		const char *name;
		bool want;
	} cases[] = {
		{"a.x.org", true},  {"a.b.x.org", true},   {"x.org", false},
		{"ax.org", false},  {"a.ax.org", false},   {"z.org", true},
		{"a.z.org", false}, {"org", false},        {"a.x.com", true},
		{"b.x.com", false}, {"", false},           {"1.2.3.4", true},
		{"1.2.3.5", false}, {"x.org.evil", false},
	};
	struct str patterns[4];
	struct arena arena;
	struct nameset s;

	arena_init(&arena, 0, 0);
	for (size_t i = 0; i < 4; i++)
		patterns[i] = str_of(texts[i]);
	ck_assert_int_eq(nameset_of(&arena, patterns, 4, &s), FW_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		ck_assert_msg(nameset_has(&s, str_of(cases[i].name)) ==
				      cases[i].want,
			      "%s", cases[i].name);
	ck_assert_int_eq(nameset_of(&arena, NULL, 0, &s), FW_OK);
	ck_assert(!nameset_has(&s, str_of("a")));
	patterns[0] = str_of("*");
	ck_assert_int_eq(nameset_of(&arena, patterns, 1, &s), FW_OK);
	ck_assert(nameset_has(&s, str_of("a")));
	ck_assert(!nameset_has(&s, str_of("1.2.3.4")));
	ck_assert(!nameset_has(&s, str_of("")));
	arena_done(&arena);
	arena_init(&arena, 8, 0);
	ck_assert_int_eq(nameset_of(&arena, patterns, 4, &s), FW_ERR_NOMEM);
	arena_done(&arena);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, names_have_one_form);
	tcase_add_test(tc, every_byte_is_judged);
	tcase_add_test(tc, labels_and_names_have_their_lengths);
	tcase_add_test(tc, addresses_are_no_names);
	tcase_add_test(tc, sets_match_whole_labels);
}

int main(void)
{
	return run_suite("base/name", add);
}
