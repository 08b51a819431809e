/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/verdict/event.h"
#include "agent/verdict/rollup.h"
#include "agent/verdict/stats.h"
#include "policy/marks.h"
#include "tests/unit/support.h"

#include <netinet/in.h>

static struct facts flow(const char *src, uint16_t sport, const char *dst,
			 uint16_t dport, uint8_t l4)
{
	struct facts f;

	facts_init(&f, NULL);
	ck_assert(ipaddr_parse(str_of(src), &f.src) == FW_OK);
	ck_assert(ipaddr_parse(str_of(dst), &f.dst) == FW_OK);
	f.sport = sport;
	f.dport = dport;
	f.l4 = l4;
	return f;
}

/* Values of the specification's own example and its baseline data. */
START_TEST(community_ids_are_the_published_ones)
{
	static const struct {
		const char *src, *dst, *id;
		uint16_t sport, dport;
		uint8_t l4;
	} cases[] = {
		{"128.232.110.120", "66.35.250.204",
		 "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", 34855, 80, IPPROTO_TCP},
		{"66.35.250.204", "128.232.110.120",
		 "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", 80, 34855, IPPROTO_TCP},
		{"192.168.1.52", "8.8.8.8",
		 "1:d/FP5EW3wiY1vCndhwleRRKHowQ=", 54585, 53, IPPROTO_UDP},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct facts f =
			flow(cases[i].src, cases[i].sport, cases[i].dst,
			     cases[i].dport, cases[i].l4);
		char id[COMMUNITY_ID_MAX];

		event_community_id(&f, id);
		ck_assert_str_eq(id, cases[i].id);
	}
}
END_TEST

static char *line_of(struct facts *f, struct outcome *o)
{
	struct event ev = {.kind = EVENT_VERDICT,
			   .time_ns = 1700000000123456789ULL,
			   .flow_id = 7,
			   .policy_digest = "digest",
			   .facts = f,
			   .outcome = o};
	char *line = event_json(&ev);

	ck_assert_ptr_nonnull(line);
	return line;
}

START_TEST(bytes_of_the_wire_are_escaped)
{
	struct facts f = flow("10.0.0.1", 1, "192.0.2.1", 443, IPPROTO_TCP);
	struct outcome o = {.kind = DECISION_REFUSE,
			    .reason = REASON_GUARD_NO_SNI,
			    .list = AST_EGRESS};
	struct arena arena;
	char *line;

	arena_init(&arena, 0, 0);
	f.arena = &arena;
	ck_assert(facts_layer_begin(&f, APP_TLS));
	facts_add(&f, FIELD_TLS_SNI, 0, str_mem("a\x1b[2J\"\\\n\xff\0z", 11));
	facts_add(&f, FIELD_TLS_ALPN, 0, str_of("h2,http/1.1"));
	line = line_of(&f, &o);
	ck_assert_ptr_nonnull(
		strstr(line, "\"sni\":\"a\\\\x1b[2J\\\"\\\\x5c\\\\x0a\\\\xff"
			     "\\\\x00z\""));
	ck_assert_ptr_nonnull(
		strstr(line, "\"client_alpns\":[\"h2\",\"http/1.1\"]"));
	ck_assert_ptr_nonnull(strstr(
		line, "\"timestamp\":\"2023-11-14T22:13:20.123456+0000"));
	ck_assert_ptr_nonnull(strstr(line, "\"reject\":[\"tcp-reset\"]"));
	ck_assert_ptr_nonnull(strstr(line, "\"attack\":\"T1090.004\""));
	ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
	free(line);
	o.silent = true;
	line = line_of(&f, &o);
	ck_assert_ptr_null(strstr(line, "reject"));
	free(line);
	arena_done(&arena);
}
END_TEST

static unsigned told, repeats;

static void tell(void *ctx, const struct event *ev)
{
	(void)ctx;
	told++;
	repeats += ev->repeat;
}

START_TEST(repeats_are_counted_and_told_once)
{
	struct rollup *r = rollup_new(1000);
	struct outcome o = {.kind = DECISION_REFUSE,
			    .reason = REASON_DEFAULT_DENY};
	struct event ev = {.policy_digest = "d", .outcome = &o};

	ck_assert_ptr_nonnull(r);
	for (unsigned i = 0; i < 10; i++) {
		/* Its port is new with each attempt; one goes elsewhere. */
		struct facts f = flow("10.0.0.1", (uint16_t)(1000 + i),
				      i == 5 ? "192.0.2.2" : "192.0.2.1", 443,
				      IPPROTO_TCP);

		ev.facts = &f;
		ev.time_ns = i;
		rollup_event(r, &ev, tell, NULL);
	}
	ck_assert_uint_eq(told, 2);
	ck_assert_uint_eq(repeats, 0);
	rollup_tick(r, 999, tell, NULL);
	ck_assert_uint_eq(told, 2);
	rollup_tick(r, 1005, tell, NULL);
	ck_assert_uint_eq(told, 3);
	ck_assert_uint_eq(repeats, 8);
	rollup_tick(r, UINT64_MAX, tell, NULL);
	ck_assert_uint_eq(told, 3);
	rollup_free(r);
}
END_TEST

static char *last_line;

static void keep_line(void *ctx, const struct event *ev)
{
	(void)ctx;
	free(last_line);
	last_line = event_json(ev);
}

/* The flow of an event may be gone when its repeats are told. */
START_TEST(repeats_know_what_was_asked)
{
	struct rollup *r = rollup_new(1000);
	struct outcome o = {.kind = DECISION_REFUSE,
			    .reason = REASON_DEFAULT_DENY};
	static const struct ir ir;
	struct event ev = {.policy_digest = "d", .outcome = &o, .ir = &ir};

	for (unsigned i = 0; i < 3; i++) {
		struct facts f = flow("10.0.0.1", (uint16_t)(1000 + i),
				      "192.0.2.1", 53, IPPROTO_UDP);
		struct arena arena;

		arena_init(&arena, 0, 0);
		f.arena = &arena;
		ck_assert(facts_layer_begin(&f, APP_DNS));
		facts_add(&f, FIELD_DNS_RRNAME, 0, str_of("www.example.org"));
		ev.facts = &f;
		rollup_event(r, &ev, keep_line, NULL);
		arena_done(&arena);
	}
	rollup_tick(r, UINT64_MAX, keep_line, NULL);
	ck_assert_ptr_nonnull(strstr(last_line, "www.example.org"));
	free(last_line);
	rollup_free(r);
}
END_TEST

START_TEST(names_are_names_of_one_thing)
{
	for (enum reason a = 0; a < REASON_COUNT; a++) {
		ck_assert_uint_eq(reason_find(str_of(reason_name(a))), a);
		ck_assert_str_ne(reason_text(a), "");
	}
	ck_assert_uint_eq(reason_find(str_of("no.such")), REASON_COUNT);
	for (unsigned a = 0; a < STAT_COUNT; a++)
		for (unsigned b = 0; b < a; b++)
			ck_assert_str_ne(stat_name(a), stat_name(b));
}
END_TEST

START_TEST(marks_stay_within_their_mask)
{
	static const uint32_t masks[] = {0xff000000, 0x000000ff, 0x0003fc00};

	for (size_t i = 0; i < 3; i++)
		for (unsigned s = MARK_NEW; s <= MARK_PASSED; s++) {
			uint32_t both = mark_bits_of_both(masks[i]);
			uint32_t m = mark_with(masks[i], 0xdeadbeef,
					       (enum mark_state)s, s * 6 + 1);

			ck_assert_uint_eq(mark_state_of(masks[i], m), s);
			ck_assert_uint_eq(m & both,
					  mark_value_of(masks[i],
							(enum mark_state)s,
							s * 6 + 1));
			ck_assert_uint_eq(m & ~both, 0xdeadbeef & ~both);
			ck_assert_uint_eq(both & ~masks[i], 0);
			ck_assert_uint_eq(mark_bits(masks[i]) & ~both, 0);
		}
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, community_ids_are_the_published_ones);
	tcase_add_test(tc, bytes_of_the_wire_are_escaped);
	tcase_add_test(tc, repeats_are_counted_and_told_once);
	tcase_add_test(tc, repeats_know_what_was_asked);
	tcase_add_test(tc, names_are_names_of_one_thing);
	tcase_add_test(tc, marks_stay_within_their_mask);
}

int main(void)
{
	return run_suite("event", add);
}
