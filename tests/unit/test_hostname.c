/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/hostname.h"

#include "policy/base/arena.h"

#include "tests/unit/support.h"

#include <check.h>
#include <stdlib.h>

static struct arena arena;

static void set_up(void)
{
	arena_init(&arena, 0, 0);
}

static void tear_down(void)
{
	arena_done(&arena);
}

/* Its normal form, or the reason why there is none. */
static const char *pattern(const char *written)
{
	const char *why = "";
	struct str normal;

	if (hostname_pattern(&arena, str_of(written), &normal, &why))
		return why;
	ck_assert_uint_eq(normal.len, strlen(normal.p));
	return normal.p;
}

static enum fw_err code(const char *written)
{
	const char *why = NULL;
	struct str normal;
	enum fw_err err =
		hostname_pattern(&arena, str_of(written), &normal, &why);

	ck_assert_msg(!err || (why && *why), "no reason for %s", written);
	return err;
}

static const struct {
	const char *written, *normal;
} good[] = {
	{"*", "*"},
	{"example.org", "example.org"},
	{"WWW.Example.ORG.", "www.example.org"},
	{"*.Example.org", "*.example.org"},
	{"_dmarc.example.org", "_dmarc.example.org"},
	{"localhost", "localhost"},
	{"bücher.example", "xn--bcher-kva.example"},
	{"*.BÜCHER.example", "*.xn--bcher-kva.example"},
	{"xn--bcher-kva.example", "xn--bcher-kva.example"},
	/* Non-transitional: sharp s is a letter of its own. */
	{"straße.example", "xn--strae-oqa.example"},
	{"例え。テスト", "xn--r8jz45g.xn--zckzah"},
	{"ｗｗｗ.example.org", "www.example.org"},
	{"192.0.2.1", "192.0.2.1"},
	{"2001:DB8:0::1", "2001:db8::1"},
	{"[2001:db8::1]", "2001:db8::1"},
	{"*.lan", "*.lan"},
	{"*.home.arpa", "*.home.arpa"},
	{"*.internal", "*.internal"},
	{"*.example.co.uk", "*.example.co.uk"},
	{"co.uk", "co.uk"},
};

START_TEST(brings_into_normal_form)
{
	ck_assert_str_eq(pattern(good[_i].written), good[_i].normal);
}
END_TEST

START_TEST(normal_form_is_its_own)
{
	ck_assert_str_eq(pattern(good[_i].normal), good[_i].normal);
}
END_TEST

static const char *const bad[] = {
	"",
	".",
	"*.",
	"..",
	"a..b",
	".a",
	"a b",
	"a\tb",
	"a\nb",
	"a/b",
	"http://a.example",
	"a.example:443",
	"a*.example.org",
	"*a.example.org",
	"a.*.example.org",
	"*.*.example.org",
	"**",
	"*example.org",
	"10.1",
	"0x7f.1",
	"1.2.3.4.5",
	"256.1.1.1",
	"*.1.2.3.4",
	"xn--zzzz--.example",
	"xn--a.example",
	"-é.example",
	"\xff.example",
	"a\xc0\xaf.example",
	"\xe2\x80\xaegro.elpmaxe",
	/* 64 bytes in one label */
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.org",
};

START_TEST(refuses_what_is_no_name)
{
	ck_assert_msg(code(bad[_i]) == FW_ERR_INVAL, "%s gave %s", bad[_i],
		      pattern(bad[_i]));
}
END_TEST

static const char *const wide[] = {
	"*.com",       "*.org.",   "*.co.uk", "*.CO.UK",
	"*.github.io", "*.sch.uk", "*.ck",    "*.unheard-of-top-name",
	"*.xn--p1ai",  "*.рф",
};

START_TEST(refuses_wildcards_over_public_suffixes)
{
	ck_assert_msg(code(wide[_i]) == FW_ERR_LIMIT, "%s gave %s", wide[_i],
		      pattern(wide[_i]));
}
END_TEST

START_TEST(refuses_zero_bytes_and_endless_names)
{
	const char *why;
	struct str out;
	char *longest = malloc(100000);

	ck_assert_ptr_nonnull(longest);
	memset(longest, 'a', 100000);
	ck_assert_int_eq(
		hostname_pattern(&arena, str_mem("a\0b.org", 7), &out, &why),
		FW_ERR_INVAL);
	ck_assert_int_eq(
		hostname_pattern(&arena, str_mem(longest, 100000), &out, &why),
		FW_ERR_INVAL);
	free(longest);
}
END_TEST

START_TEST(takes_names_of_253_bytes_and_no_more)
{
	char name[256];

	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i % 50 == 49 ? '.' : 'a';
	name[253] = '\0';
	ck_assert_int_eq(code(name), FW_OK);
	name[253] = 'a';
	name[254] = '\0';
	ck_assert_int_eq(code(name), FW_ERR_INVAL);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("hostname");
	TCase *c = tcase_create("patterns");

#define N(list) (int)(sizeof(list) / sizeof(*(list)))
	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_add_loop_test(c, brings_into_normal_form, 0, N(good));
	tcase_add_loop_test(c, normal_form_is_its_own, 0, N(good));
	tcase_add_loop_test(c, refuses_what_is_no_name, 0, N(bad));
	tcase_add_loop_test(c, refuses_wildcards_over_public_suffixes, 0,
			    N(wide));
	tcase_add_test(c, refuses_zero_bytes_and_endless_names);
	tcase_add_test(c, takes_names_of_253_bytes_and_no_more);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return run_made_suite(suite());
}
