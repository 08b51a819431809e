/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/urlpath.h"

#include "tests/unit/support.h"

#include <check.h>

static const struct {
	const char *target, *path; /* NULL: doubtful */
} paths[] = {
	{"/", "/"},
	{"/a/b", "/a/b"},
	{"/a/b/", "/a/b/"},
	{"/a?x=/../b", "/a"},
	{"?x", NULL},
	{"http://x.org/a", "/a"},
	{"HTTPS://x.org:8443/a?b", "/a"},
	{"http://x.org", "/"},
	{"http://x.org?x", "/"},
	{"ftp://x.org/a", NULL},
	{"*", NULL},
	{"x.org:443", NULL},
	{"", NULL},
	/* RFC 3986, 5.2.4 and 6.2.2 */
	{"/a/./b", "/a/b"},
	{"/a/../b", "/b"},
	{"/a/b/..", "/a/"},
	{"/a/.", "/a/"},
	{"/a/b/../../c", "/c"},
	{"/..", NULL},
	{"/../a", NULL},
	{"/a/../../b", NULL},
	{"/%61/%7e%2D", "/a/~-"},
	{"/%2e%2E/a", NULL},
	{"/a/%2e%2e/b", "/b"},
	{"/a%20b%c3%a9", "/a%20b%C3%A9"},
	/* what servers do not agree on */
	{"/a%2fb", NULL},
	{"/a%5cb", NULL},
	{"/a\\b", NULL},
	{"/a%252e", NULL},
	{"/a%00", NULL},
	{"/a%0a", NULL},
	{"/a%3bx", NULL},
	{"/a%", NULL},
	{"/a%4", NULL},
	{"/a%4g", NULL},
	{"/a//b", NULL},
	{"//a", NULL},
	{"/a#b", NULL},
	{"/a b", NULL},
	{"/a\x80", NULL},
	{"/..;/a", NULL},
	{"/a/..;x/b", NULL},
	{"/a;x=1/b", "/a;x=1/b"},
	{"/...", "/..."},
	{"/.a", "/.a"},
};

START_TEST(paths_have_one_form)
{
	char buf[URLPATH_MAX];
	struct str path;
	bool fine = urlpath_normalise(str_of(paths[_i].target), buf, &path);

	ck_assert_msg(fine == (paths[_i].path != NULL), "%s", paths[_i].target);
	if (fine)
		ck_assert_msg(str_is(path, paths[_i].path), "%s: %.*s",
			      paths[_i].target, STR_ARG(path));
}
END_TEST

START_TEST(the_form_of_a_form_is_itself)
{
	char buf[URLPATH_MAX], again[URLPATH_MAX];
	struct str path, second;

	if (!urlpath_normalise(str_of(paths[_i].target), buf, &path))
		return;
	ck_assert(urlpath_normalise(path, again, &second));
	ck_assert(str_eq(path, second));
}
END_TEST

START_TEST(long_paths_are_doubtful)
{
	static char text[URLPATH_MAX + 2];
	char buf[URLPATH_MAX];
	struct str path;

	memset(text, 'a', sizeof(text));
	text[0] = '/';
	ck_assert(urlpath_normalise(str_mem(text, URLPATH_MAX), buf, &path));
	ck_assert_uint_eq(path.len, URLPATH_MAX);
	ck_assert(
		!urlpath_normalise(str_mem(text, URLPATH_MAX + 1), buf, &path));
}
END_TEST

static const struct {
	const char *pattern, *path;
	bool fits;
} patterns[] = {
	{"/v1/*", "/v1/", true},
	{"/v1/*", "/v1/a/b", true},
	{"/v1/*", "/v1", false},
	{"/v1/*", "/v10/", false},
	{"/v1", "/v1", true},
	{"/v1", "/v1/", false},
	{"*", "/", true},
	{"*.js", "/a/b.js", true},
	{"*.js", "/a/b.jsx", false},
	{"/a*b*c", "/abc", true},
	{"/a*b*c", "/axbxbxc", true},
	{"/a*b*c", "/acb", false},
	{"/**", "/", true},
	{"/a", "/A", false},
	{"/aab*aab", "/aabaab", true},
	{"/aab*aab", "/aabab", false},
};

START_TEST(patterns_are_anchored)
{
	ck_assert_msg(urlpath_fits(str_of(patterns[_i].pattern),
				   str_of(patterns[_i].path)) ==
			      patterns[_i].fits,
		      "%s %s", patterns[_i].pattern, patterns[_i].path);
}
END_TEST

static void add(TCase *tc)
{
#define N(list) (int)(sizeof(list) / sizeof(*(list)))
	tcase_add_loop_test(tc, paths_have_one_form, 0, N(paths));
	tcase_add_loop_test(tc, the_form_of_a_form_is_itself, 0, N(paths));
	tcase_add_test(tc, long_paths_are_doubtful);
	tcase_add_loop_test(tc, patterns_are_anchored, 0, N(patterns));
}

int main(void)
{
	return run_suite("urlpath", add);
}
