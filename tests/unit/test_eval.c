/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The conditions that only the engine sees, one by one. */
#include "policy/eval.h"

#include "policy/base/arena.h"

#include "tests/unit/support.h"

#include <check.h>
#include <netinet/in.h>

static struct arena arena;
static struct facts facts;

static void set_up(void)
{
	arena_init(&arena, 0, 0);
	facts_init(&facts, &arena);
	facts.l4 = IPPROTO_TCP;
}

static void tear_down(void)
{
	arena_done(&arena);
}

static enum tri answer(const struct ir_rule *rule)
{
	return eval_rule(rule, &facts, EVAL_ENGINE);
}

/* A rule of any ends. */
#define ANYBODY .from.any = true, .to.any = true

static const struct str get_words[] = {{"GET", 3}, {"HEAD", 4}};
static const struct ir_rule gets = {ANYBODY, .methods = {get_words, 2}};

START_TEST(every_request_must_have_the_method)
{
	ck_assert_int_eq(eval_rule(&gets, &facts, EVAL_KERNEL), TRI_NOT_YET);
	ck_assert_int_eq(answer(&gets), TRI_NOT_YET);
	ck_assert(facts_layer_begin(&facts, APP_HTTP));
	facts_add(&facts, FIELD_HTTP_METHOD, 0, str_of("GET"));
	ck_assert_int_eq(answer(&gets), TRI_NOT_YET);
	facts_layer_settle(&facts, false);
	ck_assert_int_eq(answer(&gets), TRI_YES);
	facts_add(&facts, FIELD_HTTP_METHOD, 1, str_of("HEAD"));
	ck_assert_int_eq(answer(&gets), TRI_YES);
	facts_add(&facts, FIELD_HTTP_METHOD, 2, str_of("get"));
	ck_assert_int_eq(answer(&gets), TRI_NO);
}
END_TEST

START_TEST(a_flow_without_requests_has_no_method)
{
	ck_assert(facts_layer_begin(&facts, APP_TLS));
	ck_assert_int_eq(answer(&gets), TRI_NOT_YET);
	facts_layer_settle(&facts, false);
	ck_assert_int_eq(answer(&gets), TRI_NO);
}
END_TEST

START_TEST(what_was_dropped_cannot_be_judged)
{
	ck_assert(facts_layer_begin(&facts, APP_HTTP));
	facts_add(&facts, FIELD_HTTP_METHOD, 0, str_of("GET"));
	facts_layer_settle(&facts, false);
	facts.dropped = 1;
	ck_assert_int_eq(answer(&gets), TRI_NO);
}
END_TEST

START_TEST(paths_are_compared_in_their_one_form)
{
	static const struct str words[] = {{"/v1/*", 5}, {"/health", 7}};
	static const struct ir_rule rule = {ANYBODY, .paths = {words, 2}};
	static const struct {
		const char *target;
		enum tri answer;
	} cases[] = {
		{"/v1/x?a=/etc", TRI_YES},  {"/%761/x", TRI_YES},
		{"/v1/../admin", TRI_NO},   {"/v1/%2e%2e/admin", TRI_NO},
		{"/v1/..%2fadmin", TRI_NO}, {"http://x.org/health", TRI_YES},
		{"/healthy", TRI_NO},       {"*", TRI_NO},
		{"/v1//x", TRI_NO},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		facts_init(&facts, &arena);
		ck_assert(facts_layer_begin(&facts, APP_HTTP));
		facts_add(&facts, FIELD_HTTP_TARGET, 0,
			  str_of(cases[i].target));
		facts_layer_settle(&facts, false);
		ck_assert_msg(answer(&rule) == cases[i].answer, "%s",
			      cases[i].target);
	}
}
END_TEST

static const struct str alpn_words[] = {{"h2", 2}, {"http/1.1", 8}};
static const struct ir_rule web = {ANYBODY, .alpns = {alpn_words, 2}};

START_TEST(every_protocol_offered_must_be_allowed)
{
	static const struct {
		const char *offer; /* NULL: none */
		enum tri answer;
	} cases[] = {{"h2", TRI_YES},       {"h2,http/1.1", TRI_YES},
		     {"h2,h3", TRI_NO},     {"x", TRI_NO},
		     {"http/1.1x", TRI_NO}, {"", TRI_NO},
		     {NULL, TRI_NO}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		facts_init(&facts, &arena);
		ck_assert(facts_layer_begin(&facts, APP_TLS));
		if (cases[i].offer)
			facts_add(&facts, FIELD_TLS_ALPN, 0,
				  str_of(cases[i].offer));
		facts_layer_settle(&facts, false);
		ck_assert_msg(answer(&web) == cases[i].answer, "%s",
			      cases[i].offer ? cases[i].offer : "nothing");
	}
}
END_TEST

/* A name that a proxy is asked for is no SNI. */
START_TEST(sni_is_of_tls_alone)
{
	struct str word = str_of("*.example.org");
	struct ir_rule rule = {ANYBODY, .sni_words = {&word, 1}};

	ck_assert_int_eq(nameset_of(&arena, &word, 1, &rule.snis), FW_OK);
	ck_assert(facts_layer_begin(&facts, APP_SOCKS));
	facts_add(&facts, FIELD_SOCKS_TARGET, 0, str_of("192.0.2.1:443"));
	facts_layer_settle(&facts, true);
	ck_assert_int_eq(answer(&rule), TRI_NOT_YET);
	ck_assert(facts_layer_begin(&facts, APP_TLS));
	facts_add(&facts, FIELD_TLS_SNI, 0, str_of("www.example.org"));
	facts_layer_settle(&facts, false);
	ck_assert_int_eq(answer(&rule), TRI_YES);
}
END_TEST

/* Each question of the flow, and no other name. */
START_TEST(every_question_must_be_allowed)
{
	struct str word = str_of("*.example.org");
	struct ir_rule rule = {ANYBODY, .qname_words = {&word, 1}};
	static const struct {
		const char *asked[3];
		enum tri answer;
	} cases[] = {{{"a.example.org"}, TRI_YES},
		     {{"A.Example.ORG", "b.example.org"}, TRI_YES},
		     {{"a.example.org", "b.example.net"}, TRI_NO},
		     {{"a\\.example.org"}, TRI_NO},
		     {{"."}, TRI_NO},
		     {{NULL}, TRI_NO}};

	ck_assert_int_eq(nameset_of(&arena, &word, 1, &rule.qnames), FW_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		facts_init(&facts, &arena);
		ck_assert_int_eq(answer(&rule), TRI_NOT_YET);
		ck_assert(facts_layer_begin(&facts, APP_DNS));
		for (size_t k = 0; cases[i].asked[k]; k++)
			facts_add(&facts, FIELD_DNS_RRNAME, (unsigned)k,
				  str_of(cases[i].asked[k]));
		facts_layer_settle(&facts, false);
		ck_assert_msg(answer(&rule) == cases[i].answer, "case %zu", i);
	}
	facts_init(&facts, &arena);
	ck_assert(facts_layer_begin(&facts, APP_HTTP));
	facts_add(&facts, FIELD_HTTP_HOST, 0, str_of("a.example.org"));
	facts_layer_settle(&facts, false);
	ck_assert_int_eq(answer(&rule), TRI_NO);
}
END_TEST

START_TEST(every_hello_has_its_fingerprint)
{
	static const struct str words[] = {{"t13d1516h2_*", 12},
					   {"q13d0310h3_55b375c5d22e_1", 25}};
	static const struct ir_rule rule = {ANYBODY, .ja4s = {words, 2}};
	static const struct {
		const char *ja4;
		enum app app;
		enum tri answer;
	} cases[] = {
		{"t13d1516h2_8daaf6152771_b186095e22b6", APP_TLS, TRI_YES},
		{"q13d0310h3_55b375c5d22e_1", APP_QUIC, TRI_YES},
		{"q13d0310h3_55b375c5d22e_2", APP_TLS, TRI_NO},
		{"T13D1516H2_", APP_TLS, TRI_NO},
		{NULL, APP_TLS, TRI_NO},
		{NULL, APP_HTTP, TRI_NO},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		facts_init(&facts, &arena);
		ck_assert(facts_layer_begin(&facts, cases[i].app));
		ck_assert_msg(answer(&rule) == TRI_NOT_YET, "case %zu", i);
		if (cases[i].ja4)
			facts_add(&facts, FIELD_TLS_JA4, 0,
				  str_of(cases[i].ja4));
		facts_layer_settle(&facts, false);
		ck_assert_msg(answer(&rule) == cases[i].answer, "case %zu", i);
	}
}
END_TEST

START_TEST(quic_has_to_name_its_server)
{
	static const struct {
		uint16_t dport;
		enum app app;
		const char *sni;
		enum tri before, answer;
	} cases[] = {
		{443, APP_QUIC, NULL, TRI_NOT_YET, TRI_YES},
		{443, APP_QUIC, "a.example", TRI_NOT_YET, TRI_NO},
		{443, APP_DNS, NULL, TRI_NOT_YET, TRI_NO},
		{444, APP_QUIC, NULL, TRI_NOT_YET, TRI_YES},
	};
	static const struct ir none;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		facts_init(&facts, &arena);
		facts.l4 = IPPROTO_UDP;
		facts.dport = cases[i].dport;
		ck_assert_int_eq(eval_guard(&none, IR_GUARD_CONNECT, &facts,
					    EVAL_KERNEL),
				 TRI_NO);
		ck_assert_int_eq(
			eval_guard(&none, IR_GUARD_NO_SNI, &facts, EVAL_KERNEL),
			cases[i].before);
		ck_assert(facts_layer_begin(&facts, cases[i].app));
		ck_assert_int_eq(
			eval_guard(&none, IR_GUARD_NO_SNI, &facts, EVAL_ENGINE),
			cases[i].before);
		if (cases[i].sni)
			facts_add(&facts, FIELD_TLS_SNI, 0,
				  str_of(cases[i].sni));
		facts_layer_settle(&facts, false);
		ck_assert_int_eq(
			eval_guard(&none, IR_GUARD_NO_SNI, &facts, EVAL_ENGINE),
			cases[i].answer);
	}
}
END_TEST

START_TEST(banners_are_of_the_client)
{
	static const struct str words[] = {{"SSH-2.0-OpenSSH_*", 17},
					   {"SSH-2.0-x", 9}};
	static const struct ir_rule rule = {ANYBODY, .banners = {words, 2}};
	static const struct {
		const char *banner;
		enum field field;
		enum tri answer;
	} cases[] = {
		{"SSH-2.0-OpenSSH_9.2 a", FIELD_SSH_CLIENT_BANNER, TRI_YES},
		{"SSH-2.0-x", FIELD_SSH_CLIENT_BANNER, TRI_YES},
		{"SSH-2.0-xx", FIELD_SSH_CLIENT_BANNER, TRI_NO},
		{"ssh-2.0-x", FIELD_SSH_CLIENT_BANNER, TRI_NO},
		{"SSH-2.0-x", FIELD_SSH_SERVER_BANNER, TRI_NO},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		facts_init(&facts, &arena);
		ck_assert(facts_layer_begin(&facts, APP_SSH));
		facts_add(&facts, cases[i].field, 0, str_of(cases[i].banner));
		facts_layer_settle(&facts, false);
		ck_assert_msg(answer(&rule) == cases[i].answer, "case %zu", i);
	}
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, every_request_must_have_the_method);
	tcase_add_test(tc, a_flow_without_requests_has_no_method);
	tcase_add_test(tc, what_was_dropped_cannot_be_judged);
	tcase_add_test(tc, paths_are_compared_in_their_one_form);
	tcase_add_test(tc, every_protocol_offered_must_be_allowed);
	tcase_add_test(tc, sni_is_of_tls_alone);
	tcase_add_test(tc, every_question_must_be_allowed);
	tcase_add_test(tc, every_hello_has_its_fingerprint);
	tcase_add_test(tc, quic_has_to_name_its_server);
	tcase_add_test(tc, banners_are_of_the_client);
}

int main(void)
{
	return run_suite("eval", add);
}
