/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the client of an allowed flow asks next. */
#include "tests/unit/later_case.h"

START_TEST(a_request_is_judged_as_the_first)
{
	static const char *const policies[] = {HOST, PATH};

	for (size_t i = 0; i < 2; i++) {
		struct lab *l;
		uint32_t next = watched(&l, policies[i]);

		for (unsigned round = 0; round < 300; round++) {
			lab_client(l, next, TEXT(GET_A));
			next += LEN(GET_A);
			lab_expect_events(l, "rule.allow good");
			l->mark = MARK_PENDING;
			lab_server(l, 1 + LEN(OK200), next, none);
			l->mark = MARK_WATCHED;
		}
		ck_assert_ptr_null(strstr(strbuf_text(&l->outputs), "refuse"));
		ck_assert_uint_eq(l->stats.counters[STAT_ALLOWED], 1);
		lab_free(l);
	}
}
END_TEST

START_TEST(another_is_refused)
{
	static const struct {
		const char *policy;
		struct reader next;
	} all[] = {
		{HOST, {(const uint8_t *)GET_B, LEN(GET_B), false}},
		{PATH, {(const uint8_t *)SECRET, LEN(SECRET), false}},
		{HOST, {(const uint8_t *)TUNNEL, LEN(TUNNEL), false}},
		{HOST, {(const uint8_t *)"SSH-2.0-x\r\n", 11, false}},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct lab *l;
		uint32_t next = watched(&l, all[i].policy);

		lab_client(l, next, all[i].next);
		ck_assert_ptr_nonnull(
			strstr(strbuf_text(&l->outputs), "refuse 6"));
		lab_expect_server_has(l, GET_A, LEN(GET_A));
		ck_assert_uint_eq(l->stats.counters[STAT_DENIED], 1);
		lab_free(l);
	}
}
END_TEST

#define BAD_CHUNK "x\r\n" SECRET

/* What is not by the grammar could hide another request. */
START_TEST(a_body_that_cannot_be_read_ends_it)
{
	struct lab *l;
	uint32_t next = watched(&l, PATH);

	lab_client(l, next, TEXT(CHUNKED));
	next += LEN(CHUNKED);
	lab_expect_events(l, "rule.allow good");
	l->mark = MARK_PENDING;
	lab_server(l, 1 + LEN(OK200), next, none);
	l->mark = MARK_WATCHED;
	lab_client(l, next, TEXT(BAD_CHUNK));
	lab_expect_events(l, "proto.malformed");
	lab_expect_server_has(l, GET_A CHUNKED, LEN(GET_A CHUNKED));
	lab_free(l);
	/* with the first request */
	l = lab_new(PATH, NULL);
	lab_connect(l);
	lab_client(l, 1, TEXT(CHUNKED BAD_CHUNK));
	lab_expect_events(l, "proto.malformed");
	lab_expect_server_has(l, "", 0);
	lab_free(l);
}
END_TEST

/* However it is cut, no byte of it goes before it is judged. */
START_TEST(a_request_in_pieces_is_held)
{
	for (size_t cut = 1; cut < LEN(SECRET); cut++) {
		struct lab *l;
		uint32_t next = watched(&l, PATH);

		lab_client(l, next, reader_of(SECRET, cut));
		lab_client(l, next + (uint32_t)cut,
			   reader_of(&SECRET[cut], LEN(SECRET) - cut));
		lab_expect_events(l, "default.deny");
		lab_expect_server_has(l, GET_A, LEN(GET_A));
		lab_free(l);
		next = watched(&l, PATH);
		/* the later piece first */
		lab_client(l, next + (uint32_t)cut,
			   reader_of(&SECRET[cut], LEN(SECRET) - cut));
		lab_expect(l, "");
		lab_client(l, next, reader_of(SECRET, cut));
		lab_expect_events(l, "default.deny");
		lab_expect_server_has(l, GET_A, LEN(GET_A));
		lab_free(l);
	}
}
END_TEST

/* A decoy that the server never got, then other bytes in its place. */
START_TEST(what_the_server_has_not_is_not_changed)
{
	struct lab *l;
	uint32_t next = watched(&l, PATH);

	lab_client(l, next, TEXT(GET_A));
	lab_expect(l, "pend 6");
	lab_expect_events(l, "rule.allow good");
	l->mark = MARK_PENDING;
	lab_server(l, 1 + LEN(OK200), next, none);
	lab_expect(l, "pass 7");
	lab_client(l, next, TEXT(SECRET));
	lab_expect_events(l, "stream.conflict");
	lab_expect_server_has(l, GET_A GET_A, 2 * LEN(GET_A));
	lab_free(l);
}
END_TEST

START_TEST(a_retransmit_passes)
{
	struct lab *l;
	uint32_t next = watched(&l, PATH);

	lab_client(l, 1, TEXT(GET_A));
	lab_expect(l, "pass 6");
	lab_client(l, next, TEXT(GET_A));
	lab_client(l, next, TEXT(GET_A));
	lab_expect(l, "pend 7, pass 8");
	lab_expect_events(l, "rule.allow good");
	lab_free(l);
}
END_TEST

/* An engine that has just begun, or has forgotten the flow. */
START_TEST(an_unknown_one_is_taken_up_at_a_message)
{
	struct lab *l = lab_new(PATH, NULL);

	l->mark = MARK_WATCHED;
	lab_client(l, 700, TEXT(GET_A));
	lab_expect(l, "pend 1");
	lab_expect_events(l, "rule.allow good");
	l->mark = MARK_PENDING;
	lab_server(l, 900, 700 + LEN(GET_A), none);
	lab_expect(l, "watch 2");
	lab_free(l);
}
END_TEST

START_TEST(a_body_outlives_its_engine)
{
	static const char body[] = "\0\1in the middle of a body";
	struct lab *l = lab_new(PATH, NULL);
	uint32_t next = 700;

	l->mark = MARK_WATCHED;
	for (unsigned i = 0; i < 3; i++) {
		lab_client(l, next, TEXT(body));
		next += LEN(body);
	}
	lab_expect(l, "pass 1, pass 2, pass 3");
	/* a line of it that could be a request's, up to its end */
	lab_client(l, next, TEXT("line o"));
	next += LEN("line o");
	lab_expect(l, "");
	lab_client(l, next, TEXT("f a text\n"));
	next += LEN("f a text\n");
	lab_expect(l, "pass 4, pass 5");
	lab_client(l, next, TEXT(SECRET));
	lab_expect_events(l, "default.deny");
	lab_free(l);

	/* A flow that was forgotten is another matter. */
	l = lab_new(PATH, NULL);
	lab_connect(l);
	lab_wait(l, 60 * LAB_SECOND);
	l->ends.cport++;
	l->mark = MARK_WATCHED;
	lab_client(l, 700, TEXT(body));
	lab_expect_events(l, "default.deny");
	lab_free(l);
}
END_TEST

START_TEST(a_flow_cut_by_a_new_policy_stays_cut)
{
	struct lab *l;
	uint32_t next = watched(&l, HOST);
	struct policy *old = l->policy;
	struct engine_flow flow = {.src = l->ends.client,
				   .dst = l->ends.server,
				   .sport = l->ends.cport,
				   .dport = l->ends.sport,
				   .l4 = IPPROTO_TCP,
				   .zone_src = 1,
				   .zone_dst = 2};

	l->policy = lab_compile(EGRESS("host = \"b.example.org\";"));
	engine_set_policy(l->engine, l->policy);
	policy_free(old);
	lab_expect_events(l, "");
	ck_assert_int_eq(engine_judge_again(l->engine, &flow, l->now),
			 ENGINE_AGAIN_CUT);
	lab_expect_events(l, "policy");
	lab_client(l, next, TEXT(GET_B));
	ck_assert_ptr_nonnull(strstr(strbuf_text(&l->outputs), "refuse 6"));
	lab_free(l);
}
END_TEST

START_TEST(a_new_policy_judges_what_comes)
{
	struct lab *l;
	uint32_t next = watched(&l, HOST);
	struct policy *old = l->policy;

	l->policy = lab_compile(
		EGRESS("host = [\"a.example.org\", \"b.example.org\"];"));
	engine_set_policy(l->engine, l->policy);
	policy_free(old);
	lab_client(l, next, TEXT(GET_B));
	lab_expect(l, "pend 6");
	lab_expect_events(l, "rule.allow good");
	lab_free(l);
}
END_TEST

/* In a replay all is told, and judged as it would have been. */
START_TEST(a_replay_judges_each)
{
	const struct engine_options options = {.read_on = true};
	struct lab *l = lab_new(PATH, &options);

	lab_connect(l);
	lab_client(l, 1, TEXT(GET_A GET_A));
	lab_expect_events(l, "rule.allow good");
	lab_client(l, 1 + 2 * LEN(GET_A), TEXT(SECRET));
	lab_expect_events(l, "default.deny");
	lab_free(l);
}
END_TEST

#define QNAME                                                        \
	ZONES "egress: ( { name = \"good\"; app = \"dns\"; qname = " \
	      "\"good.example.org\"; action = \"allow\"; } );\n"
#define NOT_EVIL                                                           \
	ZONES "egress: ( { name = \"bad\"; qname = \"evil.example.org\"; " \
	      "action = \"reject\"; }, { name = \"good\"; action = "       \
	      "\"allow\"; } );\n"
#define ANY_DNS                                                       \
	ZONES "egress: ( { name = \"good\"; app = \"dns\"; action = " \
	      "\"allow\"; } );\n"

#define QUERY(name)      "\0\1\1\0\0\1\0\0\0\0\0\0\4" name "\7example\3org\0\0\1\0\1"
#define LONG_QUERY(name) "\0\x22" QUERY(name)

static void add_up(struct bytes *b, size_t at, size_t n, size_t to)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i += 2)
		sum += (uint32_t)(b->p[at + i] << 8 | b->p[at + i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
	b->p[to] = (uint8_t)(sum >> 8);
	b->p[to + 1] = (uint8_t)sum;
}

/* From a client's port to port 53 of a server. */
static void say(struct lab *l, const void *text, size_t n)
{
	static struct bytes b;

	b.n = 0;
	bytes_u16(&b, 0x4500);
	bytes_u16(&b, (unsigned)n + 28);
	bytes_u32(&b, 0);
	bytes_u32(&b, 64U << 24 | IPPROTO_UDP << 16);
	bytes_add(&b, "\12\0\0\7\300\0\2\65", 8);
	add_up(&b, 0, 20, 10);
	bytes_u32(&b, 40000U << 16 | 53);
	bytes_u32(&b, (uint32_t)(n + 8) << 16);
	bytes_add(&b, text, n);
	lab_raw(l, b.p, b.n, 1, 2);
}

#define SAY(l, text) say((l), (text), sizeof(text) - 1)

START_TEST(each_question_is_judged)
{
	static const struct {
		const char *policy, *events;
	} cases[] = {
		{QNAME, "rule.allow good, rule.allow good, default.deny"},
		{NOT_EVIL, "rule.allow good, rule.allow good, rule.reject bad"},
	};

	for (size_t i = 0; i < 2; i++) {
		struct lab *l = lab_new(cases[i].policy, NULL);

		SAY(l, QUERY("good"));
		lab_expect(l, "watch 1");
		l->mark = MARK_WATCHED;
		SAY(l, QUERY("good"));
		lab_expect(l, "watch 2");
		SAY(l, QUERY("evil"));
		lab_expect(l, "refuse 3");
		lab_expect_events(l, cases[i].events);
		SAY(l, QUERY("good"));
		lab_expect(l, "refuse 4");
		lab_free(l);
		/* a server may read what is none to us */
		l = lab_new(cases[i].policy, NULL);
		SAY(l, QUERY("good"));
		lab_expect(l, "watch 1");
		lab_expect_events(l, "rule.allow good");
		l->mark = MARK_WATCHED;
		SAY(l, "x" QUERY("evil"));
		lab_expect(l, "refuse 2");
		lab_expect_events(l, "proto.malformed");
		lab_free(l);
		/* the engine has begun anew */
		l = lab_new(cases[i].policy, NULL);
		l->mark = MARK_WATCHED;
		SAY(l, QUERY("evil"));
		lab_expect(l, "refuse 1");
		lab_free(l);
	}
}
END_TEST

START_TEST(questions_nobody_asks_for_are_the_kernels)
{
	struct lab *l = lab_new(ANY_DNS, NULL);

	SAY(l, QUERY("good"));
	lab_expect(l, "listen 1");
	lab_free(l);
}
END_TEST

START_TEST(each_question_over_tcp_is_judged)
{
	static const char good[] = LONG_QUERY("good");
	static const char evil[] = LONG_QUERY("evil");
	uint32_t len = sizeof(good) - 1;
	static const char *const policies[] = {QNAME, NOT_EVIL};

	for (size_t i = 0; i < 2; i++) {
		for (uint32_t cut = 0; cut < len; cut++) {
			struct lab *l = lab_new(policies[i], NULL);

			lab_connect(l);
			lab_client(l, 1, reader_of(good, len));
			lab_expect(l, "pass 4");
			lab_server(l, 1, 1 + len, none);
			lab_expect(l, "watch 5");
			lab_expect_events(l, "rule.allow good");
			l->mark = MARK_WATCHED;
			if (cut > 0)
				lab_client(l, 1 + len, reader_of(evil, cut));
			lab_expect(l, "");
			lab_client(l, 1 + len + cut,
				   reader_of(&evil[cut], len - cut));
			lab_expect_events(l, i ? "rule.reject bad"
					       : "default.deny");
			lab_expect_server_has(l, good, len);
			lab_free(l);
		}
	}
}
END_TEST

/* A network may bring a packet twice, the second long after the first. */
START_TEST(a_late_copy_of_the_beginning_begins_nothing)
{
	struct lab *l;
	uint32_t next = watched(&l, HOST);

	lab_send(l, DIR_CLIENT, TCP_SYN, 0, 0, none);
	lab_expect(l, "pass 6");
	lab_client(l, next, TEXT(GET_A));
	lab_expect(l, "pend 7");
	lab_send(l, DIR_CLIENT, TCP_SYN, 0, 0, none);
	lab_send(l, DIR_SERVER, TCP_SYN | TCP_ACK, 0, 1, none);
	lab_expect(l, "pass 8, pass 9");
	lab_server(l, 1 + (uint32_t)LEN(OK200), next + (uint32_t)LEN(GET_A),
		   TEXT(OK200));
	lab_expect(l, "watch 10");
	lab_client(l, next + (uint32_t)LEN(GET_A), TEXT(GET_B));
	lab_expect_events(l, "rule.allow good, default.deny");
	lab_free(l);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, a_late_copy_of_the_beginning_begins_nothing);
	tcase_add_test(tc, a_request_is_judged_as_the_first);
	tcase_add_test(tc, another_is_refused);
	tcase_add_test(tc, a_body_that_cannot_be_read_ends_it);
	tcase_add_test(tc, a_request_in_pieces_is_held);
	tcase_add_test(tc, what_the_server_has_not_is_not_changed);
	tcase_add_test(tc, a_retransmit_passes);
	tcase_add_test(tc, an_unknown_one_is_taken_up_at_a_message);
	tcase_add_test(tc, a_body_outlives_its_engine);
	tcase_add_test(tc, a_flow_cut_by_a_new_policy_stays_cut);
	tcase_add_test(tc, a_new_policy_judges_what_comes);
	tcase_add_test(tc, a_replay_judges_each);
	tcase_add_test(tc, each_question_is_judged);
	tcase_add_test(tc, questions_nobody_asks_for_are_the_kernels);
	tcase_add_test(tc, each_question_over_tcp_is_judged);
}

int main(void)
{
	return run_suite("later", add);
}
