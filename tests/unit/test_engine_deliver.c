/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes that the engine has acknowledged in the server's name. */
#include "tests/unit/engine_case.h"

static struct lab *bytewise(struct reader hello, size_t n, uint32_t isn)
{
	struct lab *l = lab_new(POLICY, NULL);

	l->ends.isn[DIR_CLIENT] = isn;
	lab_connect(l);
	for (size_t i = 0; i < 8; i++)
		send_part(l, hello, i, i + 1);
	lab_expect(l, "");
	send_part(l, hello, 8, 9);
	lab_expect(l, "drop 12, drop 4, drop 5, drop 6, drop 7, drop 8, "
		      "drop 9, drop 10, drop 11, to client A seq 1 ack 10");
	for (size_t i = 9; i + 1 < n; i++)
		send_part(l, hello, i, i + 1);
	lab_expect_server_has(l, NULL, 0);
	lab_expect_events(l, "");
	strbuf_done(&l->outputs);
	strbuf_init(&l->outputs, 0);
	send_part(l, hello, n - 1, n);
	return l;
}

START_TEST(what_was_acknowledged_is_delivered)
{
	static const uint32_t isns[] = {1000, UINT32_MAX - 20, UINT32_MAX};
	struct reader hello = lab_hello("good.example.org");

	for (size_t i = 0; i < 3; i++) {
		struct lab *l = bytewise(hello, hello.left, isns[i]);

		lab_expect(l, "drop 80, to server PA seq 1 ack 1 bytes 77");
		lab_expect_events(l, "rule.allow good");
		lab_expect_server_has(l, hello.p, hello.left);
		lab_server(l, 1, 1 + (uint32_t)hello.left, text("hello"));
		lab_expect(l, "allow 81");
		lab_free(l);
	}
}
END_TEST

START_TEST(what_was_acknowledged_and_is_denied_never_arrives)
{
	struct reader hello = lab_hello("evil.example.org");
	struct lab *l = bytewise(hello, hello.left, 1000);

	lab_expect(l, "refuse 80, to server RA seq 1 ack 1");
	lab_expect_events(l, "default.deny");
	lab_expect_server_has(l, NULL, 0);
	lab_free(l);
}
END_TEST

START_TEST(a_full_table_keeps_what_is_being_delivered)
{
	struct engine_options opt = {.most_flows = 1};
	struct lab *l = lab_new(POLICY, &opt);
	struct reader hello = lab_hello("good.example.org");

	lab_connect(l);
	send_part(l, hello, 0, 30);
	send_part(l, hello, 0, 30);
	send_part(l, hello, 30, hello.left);
	lab_expect_events(l, "rule.allow good");
	l->ends.cport++;
	lab_send(l, DIR_CLIENT, TCP_SYN, 0, 0, none);
	lab_expect_events(l, "flow.limit");
	lab_expect(l, "drop 5, drop 4, to client A seq 1 ack 31, "
		      "drop 6, to server PA seq 1 ack 1 bytes 77, drop 7");
	lab_wait(l, LAB_SECOND);
	lab_expect(l, "to server PA seq 1 ack 1 bytes 77");
	lab_free(l);
}
END_TEST

START_TEST(a_server_that_takes_nothing_is_given_up)
{
	struct reader hello = lab_hello("good.example.org");
	struct lab *l = bytewise(hello, hello.left, 1000);
	unsigned sent = 0;

	while (strstr(strbuf_text(&l->outputs), "bytes 77") && sent < 20) {
		sent++;
		strbuf_done(&l->outputs);
		strbuf_init(&l->outputs, 0);
		lab_wait(l, LAB_SECOND * 32 + 1);
	}
	ck_assert_uint_eq(sent, 7);
	lab_expect(l, "to server RA seq 1 ack 1, to client RA seq 1 ack 1");
	lab_free(l);
}
END_TEST

/* --- said behind a request that its server has to answer first -------------
 */

#define CONNECT                                           \
	"CONNECT good.example.org:443 HTTP/1.1\r\nHost: " \
	"good.example.org\r\n\r\n"
#define N_CONNECT   ((uint32_t)sizeof(CONNECT) - 1)
#define ESTABLISHED "HTTP/1.1 200 Connection established\r\n\r\n"

/* A CONNECT with these bytes behind it in its packet. */
static struct lab *ahead(struct reader early, uint8_t room[1024])
{
	struct lab *l = lab_new(POLICY, NULL);
	size_t n = early.left;

	l->ends.sport = 3128;
	lab_connect(l);
	memcpy(room, CONNECT, N_CONNECT);
	memcpy(room + N_CONNECT, reader_take(&early, n), n);
	lab_client(l, 1, reader_of(room, N_CONNECT + n));
	lab_expect_events(l, "");
	lab_expect_server_has(l, CONNECT, N_CONNECT);
	return l;
}

START_TEST(what_is_said_ahead_of_an_answer_waits_for_it)
{
	struct reader hello = lab_hello("good.example.org");
	uint8_t room[1024];
	struct lab *l = ahead(hello, room);

	lab_expect(l, "drop 4, to client A seq 1 ack 143, "
		      "to server PA seq 1 ack 1 bytes 65");
	lab_server(l, 1, 1 + N_CONNECT, text(ESTABLISHED));
	lab_expect(l, "pass 5, to server PA seq 66 ack 1 bytes 77");
	lab_expect_events(l, "rule.allow good");
	lab_expect_server_has(l, room, N_CONNECT + hello.left);
	lab_server(l, sizeof(ESTABLISHED), 1 + N_CONNECT + (uint32_t)hello.left,
		   text("hello"));
	lab_expect(l, "allow 6");
	lab_free(l);
}
END_TEST

START_TEST(what_is_said_ahead_is_judged)
{
	struct reader hello = lab_hello("evil.example.org");
	uint8_t room[1024];
	struct lab *l = ahead(hello, room);

	lab_server(l, 1, 1 + N_CONNECT, text(ESTABLISHED));
	lab_expect_events(l, "default.deny");
	lab_expect_server_has(l, CONNECT, N_CONNECT);
	lab_free(l);
}
END_TEST

START_TEST(what_is_said_ahead_of_a_refusal_is_another_request)
{
	struct reader hello = lab_hello("good.example.org");
	uint8_t room[1024];
	struct lab *l = ahead(hello, room);

	lab_server(l, 1, 1 + N_CONNECT, text("HTTP/1.1 403 No\r\n\r\n"));
	lab_expect_events(l, "proto.malformed");
	lab_expect_server_has(l, CONNECT, N_CONNECT);
	lab_free(l);

	l = ahead(text("GET / HTTP/1.1\r\nHost: evil.example.org\r\n\r\n"),
		  room);
	lab_server(l, 1, 1 + N_CONNECT,
		   text("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"));
	lab_expect_events(l, "default.deny");
	lab_expect_server_has(l, CONNECT, N_CONNECT);
	lab_free(l);
}
END_TEST

START_TEST(an_answer_may_take_its_time)
{
	struct reader hello = lab_hello("good.example.org");
	uint8_t room[1024];
	struct lab *l = ahead(hello, room);

	/* The client says more; the server has the request, and then answers.
	 */
	lab_client(l, 1 + N_CONNECT + (uint32_t)hello.left, text("more"));
	lab_server(l, 1, 1 + N_CONNECT, none);
	lab_wait(l, LAB_SECOND);
	lab_expect_server_has(l, CONNECT, N_CONNECT);
	lab_server(l, 1, 1 + N_CONNECT, text(ESTABLISHED));
	lab_expect_events(l, "rule.allow good");
	lab_free(l);

	/* Too long. */
	l = ahead(hello, room);
	lab_server(l, 1, 1 + N_CONNECT, none);
	lab_wait(l, LIMIT_HOLD_NS + 1);
	lab_expect_events(l, "hold.timeout");
	lab_expect_server_has(l, CONNECT, N_CONNECT);
	lab_free(l);
}
END_TEST

#define GET                                         \
	"GET http://good.example.org/ HTTP/1.1\r\n" \
	"Host: good.example.org\r\n\r\n"
#define N_GET ((uint32_t)sizeof(GET) - 1)
#define OK200 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define N_OK  ((uint32_t)sizeof(OK200) - 1)

/* The same behind a request that was allowed: the kernel has shown nothing of
 * the server since. */
static struct lab *ahead_later(struct reader early, uint8_t room[1024])
{
	struct lab *l = lab_new(POLICY, NULL);
	size_t n = early.left;

	l->ends.sport = 3128;
	lab_connect(l);
	memcpy(room, GET CONNECT, N_GET + N_CONNECT);
	memcpy(room + N_GET + N_CONNECT, reader_take(&early, n), n);
	lab_client(l, 1, reader_of(room, N_GET));
	lab_server(l, 1, 1 + N_GET, text(OK200));
	lab_expect(l, "pass 4, watch 5");
	lab_expect_events(l, "rule.allow good");
	l->mark = MARK_WATCHED;
	lab_send(l, DIR_CLIENT, TCP_ACK, 1 + N_GET, 1 + N_OK,
		 reader_of(room + N_GET, N_CONNECT + n));
	lab_expect_server_has(l, GET CONNECT, N_GET + N_CONNECT);
	l->mark = MARK_PENDING;
	return l;
}

START_TEST(what_is_said_ahead_in_a_later_request_waits_too)
{
	struct reader hello = lab_hello("good.example.org");
	uint32_t all = 1 + N_GET + N_CONNECT + (uint32_t)hello.left;
	uint8_t room[1024];
	struct lab *l = ahead_later(hello, room);

	/* The kernel shows the server again. */
	ck_assert_ptr_nonnull(
		strstr(strbuf_text(&l->outputs), "pend 6 changed"));
	lab_server(l, 1 + N_OK, 1 + N_GET + N_CONNECT, text(ESTABLISHED));
	lab_expect_events(l, "rule.allow good");
	lab_expect_server_has(l, room, all - 1);
	l->outputs.len = 0;
	lab_server(l, N_OK + sizeof(ESTABLISHED), all, text("hello"));
	lab_expect(l, "allow 8");
	lab_free(l);
}
END_TEST

START_TEST(what_is_said_ahead_in_a_later_request_is_judged)
{
	struct reader hello = lab_hello("evil.example.org");
	uint8_t room[1024];
	struct lab *l = ahead_later(hello, room);

	lab_server(l, 1 + N_OK, 1 + N_GET + N_CONNECT, text(ESTABLISHED));
	lab_expect_events(l, "default.deny");
	lab_expect_server_has(l, GET CONNECT, N_GET + N_CONNECT);
	lab_free(l);
}
END_TEST

/* The only method, a request for a name and a hello in one packet. */
static void socks_ahead(const char *name, const char *event, bool reaches)
{
	static const char asks[] = "\5\1\0\5\1\0\3\20good.example.org\1\273";
	const uint32_t n_asks = sizeof(asks) - 1;
	struct reader hello = lab_hello(name);
	struct lab *l = lab_new(POLICY, NULL);
	uint8_t room[1024];

	l->ends.sport = 1080;
	lab_connect(l);
	memcpy(room, asks, n_asks);
	memcpy(room + n_asks, hello.p, hello.left);
	lab_client(l, 1, reader_of(room, n_asks + hello.left));
	lab_server(l, 1, 4, reader_of((const uint8_t *)"\5\0", 2));
	lab_expect_server_has(l, asks, n_asks);
	lab_expect_events(l, "");
	lab_server(l, 3, 1 + n_asks,
		   reader_of((const uint8_t *)"\5\0\0\1\0\0\0\0\0\0", 10));
	lab_expect_events(l, event);
	lab_expect_server_has(l, room, reaches ? n_asks + hello.left : n_asks);
	lab_free(l);
}

START_TEST(what_is_said_ahead_of_socks_is_judged)
{
	socks_ahead("good.example.org", "rule.allow good", true);
	socks_ahead("evil.example.org", "default.deny", false);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, what_is_said_ahead_of_socks_is_judged);
	tcase_add_test(tc, what_is_said_ahead_in_a_later_request_waits_too);
	tcase_add_test(tc, what_is_said_ahead_in_a_later_request_is_judged);
	tcase_add_test(tc, what_was_acknowledged_is_delivered);
	tcase_add_test(tc, what_was_acknowledged_and_is_denied_never_arrives);
	tcase_add_test(tc, a_full_table_keeps_what_is_being_delivered);
	tcase_add_test(tc, a_server_that_takes_nothing_is_given_up);
	tcase_add_test(tc, what_is_said_ahead_of_an_answer_waits_for_it);
	tcase_add_test(tc, what_is_said_ahead_is_judged);
	tcase_add_test(tc, what_is_said_ahead_of_a_refusal_is_another_request);
	tcase_add_test(tc, an_answer_may_take_its_time);
}

int main(void)
{
	return run_suite("engine_deliver", add);
}
