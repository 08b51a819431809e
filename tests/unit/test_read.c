/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/read.h"

#include "policy/base/strbuf.h"
#include "policy/check.h"

#include "tests/unit/support.h"

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct arena arena;
static struct diag_list diags;
static struct ast ast;
static char folder[32];

static void set_up(void)
{
	arena_init(&arena, 0, 0);
	diag_init(&diags, &arena);
	(void)snprintf(folder, sizeof(folder), "/tmp/fwagent-read-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *level)
{
	(void)st;
	(void)type;
	(void)level;
	return remove(path);
}

static void tear_down(void)
{
	arena_done(&arena);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void put(const char *name, const char *text, size_t len)
{
	FILE *f = fopen(name, "wb");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
}

static void puts_file(const char *name, const char *text)
{
	put(name, text, strlen(text));
}

/* Is this among what was said? */
static bool said(const char *text)
{
	struct strbuf b;
	bool found;

	strbuf_init(&b, 0);
	diag_print(&diags, &b);
	found = strstr(strbuf_text(&b), text) != NULL;
	if (!found)
		fprintf(stderr, "%s", strbuf_text(&b));
	strbuf_done(&b);
	return found;
}

static enum fw_err text(const char *s)
{
	return read_policy_text(str_of(s), "t.conf", &ast, &diags);
}

START_TEST(strings_in_arrays_keep_their_line)
{
	ck_assert_int_eq(text("addresses: { a = [\n\"x\",\n\"y\" # z\n\n];\n"
			      "b = \"z\"\n; };"),
			 FW_OK);
	ck_assert_uint_eq(ast.addresses.n, 2);
	ck_assert_uint_eq(ast.addresses.items[0].members.items[0].place.line,
			  2);
	ck_assert_uint_eq(ast.addresses.items[0].members.items[1].place.line,
			  3);
	ck_assert_uint_eq(ast.addresses.items[1].members.items[0].place.line,
			  6);
}
END_TEST

START_TEST(places_follow_includes)
{
	puts_file("inner.inc", "a = [\n\"x\"\n];\n\n");
	puts_file("outer.inc", "\n@include \"inner.inc\"\nb = \"y\";");
	puts_file("p.conf", "addresses: {\n  @include \"outer.inc\"\n"
			    "c = \"z\"; };\nfoo = 1;\n");
	ck_assert_int_eq(read_policy_file("p.conf", NULL, &ast, &diags),
			 FW_ERR_POLICY);
	ck_assert_uint_eq(ast.addresses.n, 3);
	ck_assert_str_eq(ast.addresses.items[0].members.items->place.file,
			 "inner.inc");
	ck_assert_uint_eq(ast.addresses.items[0].members.items->place.line, 2);
	ck_assert_str_eq(ast.addresses.items[1].name.place.file, "outer.inc");
	ck_assert_uint_eq(ast.addresses.items[1].name.place.line, 3);
	ck_assert_uint_eq(ast.addresses.items[2].name.place.line, 3);
	ck_assert(said("p.conf:4: error: unknown key 'foo'"));
}
END_TEST

START_TEST(includes_are_found_beside_their_file)
{
	ck_assert_int_eq(mkdir("sub", 0700), 0);
	puts_file("sub/a.inc", "@include \"b.inc\"\n");
	puts_file("sub/b.inc", "version = 1;\n");
	puts_file("p.conf", "@include \"sub/a.inc\"\n");
	ck_assert_int_eq(read_policy_file("p.conf", NULL, &ast, &diags), FW_OK);
	ck_assert_int_eq(ast.version.value, 1);
}
END_TEST

START_TEST(an_include_loop_ends)
{
	puts_file("a.conf", "@include \"b.conf\"\n");
	puts_file("b.conf", "\n@include \"a.conf\"\n");
	ck_assert_int_eq(read_policy_file("a.conf", NULL, &ast, &diags),
			 FW_ERR_POLICY);
	ck_assert(said("b.conf:2: error: 'a.conf' includes itself [include]"));
}
END_TEST

/* By another name each time, so that only the depth shows it. */
START_TEST(an_include_loop_by_links_ends)
{
	ck_assert_int_eq(symlink(".", "d"), 0);
	puts_file("a.conf", "@include \"d/a.conf\"\n");
	ck_assert_int_eq(read_policy_file("a.conf", NULL, &ast, &diags),
			 FW_ERR_POLICY);
	ck_assert(said("includes are nested more than 10 deep [include]"));
}
END_TEST

START_TEST(includes_that_multiply_end)
{
	char all[1200] = "", name[16];

	for (size_t n = 0; n < 1000; n += strlen(all + n))
		(void)snprintf(all + n, sizeof(all) - n, "@include \"x9\"\n");
	puts_file("x9", "");
	for (char c = '8'; c > '0'; c--) {
		(void)snprintf(name, sizeof(name), "x%c", c);
		puts_file(name, all);
		for (char *p = all; (p = strstr(p, "\"x")); p++)
			p[2] = c;
	}
	ck_assert_int_eq(read_policy_file("x1", NULL, &ast, &diags),
			 FW_ERR_POLICY);
	ck_assert(said("more than 1000 files are included"));
}
END_TEST

START_TEST(only_regular_files_are_read)
{
	ck_assert_int_eq(mkfifo("pipe", 0600), 0);
	ck_assert_int_eq(mkdir("folder", 0700), 0);
	puts_file("p.conf", "@include \"pipe\"\n@include \"folder\"\n"
			    "@include \"/dev/zero\"\n@include \"none\"\n"
			    "@include \"p.conf/x\"\n");
	ck_assert_int_eq(read_policy_file("p.conf", NULL, &ast, &diags),
			 FW_ERR_POLICY);
	ck_assert_uint_eq(diags.errors, 5);
	ck_assert(
		said("p.conf:1: error: cannot read 'pipe': it is no regular"));
	ck_assert(said("p.conf:2: error: cannot read 'folder': it is a dir"));
	ck_assert(said("p.conf:3: error: cannot read '/dev/zero': it is no "));
	ck_assert(
		said("p.conf:4: error: cannot read 'none': there is no such"));
	ck_assert(said("p.conf:5: error: cannot read 'p.conf/x': a part of"));
	ck_assert_int_eq(read_policy_file("pipe", NULL, &ast, &diags),
			 FW_ERR_POLICY);
	ck_assert_int_eq(read_policy_file("folder", "pipe", &ast, &diags),
			 FW_ERR_POLICY);
}
END_TEST

START_TEST(an_unreadable_file_is_an_error)
{
	uid_t before = geteuid();

	puts_file("p.conf", "version = 1;\n");
	ck_assert_int_eq(chmod("p.conf", 0), 0);
	ck_assert_int_eq(chmod(".", 0755), 0);
	/* Root reads everything: be somebody else for a moment. */
	if (before == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	ck_assert_int_eq(read_policy_file("p.conf", NULL, &ast, &diags),
			 FW_ERR_POLICY);
	ck_assert_int_eq(seteuid(before), 0);
	ck_assert(said("permission denied"));
}
END_TEST

START_TEST(a_file_too_large_is_not_read)
{
	puts_file("p.conf", "");
	ck_assert_int_eq(truncate("p.conf", READ_FILE_MAX + 1), 0);
	ck_assert_int_eq(read_policy_file("p.conf", NULL, &ast, &diags),
			 FW_ERR_POLICY);
	ck_assert(said("it is too large"));
	ck_assert(ast.partial);
}
END_TEST

START_TEST(a_binary_file_is_refused)
{
	put("p.conf", "version = 1;\n\0", 14);
	ck_assert_int_eq(read_policy_file("p.conf", NULL, &ast, &diags),
			 FW_ERR_POLICY);
	ck_assert(said("p.conf:2: error: 'p.conf' holds a zero byte"));
}
END_TEST

START_TEST(a_missing_directory_is_no_error)
{
	puts_file("p.conf", "version = 1;\n");
	ck_assert_int_eq(read_policy_file("p.conf", "nowhere", &ast, &diags),
			 FW_OK);
}
END_TEST

START_TEST(files_of_the_directory_are_joined_in_order)
{
	ck_assert_int_eq(mkdir("d", 0700), 0);
	puts_file("p.conf", "egress: ( { name = \"0\"; } );\n");
	puts_file("d/2.conf", "egress: ( { name = \"2\"; } );\n");
	puts_file("d/10.conf", "egress: ( { name = \"10\"; } );\n");
	puts_file("d/.x.conf", "( ( (\n");
	puts_file("d/x.conf~", "( ( (\n");
	ck_assert_int_eq(read_policy_file("p.conf", "d", &ast, &diags), FW_OK);
	ck_assert_uint_eq(ast.rules[AST_EGRESS].n, 3);
	ck_assert(str_is(ast.rules[AST_EGRESS].items[1].name.text, "10"));
	ck_assert_str_eq(ast.rules[AST_EGRESS].items[2].place.file, "d/2.conf");
}
END_TEST

START_TEST(depth_is_bounded)
{
	size_t n = 1000000;
	char *deep = malloc(n);

	ck_assert_ptr_nonnull(deep);
	memset(deep, '(', n);
	deep[0] = 'a';
	deep[1] = '=';
	ck_assert_int_eq(read_policy_text(str_mem(deep, n), "t", &ast, &diags),
			 FW_ERR_POLICY);
	ck_assert(said("nested more than 16 deep [nesting]"));
	free(deep);
}
END_TEST

/* Cut anywhere, a policy is refused or has less in it; never a crash. */
START_TEST(takes_every_prefix)
{
	static const char whole[] =
		"version = 1; /* c */ # d\n"
		"zones: { wan: { interfaces = [\"w\\x41\", \"v\"]; external = "
		"true; }; };\negress: ( { name = \"a\"; to = \"wan\"; } );";

	for (size_t n = 0; n < sizeof(whole); n++) {
		char *cut = malloc(n + 1);

		ck_assert_ptr_nonnull(cut);
		memcpy(cut, whole, n);
		(void)!read_policy_text(str_mem(cut, n), "t", &ast, &diags);
		check_policy(&ast, &(struct policy_env){0}, &diags);
		free(cut);
	}
}
END_TEST

/* Long and flat is fast: ten times as much takes about ten times as long, and
 * no more than a generous second here. */
START_TEST(a_hundred_thousand_addresses_are_read)
{
	struct strbuf b;

	strbuf_init(&b, 0);
	strbuf_addz(&b, "version = 1;\naddresses: { a = [");
	for (unsigned i = 0; i < 100000; i++)
		strbuf_addf(&b, "%s\"10.%u.%u.%u\"", i ? ",\n" : "",
			    i >> 16 & 255, i >> 8 & 255, i & 255);
	strbuf_addz(&b, "]; };\n");
	ck_assert_int_eq(text(strbuf_text(&b)), FW_OK);
	ck_assert_uint_eq(ast.addresses.items[0].members.n, 100000);
	ck_assert_uint_eq(
		ast.addresses.items[0].members.items[99999].place.line, 100001);
	strbuf_done(&b);
}
END_TEST

START_TEST(groups_with_too_many_members_are_refused)
{
	struct strbuf b;

	strbuf_init(&b, 0);
	strbuf_addz(&b, "hosts: {");
	for (unsigned i = 0; i < 200000; i++)
		strbuf_addf(&b, "h%u=\"x\";", i);
	strbuf_addz(&b, "};\n");
	ck_assert_int_eq(text(strbuf_text(&b)), FW_ERR_POLICY);
	ck_assert(said("a group has more than 10000 members [too-many]"));
	strbuf_done(&b);
}
END_TEST

START_TEST(errors_are_bounded_and_counted)
{
	struct strbuf b;

	strbuf_init(&b, 0);
	for (unsigned i = 0; i < 5000; i++)
		strbuf_addf(&b, "x%u=1;\n", i);
	ck_assert_int_eq(text(strbuf_text(&b)), FW_ERR_POLICY);
	ck_assert_uint_eq(diags.errors, 5000);
	ck_assert_uint_le(diags.all.n, 2 * DIAG_KEEP_MAX);
	ck_assert(said("and 4"));
	strbuf_done(&b);
}
END_TEST

static const char *const silent_in_libconfig[] = {
	"a = 1; /* never closed",
	"version = 1; \"never closed",
	"gateway: { queue = 99999999999; };",
	"gateway: { queue = 4294967295; };",
	"gateway: { marks = 0x100000000; };",
	"gateway: { name = \"a\\x00b\"; };",
	"gateway: { name = \"a\\qb\"; };",
	"hosts: { a = [\"x.example\" \"y.example\"]; };",
};

START_TEST(what_libconfig_swallows_is_an_error)
{
	ck_assert_int_eq(text(silent_in_libconfig[_i]), FW_ERR_POLICY);
}
END_TEST

START_TEST(hexadecimal_masks_are_not_negative)
{
	ck_assert_int_eq(text("gateway: { marks = 0xff000000; };"), FW_OK);
	ck_assert_int_eq(ast.gateway.marks.value, 0xff000000LL);
}
END_TEST

START_TEST(text_cannot_include)
{
	ck_assert_int_eq(text("@include \"/etc/passwd\"\n"), FW_ERR_POLICY);
	ck_assert(said("t.conf:1: error: '@include' is not possible here"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("read");
	TCase *c = tcase_create("files and text");

	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_add_test(c, strings_in_arrays_keep_their_line);
	tcase_add_test(c, places_follow_includes);
	tcase_add_test(c, includes_are_found_beside_their_file);
	tcase_add_test(c, an_include_loop_ends);
	tcase_add_test(c, an_include_loop_by_links_ends);
	tcase_add_test(c, includes_that_multiply_end);
	tcase_add_test(c, only_regular_files_are_read);
	tcase_add_test(c, an_unreadable_file_is_an_error);
	tcase_add_test(c, a_file_too_large_is_not_read);
	tcase_add_test(c, a_binary_file_is_refused);
	tcase_add_test(c, a_missing_directory_is_no_error);
	tcase_add_test(c, files_of_the_directory_are_joined_in_order);
	tcase_add_test(c, depth_is_bounded);
	tcase_add_test(c, takes_every_prefix);
	tcase_add_test(c, a_hundred_thousand_addresses_are_read);
	tcase_add_test(c, groups_with_too_many_members_are_refused);
	tcase_add_test(c, errors_are_bounded_and_counted);
	tcase_add_loop_test(c, what_libconfig_swallows_is_an_error, 0,
			    (int)(sizeof(silent_in_libconfig) /
				  sizeof(*silent_in_libconfig)));
	tcase_add_test(c, hexadecimal_masks_are_not_negative);
	tcase_add_test(c, text_cannot_include);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return run_made_suite(suite());
}
