/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bodies between the requests of an allowed flow, in whatever order a network
 * brings them. */
#include "tests/unit/later_case.h"

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
	/* Of a message, too. */
	lab_client(l, next, reader_of((const uint8_t *)last, 12));
	lab_client(l, next + 13, reader_of((const uint8_t *)last + 13, 5));
	lab_wait(l, 6 * LAB_SECOND);
	lab_expect(l, "drop 10, drop 11");
	lab_expect_events(l, "");
	lab_client(l, next, TEXT(last));
	lab_expect_events(l, "default.deny");
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

static void add(TCase *tc)
{
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
}

int main(void)
{
	return run_suite("later_bodies", add);
}
