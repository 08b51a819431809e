/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions of DNS behind datagrams of something else, between the same ports:
 * a server passes over what is none of DNS, so what comes first must not open
 * the flow for any name. */
#include "agent/binding/bindings.h"
#include "tests/unit/dns_case.h"
#include "tests/unit/engine_case.h"
#include "tests/unit/udp_case.h"

#define GOOD "good.example.org"
#define EVIL "evil.example.com"

#define BY_NAME                                                               \
	ZONES "egress: (\n"                                                   \
	      " { name = \"asked\"; app = \"dns\"; qname = \"" GOOD           \
	      "\"; action = \"allow\"; },\n"                                  \
	      " { name = \"rest\"; app = [\"unknown\", \"stun\", \"quic\"]; " \
	      "action = \"allow\"; } );"                                      \
	      "application: { no-sni = \"allow\"; };\n"
#define NOT_THAT                                                       \
	ZONES "egress: (\n"                                            \
	      " { name = \"not that\"; app = \"dns\"; qname = \"" EVIL \
	      "\"; action = \"reject\"; },\n"                          \
	      " { name = \"any\"; service = \"udp\"; action = \"allow\"; } );"
#define NO_DNS                                                           \
	ZONES "egress: ( { name = \"any\"; service = \"udp\"; action = " \
	      "\"allow\"; } );"                                          \
	      "protocol: ( { name = \"none\"; deny = \"dns\"; } );\n"    \
	      "application: { no-sni = \"allow\"; };\n"
#define NOT_ABROAD                                                       \
	ZONES "addresses: { resolvers = \"192.0.2.53\"; };\n"            \
	      "egress: ( { name = \"any\"; service = \"udp\"; action = " \
	      "\"allow\"; } );"                                          \
	      "application: { foreign-dns = \"deny\"; };\n"
/* Of DNS no name is asked for. */
#define ALL_DNS                                                            \
	ZONES "egress: ( { name = \"all\"; app = [\"dns\", \"unknown\"]; " \
	      "action = \"allow\"; } );"                                   \
	      "application: { no-sni = \"allow\"; };\n"
#define LOCAL                                                               \
	ZONES "egress: (\n"                                                 \
	      " { name = \"asked\"; app = \"dns\"; qname = \"" GOOD         \
	      "\"; action = \"allow\"; },\n"                                \
	      " { name = \"local\"; app = [\"mdns\", \"llmnr\"]; action = " \
	      "\"allow\"; } );"

static const uint8_t stun[] = "\0\1\0\0\x21\x12\xa4\x42"
			      "123456789012";
/* A client's: version 4, and nothing else. */
static const uint8_t ntp[48] = "\x23";

static struct reader question(const char *name)
{
	static struct bytes slots[4];
	static unsigned turn;

	return dns_question(&slots[turn++ % 4], 7, name, DNS_A);
}

/* As neighbours are asked: without any flag. */
static struct reader plain(unsigned id, const char *name)
{
	static struct bytes slots[4];
	static unsigned turn;
	struct bytes *b = &slots[turn++ % 4];

	dns_begin(b, id, 0, name, DNS_A);
	return reader_of(b->p, b->n);
}

/* `first`, and a question behind it: what becomes of both. */
static void expect(const char *policy, struct reader first, struct reader then,
		   const char *want, const char *events)
{
	static const unsigned ports[] = {53, 5300, 443};

	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++) {
		struct lab *l = lab_new(policy, NULL);

		if (!strcmp(policy, NOT_ABROAD) && ports[i] == 53) {
			lab_free(l);
			continue;
		}
		say(l, ports[i], first);
		l->mark = MARK_LISTENED;
		say(l, ports[i], then);
		lab_expect(l, want);
		lab_expect_events(l, events);
		lab_free(l);
	}
}

START_TEST(junk_opens_no_flow_for_a_question)
{
	const struct reader junks[] = {text("junk that is none of it"), none,
				       text("\1\2\3\4"),
				       reader_of(stun, sizeof(stun) - 1)};

	for (size_t i = 0; i < sizeof(junks) / sizeof(*junks); i++) {
		expect(BY_NAME, junks[i], question(EVIL), "listen 1, refuse 2",
		       "rule.allow rest, default.deny");
		expect(BY_NAME, junks[i], question(GOOD), "listen 1, watch 2",
		       "rule.allow rest, rule.allow asked");
		expect(NOT_THAT, junks[i], question(EVIL), "listen 1, refuse 2",
		       "rule.allow any, rule.reject not that");
		expect(NO_DNS, junks[i], question(GOOD), "listen 1, refuse 2",
		       "rule.allow any, guard.protocol");
		expect(NOT_ABROAD, junks[i], question(GOOD),
		       "listen 1, refuse 2",
		       "rule.allow any, guard.foreign-dns");
	}
	expect(NOT_THAT, reader_of(ntp, sizeof(ntp)), question(EVIL),
	       "listen 1, refuse 2", "rule.allow any, rule.reject not that");
	expect(NOT_THAT, reader_of(ntp, sizeof(ntp)), question(GOOD),
	       "listen 1, watch 2", "rule.allow any, rule.allow any");
}
END_TEST

/* What is none of DNS is left to the kernel. */
START_TEST(what_is_unknown_goes_on)
{
	struct lab *l = lab_new(BY_NAME, NULL);
	static struct bytes answer;

	say(l, 53, text("junk"));
	say(l, 53, text("more junk that is as long as a question"));
	dns_answer(&answer, 7, EVIL, DNS_A);
	say(l, 53, reader_of(answer.p, answer.n));
	lab_expect(l, "listen 1, listen 2, listen 3");
	lab_expect_events(l, "rule.allow rest");
	lab_free(l);
}
END_TEST

/* A question is judged, and then each. */
START_TEST(all_that_follow_are_judged)
{
	struct lab *l = lab_new(BY_NAME, NULL);

	say(l, 53, text("junk"));
	l->mark = MARK_LISTENED;
	say(l, 53, question(GOOD));
	l->mark = MARK_WATCHED;
	say(l, 53, question(GOOD));
	lab_expect(l, "listen 1, watch 2, watch 3");
	say(l, 53, question(EVIL));
	lab_expect(l, "refuse 4");
	lab_free(l);
}
END_TEST

/* Behind a question that was allowed nothing but questions may come: a server
 * might read what we do not. */
START_TEST(a_question_opens_no_flow_for_anything_else)
{
	struct lab *l = lab_new(BY_NAME, NULL);

	say(l, 53, question(GOOD));
	l->mark = MARK_WATCHED;
	say(l, 53, text("junk"));
	lab_expect(l, "watch 1, refuse 2");
	lab_expect_events(l, "rule.allow asked, proto.malformed");
	lab_free(l);
}
END_TEST

/* What may ask for any name is not looked at again. */
START_TEST(no_name_is_asked_for)
{
	struct lab *l = lab_new(ALL_DNS, NULL);

	say(l, 53, question(GOOD));
	say(l, 53, question(EVIL));
	lab_expect(l, "listen 1, listen 2");
	lab_expect_events(l, "rule.allow all");
	lab_free(l);
	expect(ALL_DNS, text("junk"), question(EVIL), "listen 1, listen 2",
	       "rule.allow all, rule.allow all");
}
END_TEST

/* Neighbours are asked in the same format. */
START_TEST(neighbours_questions_open_no_flow)
{
	struct lab *l = lab_new(LOCAL, NULL);

	say(l, 53, plain(0, "printer.local"));
	say(l, 53, plain(0, "scanner.local"));
	lab_expect(l, "watch 1, watch 2");
	say(l, 53, question(EVIL));
	lab_expect(l, "refuse 3");
	lab_free(l);
	l = lab_new(LOCAL, NULL);
	say(l, 53, plain(7, "printer"));
	say(l, 53, question(GOOD));
	lab_expect(l, "watch 1, watch 2");
	/* No other protocol: a question that looks like that of a neighbour. */
	say(l, 53, plain(7, "printer"));
	lab_expect(l, "refuse 3");
	lab_free(l);
}
END_TEST

/* The kernel knows flows that the engine does not any more. */
START_TEST(a_question_is_judged_in_a_forgotten_flow)
{
	struct lab *l = lab_new(BY_NAME, NULL);

	l->mark = MARK_LISTENED;
	say(l, 53, text("junk that is none of it"));
	lab_expect(l, "listen 1");
	lab_expect_events(l, "");
	say(l, 53, question(EVIL));
	lab_expect(l, "refuse 2");
	lab_free(l);
}
END_TEST

/* Of a datagram that was refused nothing has begun: what another socket says
 * from the same port is judged by itself. */
START_TEST(a_refused_question_refuses_no_other)
{
	struct lab *l = lab_new(BY_NAME, NULL);

	say(l, 53, question(EVIL));
	say(l, 53, question(GOOD));
	lab_expect(l, "refuse 1, watch 2");
	lab_expect_events(l, "default.deny, rule.allow asked");
	l->mark = MARK_WATCHED;
	say(l, 53, question(EVIL));
	/* the kernel takes off the mark of what was refused */
	l->mark = MARK_NEW;
	say(l, 53, question(EVIL));
	say(l, 53, question(GOOD));
	lab_expect(l, "refuse 3, refuse 4, watch 5");
	lab_free(l);
}
END_TEST

#define NO_JUNK                                                        \
	ZONES "egress: ( { name = \"stun\"; app = \"stun\"; action = " \
	      "\"allow\"; } );"

/* So is what asks nothing, but for what comes at once: it may be more of the
 * same, and is no news. */
START_TEST(what_was_refused_is_refused_for_a_while)
{
	struct lab *l = lab_new(NO_JUNK, NULL);

	say(l, 3478, text("junk that is none of it"));
	say(l, 3478, text("more of it"));
	say(l, 3478, reader_of(stun, sizeof(stun) - 1));
	lab_expect(l, "refuse 1, refuse 2, refuse 3");
	lab_expect_events(l, "default.deny");
	l->now += LIMIT_REFUSED_NS + 1;
	say(l, 3478, reader_of(stun, sizeof(stun) - 1));
	lab_expect(l, "listen 4");
	lab_expect_events(l, "rule.allow stun");
	lab_free(l);
}
END_TEST

#define RESOLVER 0xc0000235u /* 192.0.2.53 */
#define BOUND                                                                \
	ZONES "addresses: { resolvers = \"192.0.2.53\"; };\n"                \
	      "egress: ( { name = \"resolver\"; to = \"@resolvers\"; app = " \
	      "[\"dns\", \"unknown\"]; action = \"allow\"; } );"             \
	      "application: { binding = \"enforce\"; };\n"

/* What a resolver answers is learnt, also when its flow began with junk. */
START_TEST(a_resolver_is_heard_behind_junk)
{
	static const uint8_t secret[32] = {7};
	static struct bytes answer;
	size_t size = bindings_size(262144);
	void *memory = malloc(size);
	struct engine_options opt = {0};
	struct lab *l;

	ck_assert_ptr_nonnull(memory);
	bindings_format(memory, size, secret);
	opt.bindings = bindings_new(memory, size);
	ck_assert_ptr_nonnull(opt.bindings);
	l = lab_new(BOUND, &opt);
	udp_send(l, DIR_CLIENT, RESOLVER, 53, text("junk"));
	lab_expect(l, "listen 1");
	l->mark = MARK_LISTENED;
	udp_send(l, DIR_CLIENT, RESOLVER, 53, question(GOOD));
	lab_expect(l, "pend 2");
	l->mark = MARK_PENDING;
	dns_answer(&answer, 7, GOOD, DNS_A);
	dns_a(&answer, GOOD, UDP_SERVER);
	udp_send(l, DIR_SERVER, RESOLVER, 53, reader_of(answer.p, answer.n));
	dns_answer(&answer, 8, EVIL, DNS_A);
	dns_a(&answer, EVIL, UDP_SERVER);
	udp_send(l, DIR_SERVER, RESOLVER, 53, reader_of(answer.p, answer.n));
	lab_expect(l, "pend 3, drop 4");
	lab_free(l);
	bindings_free(opt.bindings);
	free(memory);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, junk_opens_no_flow_for_a_question);
	tcase_add_test(tc, what_is_unknown_goes_on);
	tcase_add_test(tc, all_that_follow_are_judged);
	tcase_add_test(tc, a_question_opens_no_flow_for_anything_else);
	tcase_add_test(tc, no_name_is_asked_for);
	tcase_add_test(tc, neighbours_questions_open_no_flow);
	tcase_add_test(tc, a_question_is_judged_in_a_forgotten_flow);
	tcase_add_test(tc, a_refused_question_refuses_no_other);
	tcase_add_test(tc, what_was_refused_is_refused_for_a_while);
	tcase_add_test(tc, a_resolver_is_heard_behind_junk);
}

int main(void)
{
	return run_suite("engine_asks", add);
}
