/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each diagnostic once, by its code; the wording is kept by tests/golden. */
#include "policy/check.h"

#include "policy/base/strbuf.h"
#include "policy/read.h"

#include "tests/unit/support.h"

#include <check.h>
#include <stdio.h>

#define ZONES                                                                  \
	"zones: { lan: { interfaces = \"l0\"; networks = \"10.0.0.0/16\"; }; " \
	"dmz: { interfaces = \"d0\"; networks = \"10.1.0.0/16\"; }; "          \
	"wan: { interfaces = \"w0\"; external = true; }; };"
#define HEAD         "version = 1; " ZONES
#define RULE(rest)   "{ name = \"a\"; action = \"allow\"; " rest " }"
#define EGRESS(rest) HEAD "egress: (" RULE("from = \"lan\"; " rest) ");"

static const struct policy_env env = {.now = 1782900000};
static struct arena arena;
static struct diag_list diags;

static void set_up(void)
{
	arena_init(&arena, 0, 0);
	diag_init(&diags, &arena);
}

static void tear_down(void)
{
	arena_done(&arena);
}

static void check_text(const char *text)
{
	struct ast ast;

	(void)!read_policy_text(str_of(text), "t.conf", &ast, &diags);
	check_policy(&ast, &env, &diags);
}

static const struct {
	const char *code, *text;
} wrong[] = {
	{"version", ZONES},
	{"version", "version = 2;" ZONES},
	{"missing", "version = 1;"},
	{"missing", "version = 1; zones: { a: { interfaces = \"x\"; }; };"},
	{"missing", "version = 1; zones: { a: { external = true; }; };"},
	{"bad-name", HEAD "gateway: { name = \"a b\"; };"},
	{"bad-value", HEAD "gateway: { mode = \"off\"; };"},
	{"bad-value", HEAD "gateway: { fail = \"off\"; };"},
	{"bad-value", HEAD "gateway: { queue = -1; };"},
	{"bad-value", HEAD "gateway: { queues = 17; };"},
	{"bad-value", HEAD "gateway: { queue = 65535; queues = 2; };"},
	{"bad-value", HEAD "gateway: { marks = 0; };"},
	{"bad-value", HEAD "gateway: { marks = 0x7f; };"},
	{"bad-value", HEAD "gateway: { marks = 0xff0000ff; };"},
	{"bad-value", HEAD "application: { connect = \"log\"; };"},
	{"bad-value", HEAD "log: { allow = \"all\"; };"},
	{"bad-name", "version = 1; zones: { self: { interfaces = \"x\"; "
		     "external = true; }; };"},
	{"bad-interface", "version = 1; zones: { a: { interfaces = \"a/b\"; "
			  "external = true; }; };"},
	{"overlap", "version = 1; zones: { a: { interfaces = \"x\"; }; "
		    "b: { interfaces = \"x\"; external = true; }; };"},
	{"overlap", "version = 1; zones: { a: { networks = \"::/8\"; }; "
		    "b: { networks = \"::1\"; external = true; }; };"},
	{"host-bits", "version = 1; zones: { a: { networks = \"10.0.0.1/8\"; "
		      "external = true; }; };"},
	{"bad-address", "version = 1; zones: { a: { networks = \"x.org\"; "
			"external = true; }; };"},
	{"nested-set", HEAD "addresses: { a = \"@b\"; };"},
	{"bad-host", HEAD "hosts: { a = \"a..b\"; };"},
	{"wide-wildcard", HEAD "hosts: { a = \"*.com\"; };"},
	{"bad-service", HEAD "services: { a = \"443\"; };"},
	{"bad-name", HEAD "services: { ssh = \"tcp/22\"; };"},
	{"bad-name", HEAD "addresses: { any = \"10.0.0.1\"; };"},
	{"missing", HEAD "egress: ( { action = \"allow\"; } );"},
	{"missing", HEAD "egress: ( { name = \"a\"; } );"},
	{"bad-value", HEAD "egress: ( { name = \"a\"; action = \"drop\"; } );"},
	{"bad-name", HEAD "egress: ( { name = \"\\x1b\"; action = \"deny\"; "
			  "} );"},
	{"duplicate-name", HEAD "egress: (" RULE("service = \"ssh\";") "," RULE(
				   "service = \"dns\";") ");"},
	{"undefined", EGRESS("to = \"wann\";")},
	{"undefined", EGRESS("to = \"@nothing\";")},
	{"undefined", EGRESS("service = \"nothing\";")},
	{"undefined", EGRESS("app = \"nothing\";")},
	{"undefined", EGRESS("host = \"@nothing\";")},
	{"wrong-list", EGRESS("to = \"dmz\";")},
	{"wrong-list", EGRESS("to = \"10.1.0.5\";")},
	{"wrong-list", HEAD "segment: (" RULE("from = \"wan\";") ");"},
	{"wrong-list", HEAD "ingress: (" RULE("from = \"lan\";") ");"},
	{"never-matches", EGRESS("service = \"ping\"; app = \"tls\";")},
	{"never-matches", EGRESS("app = \"unknown\"; host = \"x.org\";")},
};

START_TEST(finds)
{
	check_text(wrong[_i].text);
	ck_assert_msg(diags.errors == 1, "%s: %zu errors", wrong[_i].text,
		      diags.errors);
	ck_assert_str_eq(diags.all.items[0].code, wrong[_i].code);
	ck_assert_str_eq(diags.all.items[0].place.file, "t.conf");
}
END_TEST

static const char *const fine[] = {
	HEAD,
	EGRESS(""),
	EGRESS("to = \"any\"; service = \"any\"; host = \"*\";"),
	/* May be the gateway's own address. */
	EGRESS("to = \"192.0.2.1\";"),
	HEAD "segment: (" RULE("from = \"lan\"; to = \"192.0.2.1\";") ");",
	HEAD
	"segment: (" RULE("from = \"self\"; to = [\"dmz\", \"self\"];") ");",
	HEAD "ingress: (" RULE("to = [\"self\", \"dmz\"];") ");",
	EGRESS("service = [\"ping\", \"http\"]; app = \"http\";"),
	/* "*" holds for no address literal. */
	HEAD "egress: (" RULE(
		"host = \"*\";") ", { name = \"b\"; host = "
				 "\"192.0.2.1\"; action = \"deny\"; } );",
	HEAD "egress: (" RULE("host = \"*\";") ", { name = \"b\"; action = "
					       "\"deny\"; } );",
	HEAD "gateway: { queue = 65535; queues = 1; marks = 0xff; };",
	HEAD "gateway: { queue = 0; queues = 16; marks = 0xffffffff; };",
};

START_TEST(lets_pass)
{
	check_text(fine[_i]);
	ck_assert_msg(diags.all.n == 0, "%s: %s", fine[_i],
		      diags.all.n ? diags.all.items[0].text : "");
}
END_TEST

START_TEST(warns_of_what_is_unused_and_written_twice)
{
	check_text(EGRESS("service = [\"ssh\", \"ssh\"];") "addresses: { a = "
							   "\"192.0.2.1\"; };");
	ck_assert_uint_eq(diags.errors, 0);
	ck_assert_uint_eq(diags.warnings, 2);
	ck_assert_str_eq(diags.all.items[0].code, "duplicate-word");
	ck_assert_str_eq(diags.all.items[1].code, "unused");
}
END_TEST

START_TEST(a_tree_in_parts_is_not_judged)
{
	check_text("egress: ( { name = \"a\" ");
	ck_assert_uint_eq(diags.errors, 1);
	ck_assert_str_eq(diags.all.items[0].code, "syntax");
}
END_TEST

START_TEST(zones_are_bounded)
{
	struct strbuf b;

	strbuf_init(&b, 0);
	strbuf_addz(&b, "version = 1; zones: {");
	for (int i = 0; i <= 60; i++)
		strbuf_addf(&b,
			    "z%d: { interfaces = \"i%d\"; external = true; "
			    "};",
			    i, i);
	strbuf_addz(&b, "};");
	check_text(strbuf_text(&b));
	ck_assert_uint_eq(diags.errors, 1);
	ck_assert_str_eq(diags.all.items[0].code, "too-many");
	strbuf_done(&b);
}
END_TEST

START_TEST(warnings_do_not_hide_errors)
{
	struct strbuf b;

	strbuf_init(&b, 0);
	strbuf_addz(&b, HEAD "egress: (" RULE("service = [\"ssh\""));
	b.len -= 2; /* the rule's end */
	for (int i = 0; i < 500; i++)
		strbuf_addz(&b, ", \"ssh\"");
	strbuf_addz(&b, "]; to = \"nowhere\"; } );");
	check_text(strbuf_text(&b));
	ck_assert_uint_eq(diags.errors, 1);
	ck_assert_uint_eq(diags.warnings, 500);
	ck_assert_uint_le(diags.all.n, DIAG_KEEP_MAX);
	strbuf_done(&b);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("check");
	TCase *c = tcase_create("policies");

#define N(list) (int)(sizeof(list) / sizeof(*(list)))
	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_add_loop_test(c, finds, 0, N(wrong));
	tcase_add_loop_test(c, lets_pass, 0, N(fine));
	tcase_add_test(c, warns_of_what_is_unused_and_written_twice);
	tcase_add_test(c, a_tree_in_parts_is_not_judged);
	tcase_add_test(c, zones_are_bounded);
	tcase_add_test(c, warnings_do_not_hide_errors);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return run_made_suite(suite());
}
