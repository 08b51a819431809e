/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flows that were decided, under the policy that comes after. */
#include "agent/flow/record.h"
#include "tests/unit/lab.h"

#include <netinet/in.h>

#define ZONES                                                \
	"version = 1;\n"                                     \
	"zones: { lan: { interfaces = \"lan0\"; networks = " \
	"[\"10.0.0.0/8\"]; };\n"                             \
	" wan: { interfaces = \"wan0\"; external = true; }; };\n"
#define RULE(hosts)                                                  \
	"egress: ( { name = \"good\"; service = \"tcp/443\"; app = " \
	"\"tls\"; host = [" hosts "]; action = \"allow\"; } );\n"

#define GOOD  ZONES RULE("\"good.example.org\"")
#define BOTH  ZONES RULE("\"good.example.org\", \"other.example.org\"")
#define OTHER ZONES RULE("\"other.example.org\"")
static const struct reader none;

/* Lab zones: the client is in zone 1 (lan), the server in 2 (wan). */
static struct engine_flow flow_of(const struct lab *l)
{
	return (struct engine_flow){.src = l->ends.client,
				    .dst = l->ends.server,
				    .sport = l->ends.cport,
				    .dport = l->ends.sport,
				    .l4 = IPPROTO_TCP,
				    .zone_src = 1,
				    .zone_dst = 2};
}

static struct lab *hello_sent(void)
{
	struct lab *l = lab_new(GOOD, NULL);

	lab_connect(l);
	lab_client(l, 1, lab_hello("good.example.org"));
	lab_expect(l, "pass 4");
	lab_expect_events(l, "rule.allow good");
	return l;
}

/* Allowed, and left to the kernel. */
static struct lab *allowed(void)
{
	struct reader hello = lab_hello("good.example.org");
	struct lab *l = hello_sent();

	lab_send(l, DIR_SERVER, TCP_ACK, 1, 1 + (uint32_t)hello.left, none);
	lab_expect(l, "allow 5");
	return l;
}

static void change(struct lab *l, const char *policy)
{
	struct policy *old = l->policy;

	l->policy = lab_compile(policy);
	engine_set_policy(l->engine, l->policy);
	policy_free(old);
}

START_TEST(what_was_allowed_is_judged_by_its_names)
{
	struct lab *l = allowed();
	struct engine_flow f = flow_of(l);

	change(l, BOTH);
	ck_assert_int_eq(engine_judge_again(l->engine, &f, l->now),
			 ENGINE_AGAIN_KEEP);
	lab_expect_events(l, "");
	change(l, OTHER);
	ck_assert_int_eq(engine_judge_again(l->engine, &f, l->now),
			 ENGINE_AGAIN_CUT);
	lab_expect_events(l, "policy");
	f.sport++;
	ck_assert_int_eq(engine_judge_again(l->engine, &f, l->now),
			 ENGINE_AGAIN_UNKNOWN);
	lab_free(l);
}
END_TEST

/* Its verdict came too late for the kernel: the flow is pending still. */
START_TEST(a_late_verdict_is_given_again_by_the_new_policy)
{
	struct reader hello = lab_hello("good.example.org");
	struct lab *l = allowed();

	l->mark = MARK_PENDING;
	change(l, BOTH);
	lab_client(l, 1 + (uint32_t)hello.left, lab_hello("x"));
	lab_expect(l, "allow 6");
	lab_expect_events(l, "");
	change(l, OTHER);
	lab_server(l, 1, 1 + (uint32_t)hello.left, lab_hello("y"));
	lab_expect(l, "refuse 7, to client RA seq 1 ack 78");
	lab_expect_events(l, "policy");
	lab_free(l);
}
END_TEST

START_TEST(what_its_server_has_yet_to_acknowledge_is_judged_at_once)
{
	struct lab *l = hello_sent();

	change(l, BOTH);
	lab_expect(l, "");
	lab_expect_events(l, "");
	change(l, OTHER);
	lab_expect_events(l, "policy");
	lab_client(l, 90, lab_hello("x"));
	lab_expect_events(l, "");
	ck_assert_uint_eq(l->stats.counters[STAT_DENIED], 1);
	lab_free(l);
}
END_TEST

START_TEST(a_refusal_is_forgotten)
{
	struct lab *l = lab_new(OTHER, NULL);
	struct engine_flow f = flow_of(l);

	lab_connect(l);
	lab_client(l, 1, lab_hello("good.example.org"));
	lab_expect_events(l, "default.deny");
	ck_assert_int_eq(engine_judge_again(l->engine, &f, l->now),
			 ENGINE_AGAIN_UNKNOWN);
	lab_free(l);
}
END_TEST

/* --- the records ------------------------------------------------------------
 */

static struct flow_key key_of(unsigned i)
{
	struct flow_key key = {.hash = i / 2};

	memcpy(key.words, &i, sizeof(i));
	return key;
}

START_TEST(the_oldest_make_room)
{
	struct records *r = records_new(300);
	struct arena arena;
	struct facts facts;

	arena_init(&arena, 0, 0);
	facts_init(&facts, &arena);
	ck_assert(facts_layer_begin(&facts, APP_TLS));
	facts_add(&facts, FIELD_TLS_SNI, 0, str_of("a.example.org"));
	for (unsigned i = 0; i < 1000; i++) {
		struct flow_key key = key_of(i);

		facts.sport = (uint16_t)i;
		records_keep(r, &key, &facts);
		records_keep(r, &key, &facts);
	}
	for (unsigned i = 0; i < 1000; i++) {
		struct flow_key key = key_of(i);
		const struct facts *known = records_find(r, &key);

		/* Keeping one again takes a place as well. */
		if (i < 850)
			ck_assert_ptr_null(known);
		if (i < 851)
			continue;
		ck_assert_ptr_nonnull(known);
		ck_assert_uint_eq(known->sport, i);
		ck_assert(str_is(facts_get(known, FIELD_TLS_SNI, 0),
				 "a.example.org"));
	}
	records_free(r);
	arena_done(&arena);
}
END_TEST

START_TEST(what_is_too_large_is_not_kept_and_replaces_what_was)
{
	struct records *r = records_new(0);
	static char large[LIMIT_RECORD_BYTES];
	struct flow_key key = key_of(1);
	struct arena arena;
	struct facts facts;

	arena_init(&arena, 0, 0);
	facts_init(&facts, &arena);
	ck_assert(facts_layer_begin(&facts, APP_HTTP));
	records_keep(r, &key, &facts);
	ck_assert_ptr_nonnull(records_find(r, &key));
	memset(large, 'a', sizeof(large));
	facts_add(&facts, FIELD_HTTP_HOST, 0, str_mem(large, sizeof(large)));
	records_keep(r, &key, &facts);
	ck_assert_ptr_null(records_find(r, &key));
	records_free(r);
	arena_done(&arena);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, what_was_allowed_is_judged_by_its_names);
	tcase_add_test(tc, a_late_verdict_is_given_again_by_the_new_policy);
	tcase_add_test(
		tc, what_its_server_has_yet_to_acknowledge_is_judged_at_once);
	tcase_add_test(tc, a_refusal_is_forgotten);
	tcase_add_test(tc, the_oldest_make_room);
	tcase_add_test(tc, what_is_too_large_is_not_kept_and_replaces_what_was);
}

int main(void)
{
	return run_suite("again", add);
}
