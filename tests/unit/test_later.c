/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the client of an allowed flow asks next. */
#include "tests/unit/lab.h"

#include <netinet/in.h>

#define ZONES                                                \
	"version = 1;\n"                                     \
	"zones: { lan: { interfaces = \"lan0\"; networks = " \
	"[\"10.0.0.0/8\"]; };\n"                             \
	" wan: { interfaces = \"wan0\"; external = true; }; };\n"
#define EGRESS(rule)                                                 \
	ZONES "egress: ( { name = \"good\"; service = \"tcp/443\"; " \
	      "app = \"http\"; " rule " action = \"allow\"; } );\n"
#define HOST EGRESS("host = \"a.example.org\";")
#define PATH EGRESS("path = \"/pub/*\"; method = [\"GET\", \"POST\"];")

#define TEXT(text)                                                     \
	(struct reader)                                                \
	{                                                              \
		.p = (const uint8_t *)(text), .left = sizeof(text) - 1 \
	}
#define GET_A  "GET /pub/x HTTP/1.1\r\nHost: a.example.org\r\n\r\n"
#define GET_B  "GET /pub/x HTTP/1.1\r\nHost: b.example.org\r\n\r\n"
#define SECRET "GET /secret HTTP/1.1\r\nHost: a.example.org\r\n\r\n"
#define TUNNEL "CONNECT a.example.org:22 HTTP/1.1\r\n\r\n"
#define POST                                              \
	"POST /pub/x HTTP/1.1\r\nHost: a.example.org\r\n" \
	"Content-Length: 3000\r\n\r\n"
#define CHUNKED                                           \
	"POST /pub/x HTTP/1.1\r\nHost: a.example.org\r\n" \
	"Transfer-Encoding: chunked\r\n\r\n"
#define LEN(text) (sizeof(text) - 1)
#define OK200     "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

static const struct reader none;

/* Its first request was allowed, and the server has it: the kernel shows what
 * the client says.  Returns the client's next sequence number. */
static uint32_t watched(struct lab **out, const char *policy)
{
	struct lab *l = lab_new(policy, NULL);
	uint32_t next = 1 + (uint32_t)LEN(GET_A);

	lab_connect(l);
	lab_client(l, 1, TEXT(GET_A));
	lab_expect(l, "pass 4");
	lab_expect_events(l, "rule.allow good");
	lab_server(l, 1, next, TEXT(OK200));
	lab_expect(l, "watch 5");
	l->mark = MARK_WATCHED;
	*out = l;
	return next;
}

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

START_TEST(a_body_goes_on_as_it_comes)
{
	static const uint8_t body[1000];
	struct lab *l;
	uint32_t next = watched(&l, PATH);

	lab_client(l, next, TEXT(POST));
	next += LEN(POST);
	lab_expect(l, "pend 6");
	lab_expect_events(l, "rule.allow good");
	for (unsigned i = 0; i < 3; i++) {
		lab_client(l, next, reader_of(body, sizeof(body)));
		next += sizeof(body);
	}
	lab_expect(l, "pend 7, pend 8, pend 9");
	/* The next may come before the server has the beginning. */
	lab_client(l, next, TEXT(GET_A));
	next += LEN(GET_A);
	lab_expect(l, "pend 10");
	lab_expect_events(l, "rule.allow good");
	l->mark = MARK_PENDING;
	lab_server(l, 1 + LEN(OK200), next, none);
	lab_expect(l, "watch 11");
	l->mark = MARK_WATCHED;
	lab_client(l, next, TEXT(SECRET));
	lab_expect_events(l, "default.deny");
	lab_free(l);
}
END_TEST

START_TEST(a_body_needs_no_order)
{
	static const uint8_t body[1000];
	struct lab *l;
	uint32_t next = watched(&l, PATH);

	lab_client(l, next, TEXT(POST));
	next += LEN(POST);
	l->mark = MARK_PENDING;
	lab_server(l, 1 + LEN(OK200), next, none);
	l->mark = MARK_WATCHED;
	lab_expect(l, "pend 6, pass 7");
	lab_expect_events(l, "rule.allow good");
	lab_client(l, next + 2000, reader_of(body, sizeof(body)));
	lab_client(l, next, reader_of(body, sizeof(body)));
	lab_expect(l, "pend 8, pass 9");
	/* What lies behind it does, the part between may be missing. */
	lab_client(l, next + 3000 + LEN(GET_A), TEXT(SECRET));
	lab_expect(l, "");
	lab_client(l, next + 3000, TEXT(GET_A));
	lab_expect_events(l, "default.deny");
	lab_free(l);
}
END_TEST

/* Framing can be played with: it is judged, and confirmed, like a head. */
START_TEST(chunks_are_followed)
{
	static const char first[] = CHUNKED "5\r\nabcde\r\n",
			  more[] = "3\r\nabc\r\n", last[] = "0\r\n\r\n" SECRET;
	struct lab *l;
	uint32_t next = watched(&l, PATH);

	lab_client(l, next, reader_of(first, sizeof(first) - 1));
	next += sizeof(first) - 1;
	lab_expect(l, "pend 6");
	lab_client(l, next, reader_of(more, sizeof(more) - 1));
	next += sizeof(more) - 1;
	lab_expect(l, "pend 7");
	lab_expect_events(l, "rule.allow good");
	lab_client(l, next, reader_of(last, sizeof(last) - 1));
	lab_expect_events(l, "default.deny");
	lab_free(l);
}
END_TEST

/* However much of it is on its way before the server says that it has any. */
START_TEST(chunks_need_no_answer)
{
	static char chunk[3 + 2 + 0x3f8 + 2] = "3f8\r\n";
	struct lab *l;
	uint32_t next = watched(&l, PATH);

	memcpy(chunk + sizeof(chunk) - 2, "\r\n", 2);
	lab_client(l, next, TEXT(CHUNKED));
	next += LEN(CHUNKED);
	l->mark = MARK_PENDING;
	for (unsigned i = 0; i < 200; i++) {
		lab_client(l, next, reader_of(chunk, sizeof(chunk)));
		next += sizeof(chunk);
	}
	ck_assert_ptr_null(strstr(strbuf_text(&l->outputs), "refuse"));
	lab_expect_events(l, "rule.allow good");
	lab_client(l, next, TEXT("0\r\n\r\n" SECRET));
	lab_expect_events(l, "default.deny");
	lab_free(l);
}
END_TEST

/* A network may put much of it before the end of another part: that is no
 * message that is too long. */
START_TEST(chunks_need_no_order)
{
	static const char middle[] = "\r\nc\r\n", size[] = "\r\n11940\r\n";
	static uint8_t hole[500 + LEN(middle) + 12 + LEN(size)], large[0x11940];
	struct lab *l;
	uint32_t next = watched(&l, PATH);

	memcpy(hole + 500, middle, LEN(middle));
	memcpy(hole + sizeof(hole) - LEN(size), size, LEN(size));
	lab_client(l, next, TEXT(CHUNKED "1f4\r\n"));
	next += LEN(CHUNKED "1f4\r\n");
	lab_expect_events(l, "rule.allow good");
	for (uint32_t at = 0; at < sizeof(large); at += 1200)
		lab_client(l, next + (uint32_t)sizeof(hole) + at,
			   reader_of(large + at, 1200));
	lab_client(l, next, reader_of(hole, sizeof(hole)));
	ck_assert_ptr_null(strstr(strbuf_text(&l->outputs), "refuse"));
	lab_expect_events(l, "");
	next += (uint32_t)(sizeof(hole) + sizeof(large));
	lab_server(l, 1 + LEN(OK200), next, none);
	lab_client(l, next, TEXT("\r\n0\r\n\r\n" SECRET));
	lab_expect_events(l, "default.deny");
	lab_free(l);
}
END_TEST

/* What is allowed does not wait for what is lost behind it: its client may have
 * room for no more. */
START_TEST(what_is_there_goes_on_before_a_hole)
{
	static const char chunk[] = "3\r\nabc\r\n";
	static const uint8_t body[1000];
	struct lab *l;
	uint32_t next = watched(&l, PATH);

	lab_client(l, next, TEXT(CHUNKED "9c40\r\n"));
	next += LEN(CHUNKED "9c40\r\n");
	l->mark = MARK_PENDING;
	lab_server(l, 1 + LEN(OK200), next, none);
	l->mark = MARK_WATCHED;
	lab_expect(l, "pend 6, watch 7");
	lab_expect_events(l, "rule.allow good");
	for (unsigned i = 0; i < 40; i++, next += sizeof(body))
		if (i != 39)
			lab_client(l, next, reader_of(body, sizeof(body)));
	strbuf_done(&l->outputs);
	strbuf_init(&l->outputs, 0);
	lab_client(l, next + 2 + LEN(chunk), TEXT(chunk));
	lab_client(l, next, TEXT("\r\n"));
	lab_expect(l, "pend 48");
	lab_client(l, next - 1000, reader_of(body, sizeof(body)));
	lab_client(l, next, TEXT("\r\n"));
	lab_expect(l, "pend 49, pend 50");
	l->mark = MARK_PENDING;
	lab_client(l, next + 2, TEXT(chunk));
	lab_expect(l, "pass 47, pass 51");
	lab_client(l, next + 2 + 2 * LEN(chunk), TEXT("0\r\n\r\n" SECRET));
	lab_expect_events(l, "default.deny");
	lab_free(l);
}
END_TEST

/* A network may take its time to bring what was lost. */
START_TEST(a_hole_may_last)
{
	static const char chunk[] = "3\r\nabc\r\n", last[] = "0\r\n\r\n" SECRET;
	struct lab *l;
	uint32_t next = watched(&l, PATH);

	lab_client(l, next, TEXT(CHUNKED));
	next += LEN(CHUNKED);
	l->mark = MARK_PENDING;
	lab_client(l, next + LEN(chunk), TEXT(chunk));
	lab_expect(l, "pend 6");
	lab_expect_events(l, "rule.allow good");
	lab_wait(l, 6 * LAB_SECOND);
	lab_expect(l, "drop 7");
	lab_client(l, next, TEXT(chunk));
	lab_client(l, next + LEN(chunk), TEXT(chunk));
	lab_expect(l, "pass 8, pass 9");
	next += 2 * LEN(chunk);
	/* Not so a message with a hole in it. */
	lab_client(l, next, reader_of((const uint8_t *)last, 12));
	lab_client(l, next + 13, reader_of((const uint8_t *)last + 13, 5));
	lab_wait(l, 6 * LAB_SECOND);
	lab_expect_events(l, "hold.timeout");
	lab_free(l);
}
END_TEST

static bool always(void *ctx)
{
	(void)ctx;
	return true;
}

/* Who answers for a message answers for what was let go before it, too. */
START_TEST(what_was_let_go_and_lost_is_delivered)
{
	static const char rest[] = "0\r\n\r\n" GET_A;
	static const uint8_t body[500];
	const uint32_t cut = 15, last = LEN(rest) - 4;
	struct lab *l;
	uint32_t next = watched(&l, PATH);

	lab_client(l, next, TEXT(CHUNKED "1f4\r\n"));
	next += LEN(CHUNKED "1f4\r\n");
	l->mark = MARK_PENDING;
	lab_client(l, next, reader_of(body, sizeof(body)));
	next += sizeof(body);
	lab_server(l, 1 + LEN(OK200), next, none);
	lab_expect(l, "pend 6, pass 7, watch 8");
	lab_client(l, next + 2 + last,
		   reader_of((const uint8_t *)rest + last, 4));
	l->loses = always;
	lab_client(l, next, TEXT("\r\n"));
	lab_expect(l, "pass 10");
	l->loses = NULL;
	for (unsigned i = 0; i < 2; i++)
		lab_client(l, next + 2, reader_of((const uint8_t *)rest, cut));
	ck_assert_uint_eq(l->stats.counters[STAT_VOUCHED], 1);
	lab_client(l, next + 2 + cut,
		   reader_of((const uint8_t *)rest + cut, last - cut));
	for (uint32_t i = 0; i < 2 + LEN(rest); i++)
		ck_assert(l->have[next + i]);
	lab_free(l);
}
END_TEST

/* When much was lost, what comes is far ahead of what is there. */
START_TEST(what_is_far_ahead_comes_again)
{
	static const uint8_t body[1000];
	struct lab *l;
	uint32_t next = watched(&l, PATH);

	lab_client(l, next, TEXT(CHUNKED "1f4\r\n"));
	next += LEN(CHUNKED "1f4\r\n");
	lab_expect(l, "pend 6");
	l->mark = MARK_PENDING;
	lab_expect_events(l, "rule.allow good");
	lab_client(l, next + LIMIT_STREAM_BYTES, reader_of(body, 1000));
	lab_expect(l, "drop 7");
	lab_client(l, next, reader_of(body, 500));
	lab_expect(l, "pass 8");
	lab_client(l, next + 500, TEXT("\r\n0\r\n\r\n" SECRET));
	lab_expect_events(l, "default.deny");
	lab_free(l);
}
END_TEST

/* Other framing in the place of what the server may not have: what was a body
 * would be a request. */
START_TEST(framing_is_not_changed)
{
	static const char first[] = CHUNKED "1f4\r\n", other[] = "0\r\n\r\n";
	static const uint8_t body[500];
	struct lab *l;
	uint32_t next = watched(&l, PATH), size = next + LEN(CHUNKED);

	lab_client(l, next, reader_of(first, sizeof(first) - 1));
	next += sizeof(first) - 1;
	lab_client(l, next, reader_of(body, sizeof(body)));
	next += sizeof(body);
	lab_client(l, next, TEXT("\r\n3\r\nab"));
	lab_expect(l, "pend 6, pend 7, pend 8");
	l->mark = MARK_PENDING;
	/* a true repeat, then another one */
	lab_client(l, size, TEXT("1f4\r\n"));
	lab_expect(l, "pass 9");
	lab_expect_events(l, "rule.allow good");
	lab_client(l, size, TEXT(other));
	lab_expect_events(l, "stream.conflict");
	lab_free(l);
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
		SAY(l, QUERY("evil") "x");
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
	lab_expect(l, "allow 1");
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

static void add(TCase *tc)
{
	tcase_add_test(tc, a_request_is_judged_as_the_first);
	tcase_add_test(tc, another_is_refused);
	tcase_add_test(tc, a_body_that_cannot_be_read_ends_it);
	tcase_add_test(tc, each_question_is_judged);
	tcase_add_test(tc, questions_nobody_asks_for_are_the_kernels);
	tcase_add_test(tc, each_question_over_tcp_is_judged);
	tcase_add_test(tc, a_request_in_pieces_is_held);
	tcase_add_test(tc, a_body_goes_on_as_it_comes);
	tcase_add_test(tc, a_body_needs_no_order);
	tcase_add_test(tc, chunks_are_followed);
	tcase_add_test(tc, chunks_need_no_answer);
	tcase_add_test(tc, chunks_need_no_order);
	tcase_add_test(tc, what_is_there_goes_on_before_a_hole);
	tcase_add_test(tc, a_hole_may_last);
	tcase_add_test(tc, what_was_let_go_and_lost_is_delivered);
	tcase_add_test(tc, what_is_far_ahead_comes_again);
	tcase_add_test(tc, framing_is_not_changed);
	tcase_add_test(tc, what_the_server_has_not_is_not_changed);
	tcase_add_test(tc, a_retransmit_passes);
	tcase_add_test(tc, an_unknown_one_is_taken_up_at_a_message);
	tcase_add_test(tc, a_body_outlives_its_engine);
	tcase_add_test(tc, a_flow_cut_by_a_new_policy_stays_cut);
	tcase_add_test(tc, a_new_policy_judges_what_comes);
	tcase_add_test(tc, a_replay_judges_each);
}

int main(void)
{
	return run_suite("later", add);
}
