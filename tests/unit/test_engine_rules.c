/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What kinds of rules make of a flow. */
#include "tests/unit/engine_case.h"

START_TEST(observing_says_and_passes)
{
	struct lab *l = connected("gateway: { mode = \"observe\"; };\n" POLICY);
	struct reader hello = lab_hello("evil.example.org");

	send_part(l, hello, 0, 20);
	send_part(l, hello, 20, hello.left);
	lab_expect(l, "allow 4, allow 5");
	lab_expect_events(l, "default.deny would");
	lab_expect_server_has(l, hello.p, hello.left);
	lab_free(l);
}
END_TEST

#define OBSERVING(until)                                                  \
	"version = 1; zones: { lan: { interfaces = \"lan0\"; networks = " \
	"\"10.0.0.0/8\"; }; wan: { interfaces = \"wan0\"; external = "    \
	"true; }; }; egress: ("                                           \
	"{ name = \"no example\"; host = \"*.example.org\"; action = "    \
	"\"deny\"; observe = true; until = \"" until "\"; },"             \
	"{ name = \"no ssh\"; service = \"ssh\"; action = \"deny\"; "     \
	"observe = true; },"                                              \
	"{ name = \"all\"; action = \"allow\"; });"

START_TEST(an_observed_rule_says_and_changes_nothing)
{
	struct lab *l = connected(OBSERVING("2099-12-31"));

	lab_client(l, 1, lab_hello("www.example.org"));
	lab_expect_events(l, "rule.observe no example would, rule.allow all");
	lab_free(l);

	l = connected(OBSERVING("2001-12-31"));
	lab_client(l, 1, lab_hello("www.example.org"));
	lab_expect_events(l, "rule.deny no example");
	lab_free(l);
}
END_TEST

/* A rule that only observes must not cost a flow its life. */
START_TEST(nothing_is_refused_for_an_observed_rule)
{
	/* Without guards the kernel would have let it go. */
	struct lab *l = connected(
		"application: { connect = \"allow\"; socks = "
		"\"allow\"; no-sni = \"allow\"; };\n" OBSERVING("2099-12-31"));

	lab_client(l, 1, text("GET / HTTP/9.9 x\r\n\r\n"));
	lab_expect_events(l, "rule.allow all");
	lab_free(l);
}
END_TEST

#define GUARDED(guard)                                                 \
	ZONES "egress: ( { name = \"all\"; action = \"allow\"; } );\n" \
	      "application: { connect = \"allow\"; socks = \"allow\";" \
	      " no-sni = \"allow\"; };\n"                              \
	      "protocol: ( { name = \"guard\"; " guard " } );\n"

static const struct {
	const char *policy, *bytes, *events; /* no bytes: a hello */
} guarded[] = {
	{GUARDED("require = [\"tls\"];"), NULL, "rule.allow all"},
	{GUARDED("require = [\"tls\"];"), "SSH-2.0-x\r\n", "guard.protocol"},
	{GUARDED("require = [\"http\"];"), NULL, "guard.protocol"},
	{GUARDED("deny = [\"tls\"];"), NULL, "guard.protocol"},
	{GUARDED("deny = [\"socks\"];"), NULL, "rule.allow all"},
	{GUARDED("deny = [\"tls\"]; service = \"tcp/1\";"), NULL,
	 "rule.allow all"},
	{GUARDED("deny = [\"tls\"]; observe = true;"), NULL,
	 "guard.protocol would, rule.allow all"},
};

START_TEST(a_guard_looks_at_what_is_spoken)
{
	struct lab *l = connected(guarded[_i].policy);

	lab_client(l, 1,
		   guarded[_i].bytes ? text(guarded[_i].bytes)
				     : lab_hello("www.example.org"));
	lab_expect_events(l, guarded[_i].events);
	lab_free(l);
}
END_TEST

START_TEST(a_rule_asks_for_a_fingerprint)
{
	static const struct {
		const char *policy, *events;
	} cases[] = {
#define PRINT(ja4)                                                      \
	ZONES "egress: ( { name = \"print\"; ja4 = \"" ja4              \
	      "\"; action = \"reject\"; }, { name = \"all\"; action = " \
	      "\"allow\"; } );\n"
		{PRINT("t1*_*_*"), "rule.reject print"},
		{PRINT("q*"), "rule.allow all"},
		{PRINT("t13d1516h2_8daaf6152771_b186095e22b6"),
		 "rule.allow all"},
#undef PRINT
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct lab *l = connected(cases[i].policy);

		lab_client(l, 1, lab_hello("www.example.org"));
		lab_expect_events(l, cases[i].events);
		lab_free(l);
	}
}
END_TEST

START_TEST(a_silent_rule_answers_nobody)
{
	struct lab *l = lab_new(POLICY, NULL);

	l->ends.sport = 81;
	lab_connect(l);
	lab_client(l, 1, text("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
	lab_expect_events(l, "rule.deny swallow");
	lab_expect(l, "refuse-silent 4, to server RA seq 1 ack 1");
	lab_free(l);
}
END_TEST

START_TEST(undecided_flows_go_on_under_the_next_policy)
{
	struct lab *l = connected(POLICY);
	struct policy *old = l->policy;
	struct reader hello = lab_hello("good.example.org");

	send_part(l, hello, 0, 30);
	l->policy = lab_compile(ZONES OPEN_GUARDS);
	engine_set_policy(l->engine, l->policy);
	policy_free(old);
	send_part(l, hello, 30, hello.left);
	lab_expect(l, "drop 4, refuse 5, to server RA seq 1 ack 1");
	lab_expect_events(l, "default.deny");
	lab_expect_server_has(l, NULL, 0);
	lab_free(l);
}
END_TEST

/* --- a hello in pieces of one byte ---------------------------------------- */

static void add(TCase *tc)
{
	tcase_add_test(tc, observing_says_and_passes);
	tcase_add_test(tc, an_observed_rule_says_and_changes_nothing);
	tcase_add_test(tc, nothing_is_refused_for_an_observed_rule);
	tcase_add_loop_test(tc, a_guard_looks_at_what_is_spoken, 0,
			    (int)(sizeof(guarded) / sizeof(*guarded)));
	tcase_add_test(tc, a_rule_asks_for_a_fingerprint);
	tcase_add_test(tc, a_silent_rule_answers_nobody);
	tcase_add_test(tc, undecided_flows_go_on_under_the_next_policy);
}

int main(void)
{
	return run_suite("engine_rules", add);
}
