/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests of HTTP/1. */
#include "tests/unit/http1_case.h"

START_TEST(requests_are_told)
{
	static const struct dialogue cases[] = {
		{{C("GET / HTTP/1.1\r\nHost: a.org\r\n\r\n")},
		 "feeding http " GET_A},
		{{C("GET / HTTP/1.1\nHost:a.org\n\n")}, "feeding http " GET_A},
		{{C("\r\n\nGET / HTTP/1.1\r\nHost: a.org\r\n\r\n")},
		 "feeding http " GET_A},
		{{C("GET  /  HTTP/1.1 \r\nHOST \t:  a.org \r\n\r\n")},
		 "feeding http " GET_A},
		{{C("GET / HTTP/1.0\r\n\r\n")},
		 "feeding http " METHOD "GET" TARGET "/"},
		{{C("M-SEARCH * HTTP/1.1\r\nHost: 1.2.3.4:1900\r\n\r\n")},
		 "feeding http " METHOD "M-SEARCH" TARGET "*" HOST "1.2.3.4"},
		{{C("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")},
		 "feeding http " METHOD "GET" TARGET "/" HOST "a" HOST "b"},
		{{C("GET / HTTP/1.1\r\nX: y\r\n Host: c\r\nHost:\r\n "
		    "d\r\n\r\n")},
		 "feeding http " METHOD "GET" TARGET "/" HOST "d"},
		{{C("GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n")},
		 "feeding http " METHOD "GET" TARGET "/" HOST "2001:db8::1"},
		{{C("GET http://u:p@A.org:8080/x HTTP/1.1\r\nHost: b\r\n\r\n")},
		 "feeding http " METHOD "GET" TARGET
		 "http://u:p@A.org:8080/x" HOST "A.org" HOST "b"},
		{{C("GET / HTTP/1.1\r\nHost\r\n\r\n")},
		 "feeding http " METHOD "GET" TARGET "/"},
		{{C("GET / HTTP/1.1\r\nno colon\r\nHost: a.org\r\n\r\n")},
		 "feeding http " GET_A},
	};

	EXPECT_ALL(cases);
}
END_TEST

START_TEST(other_protocols_are_unknown)
{
	static const struct dialogue cases[] = {
		{{C("ZZZ-2.0-OpenSSH_9.2p1 Debian-2\r\n")}, "done unknown"},
		{{C("USER anonymous\r\n")}, "done unknown"},
		{{C("OPTIONS * RTSP/1.0\r\n\r\n")},
		 "done rtsp rtsp.method[0,0]=OPTIONS rtsp.url[0,0]=*"},
		{{C("OPTIONS /x RTSP/1.0\r\n\r\n")},
		 "done rtsp rtsp.method[0,0]=OPTIONS rtsp.url[0,0]=/x"},
		{{C("WHAT a.org\r\n")}, "done unknown"},
		{{C("GET\x01/ HTTP/1.1\r\n")}, "done unknown"},
		{{C("GET \x01 HTTP/1.1\r\n")}, "done unknown"},
		{{C("\n\n\n WHAT a.org\r\n")}, "done unknown"},
		{{C("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJ / HTTP/1.1\r\n")},
		 "done unknown"},
		{{C("{\"id\":1}\n")}, "done unknown"},
	};

	EXPECT_ALL(cases);
}
END_TEST

#define LINES_8 "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"

/* As the most lenient servers take it. */
START_TEST(whatever_is_taken_for_a_blank_is_one)
{
	static const struct dialogue cases[] = {
		{{C("  \t GET / HTTP/1.1\r\nHost: a.org\r\n\r\n")},
		 "feeding http " GET_A},
		{{C("GET\f/ HTTP/1.1\r\nHost: a.org\r\n\r\n")},
		 "feeding http " GET_A},
		{{C("GET\v/\tHTTP/1.1\r\nHost: a.org\r\n\r\n")},
		 "feeding http " GET_A},
		{{C(LINES_8 LINES_8 LINES_8
		    "GET / HTTP/1.1\r\nHost: a.org\r\n\r\n")},
		 "feeding http " GET_A},
	};

	EXPECT_ALL(cases);
}
END_TEST

START_TEST(every_request_of_a_connection_is_told)
{
	static const struct dialogue cases[] = {
		{{C("GET / HTTP/1.1\r\nHost: a.org\r\n\r\n" NEXT_B)},
		 "feeding http " GET_A GET_B},
		{{C(HEAD_A "Content-Length: 5\r\n\r\nGET /" NEXT_B)},
		 "feeding http " POST_A GET_B},
		{{C(HEAD_A "Content-Length: 5, 5\r\n\r\n12345\r\n" NEXT_B)},
		 "feeding http " POST_A GET_B},
		{{C(HEAD_A "Transfer-Encoding: chunked\r\n\r\n"
			   "5;x=y\r\n12345\r\n00A \n0123456789\n0\r\n"
			   "Host: trailer\r\n\r\n" NEXT_B)},
		 "feeding http " POST_A GET_B},
		{{C(HEAD_A
		    "Transfer-Encoding: gzip\r\n"
		    "transfer-encoding:\r\n Chunked\r\n\r\n0\n\n" NEXT_B)},
		 "feeding http " POST_A GET_B},
		{{C("GET / HTTP/1.1\r\nHost: a.org\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\n\r\n"), C(NEXT_B)},
		 "feeding http " GET_A STATUS(200) GET_B},
	};

	EXPECT_ALL(cases);
}
END_TEST

START_TEST(framing_that_readers_part_over_is_bad)
{
#define BAD(fields)                                          \
	{                                                    \
		{C(HEAD_A fields "\r\n\r\n")},               \
			"bad http? " POST_A UNSURE("length") \
	}
	static const struct dialogue cases[] = {
		BAD("Content-Length: 5\r\nContent-Length: 6"),
		BAD("Content-Length: 5, 6"),
		BAD("Content-Length: 5,"),
		BAD("Content-Length: +5"),
		BAD("Content-Length: -1"),
		BAD("Content-Length: 0x5"),
		BAD("Content-Length: 5 5"),
		BAD("Content-Length:"),
		BAD("Content-Length: 18446744073709551616"),
		BAD("Content-Length : 5"),
		BAD("Content-Length: 5\r\nTransfer-Encoding: chunked"),
		BAD("Transfer-Encoding: identity"),
		BAD("Transfer-Encoding: chunked, gzip"),
		BAD("Transfer-Encoding: chunked, chunked"),
		BAD("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip"),
		BAD("Transfer-Encoding: xchunked"),
		BAD("Transfer-Encoding:"),
		BAD("Transfer-Encoding : chunked"),
		{{C(HEAD_A "X: a\rHost\r\n\r\n")},
		 "bad http? " POST_A UNSURE("control bytes")},
		{{C("POST / HTTP/1.0\r\nHost: a.org\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n")},
		 "bad http? " POST_A UNSURE("length")},
		{{C("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n")},
		 "bad http? " METHOD "GET" TARGET "/" HOST
		 "a\\x00b" UNSURE("control bytes")},
	};
#undef BAD

	EXPECT_ALL(cases);
}
END_TEST

START_TEST(bad_bodies_and_what_follows_them)
{
#define BAD(body)                                                   \
	{                                                           \
		{C(HEAD_A "Transfer-Encoding: chunked\r\n\r\n" body \
			  "\r\n\r\n")},                             \
			"bad http " POST_A                          \
	}
	static const struct dialogue cases[] = {
		BAD("x"),
		BAD("-1"),
		BAD(";a"),
		BAD("5 6"),
		BAD("1\r\nabc"),
		BAD("1\r\na\rb"),
		BAD("1234567890123456"),
		{{C(HEAD_A "Transfer-Encoding: chunked\r\n\r\n"
			   "0\r\n\r\nrubbish that is no request\r\n")},
		 "bad http? " POST_A},
		{{C(HEAD_A "Content-Length: 1\r\n\r\nabc\r\n")},
		 "bad http? " POST_A},
	};
#undef BAD

	EXPECT_ALL(cases);
}
END_TEST

START_TEST(requests_without_a_good_version_are_told_and_bad)
{
	static const struct dialogue cases[] = {
		{{C("GET HTTP/1.1\r\nHost: a.org\r\n\r\n")},
		 "bad http? " METHOD "GET" HOST "a.org" UNSURE("version")},
		{{C("GET /HTTP/1.1\r\nHost: a.org\r\n\r\n")},
		 "bad http? " METHOD "GET" TARGET "/HTTP/1.1" HOST
		 "a.org" UNSURE("version")},
		{{C("GET / HTTP/1.\r\nHost: a.org\r\n\r\n")},
		 "bad http? " GET_A UNSURE("version")},
		{{C("GET /x\r\n")}, "feeding http? " METHOD "GET" TARGET "/x"},
	};

	EXPECT_ALL(cases);
}
END_TEST

START_TEST(a_blank_in_a_target_is_told_both_ways_and_bad)
{
	static const struct dialogue cases[] = {
		{{C("GET /a b HTTP/1.1\r\n\r\n")},
		 "bad http? " METHOD "GET" TARGET "/a b" TARGET
		 "/a" UNSURE("blank in target")},
		{{C("GET /a\tb HTTP/1.1\r\nHost: a.org\r\n\r\n")},
		 "bad http? " METHOD "GET" TARGET "/a\\x09b" TARGET "/a" HOST
		 "a.org" UNSURE("blank in target")},
	};

	EXPECT_ALL(cases);
}
END_TEST

START_TEST(no_prefix_is_enough)
{
	static const char text[] = "POST / HTTP/1.1\r\nHost: a\r\n\r\n";

	no_prefix_settles(reader_of(text, sizeof(text) - 1));
}
END_TEST

START_TEST(a_client_waits_only_for_answers_that_matter)
{
	struct wire *w = wire_new();

	wire_send(w, DIR_CLIENT, CONNECT, sizeof(CONNECT) - 2);
	ck_assert(!w->stack.client_waits);
	wire_send(w, DIR_CLIENT, "\n", 1);
	ck_assert(w->stack.client_waits);
	wire_send(w, DIR_CLIENT, "x", 1);
	ck_assert(!w->stack.client_waits);
	wire_free(w);
}
END_TEST

START_TEST(heads_have_a_ceiling)
{
	for (int line = 0; line < 2; line++) {
		struct wire *w = wire_new();
		static const char start[] = "GET / HTTP/1.1\r\nX: ";

		wire_send(w, DIR_CLIENT, line ? "GET /" : start,
			  line ? 5 : sizeof(start) - 1);
		for (unsigned n = 0; n < LIMIT_HTTP_HEAD / 1000; n++) {
			static const char filler[1000] = {[0 ... 999] = 'x'};

			wire_send(w, DIR_CLIENT, filler, sizeof(filler));
		}
		ck_assert_int_ne(w->stack.state, STACK_BAD);
		for (unsigned n = 0; n < 1000; n++)
			wire_send(w, DIR_CLIENT, "x", 1);
		ck_assert_int_eq(w->stack.state, STACK_BAD);
		ck_assert_uint_eq(w->facts.n_layers, 1);
		wire_free(w);
	}
}
END_TEST

/* What a module reads again and again must not grow with what is there: a line
 * of 60,000 bytes, byte by byte. */
START_TEST(long_lines_are_looked_at_once)
{
	static uint8_t text[60000] = "GET /";
	const struct proto *http1 = NULL;
	size_t seen = 0;

	memset(&text[5], 'x', sizeof(text) - 5);
	for (unsigned i = 0; registry_get(IPPROTO_TCP, i); i++)
		if (registry_get(IPPROTO_TCP, i)->app == APP_HTTP)
			http1 = registry_get(IPPROTO_TCP, i);
	ck_assert_ptr_nonnull(http1);
	for (unsigned round = 0; round < 5; round++) {
		for (size_t n = 1; n < sizeof(text); n++) {
			const struct probe first = {
				.client = reader_of(text, n), .seen = seen};

			ck_assert_int_eq(http1->probe(&first), PROBE_MORE);
			seen = n;
		}
		seen = 0;
	}
}
END_TEST

START_TEST(hosts_lose_port_and_brackets_only)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"", ""},         {"a", "a"},         {"a:", "a"},
		{"a:1", "a"},     {":1", ""},         {"a:b", "a:b"},
		{"a:1b", "a:1b"}, {"1", "1"},         {"::1", "::1"},
		{"[::1]", "::1"}, {"[::1]:8", "::1"}, {"[::1]8", "[::1]8"},
		{"[::1", "[::1"}, {"[", "["},         {"[]", ""},
		{"[]:1", ""},     {"]:1", "]"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct str out = http1_host_of(str_of(cases[i].in));

		ck_assert_msg(str_is(out, cases[i].out), "%s: %.*s",
			      cases[i].in, STR_ARG(out));
	}
}
END_TEST

START_TEST(authorities_end_where_browsers_end_them)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"http://a", "a"},    {"http://a/b@c", "a"},
		{"HTTPS://a?x", "a"}, {"http://a#x", "a"},
		{"http://u@a", "a"},  {"http://u@v@a:1/", "a:1"},
		{"http://", ""},      {"http://a\\@b", "a"},
		{"//a/b", NULL},      {"/http://a", NULL},
		{"http:/a", NULL},    {"a+b.c-1://d", "d"},
		{"ht tp://a", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct str out = {0};
		bool has = http1_authority_of(str_of(cases[i].in), &out);

		ck_assert_msg(has == (cases[i].out != NULL) &&
				      (!has || str_is(out, cases[i].out)),
			      "%s: %.*s", cases[i].in, STR_ARG(out));
	}
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, requests_are_told);
	tcase_add_test(tc, other_protocols_are_unknown);
	tcase_add_test(tc, whatever_is_taken_for_a_blank_is_one);
	tcase_add_test(tc, every_request_of_a_connection_is_told);
	tcase_add_test(tc, framing_that_readers_part_over_is_bad);
	tcase_add_test(tc, bad_bodies_and_what_follows_them);
	tcase_add_test(tc, requests_without_a_good_version_are_told_and_bad);
	tcase_add_test(tc, a_blank_in_a_target_is_told_both_ways_and_bad);
	tcase_add_test(tc, no_prefix_is_enough);
	tcase_add_test(tc, a_client_waits_only_for_answers_that_matter);
	tcase_add_test(tc, heads_have_a_ceiling);
	tcase_add_test(tc, long_lines_are_looked_at_once);
	tcase_add_test(tc, hosts_lose_port_and_brackets_only);
	tcase_add_test(tc, authorities_end_where_browsers_end_them);
}

int main(void)
{
	return run_suite("http1", add);
}
