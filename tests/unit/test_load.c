/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists in files: from disk, from what came with a policy, and what they cost
 * when they are long. */
#include "policy/feed.h"
#include "policy/policy.h"
#include "support.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZONES                                                        \
	"version = 1;\nzones: { lan: { interfaces = [\"lan0\"]; }; " \
	"wan: { interfaces = [\"wan0\"]; external = true; }; };\n"
#define RULE   "egress: ( { name = \"x\"; to = \"@a\"; action = \"deny\"; } );\n"
#define POLICY ZONES "addresses: { a = \"@file:lists/a\"; };\n" RULE

static char folder[64];

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	(void)fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

static void make_folder(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void setup(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/fw-load-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	make_folder("lists");
	make_folder("policy.d");
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void teardown(void)
{
	ck_assert_int_eq(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* The policy in the folder, with policy.d; owned. */
static struct policy *from_disk(enum fw_err wanted)
{
	char path[96], directory[96];
	struct policy_input in = {.path = path, .directory = directory};
	struct policy *p;

	(void)snprintf(path, sizeof(path), "%s/policy.conf", folder);
	(void)snprintf(directory, sizeof(directory), "%s/policy.d", folder);
	ck_assert_int_eq(policy_compile(&in, &p), wanted);
	return p;
}

static struct policy *
from_text(struct str text, const struct policy_files *files, enum fw_err wanted)
{
	struct policy_input in = {
		.text = text, .text_name = "policy", .files = files};
	struct policy *p;

	ck_assert_int_eq(policy_compile(&in, &p), wanted);
	return p;
}

static struct str canonical(const struct policy *p)
{
	return str_mem(p->canonical.p, p->canonical.len);
}

static void expect_said(const struct policy *p, const char *text)
{
	struct strbuf said;

	strbuf_init(&said, 0);
	diag_print(&p->diags, &said);
	ck_assert_msg(strstr(strbuf_text(&said), text) != NULL, "%s",
		      strbuf_text(&said));
	strbuf_done(&said);
}

START_TEST(files_travel_with_the_policy)
{
	struct policy *p, *q;

	write_file("lists/a", "192.0.2.1\n");
	write_file("policy.conf", POLICY);
	p = from_disk(FW_OK);
	ck_assert_uint_eq(p->files.n, 1);
	ck_assert_str_eq(p->files.items[0].name, "@file:lists/a");
	ck_assert(str_is(p->files.items[0].bytes, "192.0.2.1\n"));
	q = from_text(canonical(p), &p->files, FW_OK);
	ck_assert_str_eq(p->digest, q->digest);
	ck_assert(str_eq(canonical(p), canonical(q)));
	ck_assert_uint_eq(q->ir.all[0].to.addrs.n, 1);
	policy_free(q);
	policy_free(p);
}
END_TEST

/* The next policy has the lists of the one before, also when that is gone; of
 * another content, or as names, they are other lists. */
START_TEST(what_is_known_is_not_read_again)
{
	struct policy_input in = {.text_name = "policy"};
	struct policy *first, *second, *third;

	write_file("lists/a", "192.0.2.1\n192.0.2.3\n");
	write_file("policy.conf", POLICY);
	first = from_disk(FW_OK);
	in.text = canonical(first);
	in.files = &first->files;
	in.before = first;
	ck_assert_int_eq(policy_compile(&in, &second), FW_OK);
	ck_assert_uint_eq(second->lists.n, 1);
	ck_assert_ptr_eq(second->lists.items[0], first->lists.items[0]);
	ck_assert_str_eq(second->digest, first->digest);
	policy_forget_files(second);
	policy_free(first);
	ck_assert_uint_eq(second->ir.all[0].to.addrs.n, 2);
	write_file("lists/a", "192.0.2.9\n");
	first = from_disk(FW_OK);
	in.files = &first->files;
	in.text = canonical(first);
	in.before = second;
	ck_assert_int_eq(policy_compile(&in, &third), FW_OK);
	ck_assert_ptr_ne(third->lists.items[0], second->lists.items[0]);
	ck_assert_uint_eq(third->ir.all[0].to.addrs.n, 1);
	policy_free(third);
	policy_free(second);
	policy_free(first);
}
END_TEST

START_TEST(what_came_along_is_all_there_is)
{
	const struct policy_files none = {NULL, 0};
	struct policy *p;
	char here[256];

	write_file("lists/a", "192.0.2.1\n");
	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	ck_assert_int_eq(chdir(folder), 0);
	p = from_text(str_of(POLICY), &none, FW_ERR_POLICY);
	expect_said(p, "policy:3: error: '@file:lists/a' did not come with the "
		       "policy [file]");
	policy_free(p);
	/* A text without files is read from where we are. */
	policy_free(from_text(str_of(POLICY), NULL, FW_OK));
	ck_assert_int_eq(chdir(here), 0);
}
END_TEST

START_TEST(the_digest_names_the_content_too)
{
	struct policy *before, *after;

	write_file("lists/a", "192.0.2.1\n");
	write_file("policy.conf", POLICY);
	before = from_disk(FW_OK);
	write_file("lists/a", "192.0.2.2\n");
	after = from_disk(FW_OK);
	ck_assert(str_eq(canonical(before), canonical(after)));
	ck_assert_str_ne(before->digest, after->digest);
	policy_free(before);
	policy_free(after);
}
END_TEST

START_TEST(a_path_begins_where_its_word_stands)
{
	struct policy *p;

	write_file("lists/a", "192.0.2.1\n");
	write_file("policy.d/a", "192.0.2.2\n");
	write_file("policy.conf", ZONES RULE);
	write_file(
		"policy.d/a.conf",
		"addresses: { a = [\"@file:../lists/a\", \"@file:a\"]; };\n");
	p = from_disk(FW_OK);
	ck_assert_uint_eq(p->files.n, 2);
	ck_assert_str_eq(p->files.items[0].name, "@file:policy.d/../lists/a");
	ck_assert_str_eq(p->files.items[1].name, "@file:policy.d/a");
	policy_free(from_text(canonical(p), &p->files, FW_OK));
	policy_free(p);
}
END_TEST

START_TEST(an_absolute_path_stays)
{
	char text[512], name[128];
	struct policy *p;

	write_file("lists/a", "192.0.2.1\n");
	/* Below the policy's folder it is named from there. */
	(void)snprintf(text, sizeof(text),
		       ZONES "addresses: { a = [\"@file:/dev/null\", "
			     "\"@file:%s/lists/a\"]; };\n" RULE,
		       folder);
	write_file("policy.conf", text);
	p = from_disk(FW_ERR_POLICY);
	expect_said(p, "cannot read '/dev/null': it is no regular file");
	policy_free(p);
	(void)snprintf(name, sizeof(name), "@file:%s/lists/a", folder);
	(void)snprintf(text, sizeof(text),
		       ZONES "addresses: { a = \"%s\"; };\n" RULE, name);
	write_file("policy.conf", text);
	p = from_disk(FW_OK);
	ck_assert_str_eq(p->files.items[0].name, "@file:lists/a");
	policy_free(p);
	p = from_text(str_of(text), NULL, FW_OK);
	ck_assert_str_eq(p->files.items[0].name, name);
	policy_free(p);
}
END_TEST

START_TEST(forgotten_files_leave_the_rules)
{
	struct policy *p;

	write_file("lists/a", "192.0.2.1\n");
	write_file("policy.conf", POLICY);
	p = from_disk(FW_OK);
	policy_forget_files(p);
	ck_assert_uint_eq(p->files.n, 0);
	ck_assert_uint_eq(p->ir.all[0].to.addrs.n, 1);
	policy_free(p);
}
END_TEST

#define GEO_POLICY                                                   \
	ZONES "geo: { country = \"%s/build/geo/country.mmdb\"; };\n" \
	      "egress: ( { name = \"x\"; to = [\"country:nl\", "     \
	      "\"!country:DE\"]; action = \"deny\"; } );\n"

START_TEST(countries_travel_as_lists)
{
	const struct policy_files none = {NULL, 0};
	char text[512], here[256];
	struct policy *p, *q;

	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	(void)snprintf(text, sizeof(text), GEO_POLICY, here);
	write_file("policy.conf", text);
	p = from_disk(FW_OK);
	ck_assert_uint_eq(p->files.n, 2);
	ck_assert_str_eq(p->files.items[0].name, "country:NL");
	ck_assert(str_is(p->files.items[0].bytes,
			 "192.0.2.0/25\n198.51.100.0/25\n"
			 "2001:db8:1::/48\n"));
	/* Who gets them needs no database. */
	q = from_text(canonical(p), &p->files, FW_OK);
	ck_assert_str_eq(p->digest, q->digest);
	policy_free(q);
	q = from_text(canonical(p), &none, FW_ERR_POLICY);
	expect_said(q, "'country:NL' did not come with the policy [file]");
	policy_free(q);
	policy_free(p);
}
END_TEST

/* Each byte of a database flipped, and each end of it cut off: an error or
 * other addresses, never a crash or a hang. */
START_TEST(a_broken_database_is_survived)
{
	char text[512], *bytes;
	size_t n;
	FILE *f = fopen("build/geo/country.mmdb", "rb");

	ck_assert_ptr_nonnull(f);
	bytes = malloc(65536);
	ck_assert_ptr_nonnull(bytes);
	n = fread(bytes, 1, 65536, f);
	ck_assert_uint_gt(n, 0);
	ck_assert_int_eq(fclose(f), 0);
	make_folder("build");
	make_folder("build/geo");
	(void)snprintf(text, sizeof(text), GEO_POLICY, folder);
	write_file("policy.conf", text);
	for (size_t i = 0; i < 2 * n; i++) {
		char path[128];
		struct policy_input in = {.path = path};
		struct policy *p;

		bytes[i % n] = (char)(bytes[i % n] ^ 0xff);
		(void)snprintf(path, sizeof(path), "%s/build/geo/country.mmdb",
			       folder);
		f = fopen(path, "wb");
		ck_assert_ptr_nonnull(f);
		ck_assert_uint_eq(fwrite(bytes, 1, i < n ? n : i - n, f),
				  i < n ? n : i - n);
		ck_assert_int_eq(fclose(f), 0);
		bytes[i % n] = (char)(bytes[i % n] ^ 0xff);
		(void)snprintf(path, sizeof(path), "%s/policy.conf", folder);
		(void)!policy_compile(&in, &p);
		policy_free(p);
	}
	free(bytes);
}
END_TEST

/* --- the lists themselves ------------------------------------------------ */

static struct arena arena;
static struct diag_list diags;

static struct feed feed_of(struct str bytes)
{
	arena_init(&arena, 0, 0);
	diag_init(&diags, &arena);
	return (struct feed){bytes, "feed", &diags};
}

static size_t ranges_in(const char *text)
{
	struct feed f = feed_of(str_of(text));
	struct ipset set = {0};

	ck_assert_int_eq(feed_addresses(&f, &arena, &set), FW_OK);
	arena_done(&arena);
	return set.n;
}

START_TEST(every_kind_of_line_end)
{
	static const char *const same[] = {
		"192.0.2.1\n192.0.2.3\n",
		"192.0.2.1\r\n192.0.2.3\r\n",
		"192.0.2.1\n192.0.2.3",
		"\n\n192.0.2.1\n \n192.0.2.3",
		"192.0.2.1#a\n192.0.2.3;b\n",
		"\xef\xbb\xbf\t192.0.2.1\n\t192.0.2.3\t\n",
	};

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		ck_assert_uint_eq(ranges_in(same[i]), 2);
	ck_assert_uint_eq(ranges_in(""), 0);
	ck_assert_uint_eq(ranges_in("#"), 0);
}
END_TEST

START_TEST(one_entry_too_many)
{
	size_t n = (FEED_ENTRIES_MAX + 1) * 2;
	char *text = malloc(n);
	struct ipset set = {0};
	struct feed f;

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < n; i++)
		text[i] = i % 2 ? '\n' : 'x';
	f = feed_of(str_mem(text, n));
	ck_assert_int_eq(feed_addresses(&f, &arena, &set), FW_ERR_POLICY);
	ck_assert_uint_eq(diags.errors, 1);
	ck_assert_str_eq(diags.all.items[0].code, "too-many");
	arena_done(&arena);
	free(text);
}
END_TEST

START_TEST(no_memory_is_said)
{
	const char *text = "192.0.2.1\n";
	struct feed f = feed_of(str_of(text));
	struct feed_names names;
	struct ipset set;

	arena.left = 8;
	ck_assert_int_eq(feed_addresses(&f, &arena, &set), FW_ERR_NOMEM);
	ck_assert_int_eq(feed_names(&f, &arena, &names), FW_ERR_NOMEM);
	arena_done(&arena);
}
END_TEST

/* A million entries cost their array and no more. */
START_TEST(a_long_list_is_kept_once)
{
	const size_t n = 300000;
	struct strbuf text;
	struct policy *p;

	strbuf_init(&text, 0);
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&text, "%zu.%zu.%zu.%zu\n", 1 + i % 223,
			    i / 223 % 256, i / 57088 % 256, (i * 7) % 256);
	write_file("lists/a", strbuf_text(&text));
	strbuf_done(&text);
	write_file("policy.conf",
		   ZONES "addresses: { a = \"@file:lists/a\"; b = "
			 "\"@file:lists/a\"; };\negress: ( "
			 "{ name = \"x\"; to = \"@a\"; service = \"tcp/2\"; "
			 "action = \"deny\"; }, "
			 "{ name = \"y\"; to = \"@b\"; service = \"tcp/1\"; "
			 "action = \"deny\"; }, "
			 "{ name = \"z\"; from = \"@a\"; action = \"deny\"; } "
			 ");\n");
	p = from_disk(FW_OK);
	ck_assert_uint_eq(p->ir.all[0].to.addrs.n, n);
	ck_assert_uint_lt(SIZE_MAX - p->arena.left,
			  n * (sizeof(struct iprange) + 8));
	policy_free(p);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, files_travel_with_the_policy);
	tcase_add_test(tc, what_is_known_is_not_read_again);
	tcase_add_test(tc, what_came_along_is_all_there_is);
	tcase_add_test(tc, the_digest_names_the_content_too);
	tcase_add_test(tc, a_path_begins_where_its_word_stands);
	tcase_add_test(tc, an_absolute_path_stays);
	tcase_add_test(tc, forgotten_files_leave_the_rules);
	tcase_add_test(tc, countries_travel_as_lists);
	tcase_add_test(tc, a_broken_database_is_survived);
	tcase_add_test(tc, every_kind_of_line_end);
	tcase_add_test(tc, one_entry_too_many);
	tcase_add_test(tc, no_memory_is_said);
	tcase_add_test(tc, a_long_list_is_kept_once);
}

int main(void)
{
	return run_suite("load", add);
}
