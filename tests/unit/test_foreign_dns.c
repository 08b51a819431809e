/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is asked for names but the resolvers. */
#include "policy/eval.h"
#include "tests/unit/lab.h"

#include <netinet/in.h>
#include <stdio.h>

#define POLICY                                                                 \
	"version = 1;\n"                                                       \
	"zones: { lan: { interfaces = [\"lan0\"];"                             \
	" networks = [\"10.0.0.0/8\"]; };"                                     \
	" wan: { interfaces = [\"wan0\"]; external = true; }; };\n"            \
	"addresses: { resolvers = [\"10.0.0.53\", \"9.9.9.9\"]; };\n"          \
	"ingress: ( { name = \"in\"; to = \"lan\"; action = \"allow\"; } );\n" \
	"segment: ( { name = \"seg\"; action = \"allow\"; } );\n"              \
	"egress: ( { name = \"out\"; action = \"allow\"; } );\n"               \
	"application: { connect = \"allow\"; socks = \"allow\";"               \
	" no-sni = \"allow\"; foreign-dns = \"deny\";"                         \
	" foreign-dns-names = \"*.doh.example.net\"; };\n"

enum { SELF, LAN, WAN };

static struct policy *policy;
static struct arena arena;
static struct facts facts;

static void setup(void)
{
	policy = lab_compile(POLICY);
	arena_init(&arena, 0, 0);
}

static void teardown(void)
{
	arena_done(&arena);
	policy_free(policy);
}

static struct ipaddr address(const char *text)
{
	struct ipaddr a;

	ck_assert_int_eq(ipaddr_parse(str_of(text), &a), FW_OK);
	return a;
}

/* A flow of TCP from the client to a web server outside. */
static void flow(enum app app)
{
	facts_init(&facts, &arena);
	facts.l4 = IPPROTO_TCP;
	facts.src = address("10.0.0.7");
	facts.dst = address("192.0.2.80");
	facts.zone_src = LAN;
	facts.zone_dst = WAN;
	facts.sport = 40000;
	facts.dport = 443;
	ck_assert(facts_layer_begin(&facts, app));
}

static void expect(bool refused)
{
	struct decision d;

	facts_layer_settle(&facts, false);
	d = eval_flow(&policy->ir, &facts, EVAL_ENGINE);
	ck_assert_int_eq(d.kind, refused ? DECISION_REFUSE : DECISION_ALLOW);
	if (refused)
		ck_assert_int_eq(d.guard, IR_GUARD_FOREIGN_DNS);
}

static void expect_value(enum app app, enum field field, const char *value,
			 bool refused)
{
	flow(app);
	facts_add(&facts, field, 0, str_of(value));
	expect(refused);
}

START_TEST(by_what_is_spoken)
{
	flow(APP_DNS);
	expect(true);
	flow(APP_TLS);
	expect(false);
	flow(APP_MDNS);
	facts.l4 = IPPROTO_UDP;
	expect(false);
	/* Inside a tunnel. */
	flow(APP_SOCKS);
	facts_add(&facts, FIELD_SOCKS_TARGET, 0, str_of("192.0.2.53:5353"));
	facts_layer_settle(&facts, true);
	ck_assert(facts_layer_begin(&facts, APP_DNS));
	expect(true);
}
END_TEST

START_TEST(by_what_is_asked_for)
{
	static const struct {
		enum app app;
		enum field field;
		const char *value;
		bool refused;
	} cases[] = {
		{APP_TLS, FIELD_TLS_ALPN, "dot", true},
		{APP_QUIC, FIELD_TLS_ALPN, "h3,doq", true},
		{APP_QUIC, FIELD_TLS_ALPN, "doq-i03", true},
		{APP_TLS, FIELD_TLS_ALPN, "h2,http/1.1,dotty", false},
		{APP_TLS, FIELD_TLS_SNI, "dns.google", true},
		{APP_TLS, FIELD_TLS_SNI, "DNS.Google.", true},
		{APP_QUIC, FIELD_TLS_SNI, "mozilla.cloudflare-dns.com", true},
		{APP_TLS, FIELD_TLS_SNI, "x.doh.example.net", true},
		{APP_TLS, FIELD_TLS_SNI, "xdns.google", false},
		{APP_TLS, FIELD_TLS_SNI, "www.google.com", false},
		{APP_HTTP, FIELD_HTTP_HOST, "dns.google:8080", true},
		{APP_HTTP, FIELD_CONNECT_TARGET, "dns.google:443", true},
		{APP_SOCKS, FIELD_SOCKS_TARGET, "dns.quad9.net:853", true},
		{APP_HTTP, FIELD_HTTP_TARGET, "/dns-query?dns=AAAB", true},
		{APP_HTTP, FIELD_HTTP_TARGET, "http://a.org/dns-query", true},
		{APP_HTTP, FIELD_HTTP_TARGET, "/dns-query/id", true},
		{APP_HTTP, FIELD_HTTP_TARGET, "/dns-querying", false},
		{APP_HTTP, FIELD_HTTP_TARGET, "/", false},
		{APP_HTTP2, FIELD_HTTP_CONTENT_TYPE, "application/dns-message",
		 true},
		{APP_HTTP, FIELD_HTTP_CONTENT_TYPE,
		 "Application/DNS-json; charset=utf-8", true},
		{APP_HTTP, FIELD_HTTP_CONTENT_TYPE,
		 "application/oblivious-dns-message", true},
		{APP_HTTP, FIELD_HTTP_CONTENT_TYPE, "application/json", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		expect_value(cases[i].app, cases[i].field, cases[i].value,
			     cases[i].refused);
}
END_TEST

START_TEST(by_its_ends)
{
	static const struct {
		const char *dst;
		uint16_t dport;
		bool refused;
	} cases[] = {
		{"192.0.2.80", 53, true},
		{"192.0.2.80", 853, true},
		{"192.0.2.80", 5353, false},
		{"8.8.8.8", 443, true},
		{"1.1.1.2", 80, true},
		{"1.1.1.4", 80, false},
		{"2001:4860:4860::8844", 443, true},
		/* One of ours. */
		{"9.9.9.9", 853, false},
		{"9.9.9.10", 853, true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		flow(APP_TLS);
		facts.dst = address(cases[i].dst);
		facts.dport = cases[i].dport;
		expect(cases[i].refused);
		facts.l4 = IPPROTO_UDP;
		expect(cases[i].refused);
	}
}
END_TEST

START_TEST(some_have_to_ask)
{
	flow(APP_DNS);
	facts.src = address("10.0.0.53");
	expect(false);
	flow(APP_DNS);
	facts.zone_src = SELF;
	expect(false);
	/* Who asks us. */
	flow(APP_DNS);
	facts.zone_src = WAN;
	facts.zone_dst = LAN;
	facts.src = address("192.0.2.80");
	facts.dst = address("10.0.0.80");
	expect(false);
	/* Servers of our own that nobody has declared. */
	flow(APP_DNS);
	facts.zone_dst = LAN;
	facts.dst = address("10.0.0.80");
	expect(true);
	flow(APP_DNS);
	facts.zone_dst = LAN;
	facts.dst = address("10.0.0.53");
	expect(false);
	flow(APP_ICMP);
	facts.l4 = IPPROTO_ICMP;
	facts.dst = address("8.8.8.8");
	expect(false);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, by_what_is_spoken);
	tcase_add_test(tc, by_what_is_asked_for);
	tcase_add_test(tc, by_its_ends);
	tcase_add_test(tc, some_have_to_ask);
}

int main(void)
{
	return run_suite("foreign_dns", add);
}
