/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/limits.h"
#include "agent/proto/http1_head.h"
#include "agent/proto/registry.h"
#include "tests/unit/support.h"

#include <netinet/in.h>

#define METHOD    "http.http_method[0,0]="
#define TARGET    " http.url[0,0]="
#define HOST      " http.hostname[0,0]="
#define GET_A     METHOD "GET" TARGET "/" HOST "a.org"
#define POST_A    METHOD "POST" TARGET "/" HOST "a.org"
#define STATUS(n) " http.status[0,0]=" #n
#define GET_B                                          \
	" http.http_method[0,1]=GET http.url[0,1]=/b " \
	"http.hostname[0,1]=b.org"
#define NEXT_B "GET /b HTTP/1.1\r\nHost: b.org\r\n\r\n"
#define HEAD_A "POST / HTTP/1.1\r\nHost: a.org\r\n"

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
		{{C("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJ / HTTP/1.1\r\n")},
		 "done unknown"},
		{{C("{\"id\":1}\n")}, "done unknown"},
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

#define UNSURE(why) " http.ambiguous[0,0]=" why

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

#define NEXT_A  "GET / HTTP/1.1\r\nHost: a.org\r\n\r\n"
#define OK0     "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define CONNECT "CONNECT a.org:443 HTTP/1.1\r\nHost: a.org:443\r\n\r\n"
#define CONNECTED                           \
	METHOD "CONNECT" TARGET "a.org:443" \
	       " http.connect[0,0]=a.org:443" HOST "a.org"
#define OK200 "HTTP/1.1 200 OK\r\nX: y\r\n\r\n"

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

START_TEST(an_answer_alone_tells_where_the_middle_is_seen)
{
	static const struct {
		const char *says, *want;
	} cases[] = {
		{"HTTP/1.0 403 Forbidden\r\n\r\n", "feeding http?"},
		{"HTTP/1.1 200\r\n", "feeding http?"},
		{"HTTP/1.1 2x0 OK\r\n", "probing+"},
		{"HTTP/2 200 OK\r\n", "probing+"},
		{"RTSP/1.0 200 OK\r\n", "probing+"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (size_t piece = 0; piece < 2; piece++) {
			struct wire *w = wire_new();
			struct turn t = {DIR_SERVER,
					 reader_of(cases[i].says,
						   strlen(cases[i].says))};
			char *text;

			w->stack.middle = true;
			wire_play(w, &t, 1, piece, 0);
			text = wire_text(w);
			ck_assert_str_eq(text, cases[i].want);
			free(text);
			wire_free(w);
		}
}
END_TEST

START_TEST(connect_opens_an_inner_stream)
{
	static const struct dialogue cases[] = {
		{{C(CONNECT)}, "feeding http+ " CONNECTED},
		{{C(CONNECT), S(OK200)},
		 "probing http+ " CONNECTED STATUS(200)},
		{{C("connect a.org:443 HTTP/1.1\r\nHost: a.org:443\r\n\r\n"),
		  S(OK200)},
		 "probing http+ " METHOD "connect" TARGET "a.org:443"
		 " http.connect[0,0]=a.org:443" HOST "a.org" STATUS(200)},
		{{C(CONNECT), S(OK200), C("GET / HTTP/1.1\r\nHost: i\r\n\r\n")},
		 "feeding http http " CONNECTED STATUS(
			 200) " http.http_method[1,0]=GET http.url[1,0]=/ "
			      "http.hostname[1,0]=i"},
		/* the client does not wait for the answer */
		{{C(CONNECT "GET / HTTP/1.1\r\nHost: i\r\n\r\n")},
		 "feeding http+ " CONNECTED},
		{{C(CONNECT "GET / HTTP/1.1\r\nHost: i\r\n\r\n"),
		  S("HTTP/1.1 100 Continue\r\n\r\n" OK200)},
		 "feeding http http " CONNECTED STATUS(
			 200) " http.http_method[1,0]=GET http.url[1,0]=/ "
			      "http.hostname[1,0]=i"},
		/* refused: the next request */
		{{C(CONNECT), S("HTTP/1.1 407 No\r\n\r\nHTTP/1.1 200"),
		  C(NEXT_B)},
		 "feeding http " CONNECTED STATUS(407) GET_B},
		{{C(CONNECT
		    "CONNECT b:1 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 407 No\r\n\r\n" OK200)},
		 "feeding http http " CONNECTED STATUS(
			 407) " http.http_method[0,1]=CONNECT http.url[0,1]=b:1"
			      " http.connect[0,1]=b:1 http.status[0,1]=200 "
			      "http.http_method[1,0]=GET"
			      " http.url[1,0]=/"},
		/* the first answer is not its */
		{{C(NEXT_A CONNECT), S(OK0), S("HTTP/1.1 403 No\r\n\r\n")},
		 "feeding http " GET_A
		 " http.http_method[0,1]=CONNECT http.url[0,1]=a.org:443"
		 " http.connect[0,1]=a.org:443 http.hostname[0,1]=a.org" STATUS(
			 200) " http.status[0,1]=403"},
		/* a server that speaks first inside */
		{{C(CONNECT), S(OK200 "SSH-2.0-x\r\n"), C("SSH-2.0-y\r\n")},
		 "feeding http ssh " CONNECTED STATUS(
			 200) " ssh.server.banner[1,0]=SSH-2.0-x"
			      " ssh.server.proto_version[1,0]=2.0"
			      " ssh.server.software_version[1,0]=x"
			      " ssh.client.banner[1,0]=SSH-2.0-y"
			      " ssh.client.proto_version[1,0]=2.0"
			      " ssh.client.software_version[1,0]=y"},
		{{C("CONNECT a:1 HTTP/1.1\r\nContent-Length: 1\r\n\r\n")},
		 "bad http? " METHOD "CONNECT" TARGET
		 "a:1 http.connect[0,0]=a:1" UNSURE("body of CONNECT")},
	};

	EXPECT_ALL(cases);
}
END_TEST

#define HEAD_C  "HEAD /c HTTP/1.1\r\n\r\n"
#define AND_C   " http.http_method[0,1]=HEAD http.url[0,1]=/c"
#define THEN(n) " http.status[0,1]=" #n

START_TEST(every_answer_is_told)
{
	static const struct dialogue cases[] = {
		{{C(NEXT_A NEXT_B),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 "
		    "HTTP/1.0 404 No\r\nContent-Length: 1\r\n\r\nx")},
		 "feeding http " GET_A GET_B STATUS(200) THEN(404)},
		/* before it, others */
		{{C(NEXT_A), S("HTTP/1.1 100 Go on\r\n\r\n"
			       "HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" OK0)},
		 "feeding http " GET_A STATUS(200)},
		/* chunks, which count more than a length */
		{{C(NEXT_A NEXT_B),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n5;x\r\nHTTP/\r\n"
		    "0\r\nHTTP/1.1: 1\r\n\r\n"
		    "HTTP/1.1 500 No\r\n\r\n")},
		 "feeding http " GET_A GET_B STATUS(200) THEN(500)},
		/* none has a body */
		{{C(NEXT_A HEAD_C NEXT_A),
		  S("HTTP/1.1 304 Same\r\nContent-Length: 5000\r\n\r\n"
		    "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
		    "HTTP/1.1 204 None\r\nTransfer-Encoding: chunked\r\n\r\n")},
		 "feeding http " GET_A AND_C " http.http_method[0,2]=GET"
		 " http.url[0,2]=/ http.hostname[0,2]=a.org" STATUS(304)
			 THEN(200) " http.status[0,2]=204"},
	/* where it ends nobody can say but the connection's end */
#define ONCE(fields)                                                           \
	{{C(NEXT_A NEXT_B),                                                    \
	  S("HTTP/1.1 200 OK\r\n" fields "\r\n1\r\nHTTP/1.1 404 No\r\n\r\n")}, \
	 "feeding http " GET_A GET_B STATUS(200)}
		ONCE(""),
		ONCE("Transfer-Encoding: gzip\r\n"),
		ONCE("Content-Length: 3\r\nContent-Length: 4\r\n"),
		ONCE("Content-Length: x\r\n"),
		ONCE("Transfer-Encoding: chunked\r\n"),
#undef ONCE
		{{C(NEXT_A NEXT_B), S("HTTP/1.0 200 OK\r\n"
				      "Transfer-Encoding: chunked\r\n\r\n"
				      "0\r\n\r\nHTTP/1.1 404 No\r\n\r\n")},
		 "feeding http " GET_A GET_B STATUS(200)},
		{{C(NEXT_A NEXT_B), S("HTTP/1.1 abc\r\nContent-Length: 0\r\n"
				      "\r\nHTTP/1.1 404 No\r\n\r\n")},
		 "feeding http " GET_A GET_B THEN(404)},
		/* the answer comes before the request is whole, or asked for */
		{{C("GET / HTTP/1.1\r\n"), S(OK0), C("Host: a.org\r\n\r\n")},
		 "feeding http " GET_A STATUS(200)},
		{{C(NEXT_A), S(OK0 "\r\nHTTP/1.1 408 Late\r\n\r\n")},
		 "feeding http " GET_A STATUS(200)},
		{{C(NEXT_A), S("ICY 200 OK\r\n\r\n")}, "feeding http " GET_A},
		/* nobody knows what the server speaks */
		{{C(NEXT_A NEXT_B), S("HTTP/1.1 101 Yes\r\n\r\n" OK0)},
		 "feeding http " GET_A GET_B STATUS(101)},
	};

	EXPECT_ALL(cases);
}
END_TEST

START_TEST(lost_answers_are_told_where_they_matter)
{
	static const char next[] = NEXT_A;
	static const char connect[] = CONNECT;
	static const char middle[] = "of a body\nHTTP/1.1 403 No\r\n\r\n" OK0;
	struct wire *w = wire_new();
	char *text;

	wire_send(w, DIR_CLIENT, next, sizeof(next) - 1);
	proto_stack_lose(&w->stack);
	wire_send(w, DIR_SERVER, OK0, sizeof(OK0) - 1);
	wire_send(w, DIR_CLIENT, connect, sizeof(connect) - 1);
	wire_send(w, DIR_SERVER, middle, sizeof(middle) - 1);
	text = wire_text(w);
	ck_assert_str_eq(text,
			 "feeding http " GET_A " http.http_method[0,1]=CONNECT"
			 " http.url[0,1]=a.org:443"
			 " http.connect[0,1]=a.org:443"
			 " http.hostname[0,1]=a.org" THEN(403));
	free(text);
	wire_free(w);
}
END_TEST

START_TEST(answers_have_ceilings)
{
	static const char filler[1000] = {[0 ... 999] = 'x'};
	static const char next[] = NEXT_A;
	struct wire *w = wire_new();

	/* a head that is too long, and more that wait than are counted */
	wire_send(w, DIR_CLIENT, next, sizeof(next) - 1);
	wire_send(w, DIR_SERVER, "HTTP/1.1 200 OK\r\nX: ", 20);
	for (unsigned n = 0; n < LIMIT_HTTP_HEAD / 500; n++)
		wire_send(w, DIR_SERVER, filler, sizeof(filler));
	ck_assert_uint_eq(w->unread[DIR_SERVER].n, 0);
	ck_assert_int_eq(w->stack.state, STACK_FEEDING);
	wire_free(w);
	w = wire_new();
	for (unsigned n = 0; n <= LIMIT_HTTP_ANSWERS; n++)
		wire_send(w, DIR_CLIENT, "GET / HTTP/1.1\r\n\r\n", 18);
	wire_send(w, DIR_SERVER, OK0, sizeof(OK0) - 1);
	ck_assert_uint_eq(w->unread[DIR_SERVER].n, 0);
	wire_free(w);
	/* what nobody has asked for */
	w = wire_new();
	wire_send(w, DIR_CLIENT, "GET / HTTP/1.1\r\n", 16);
	wire_send(w, DIR_SERVER, "HTTP/1.1 200 OK\r\nX: ", 20);
	for (unsigned n = 0; n < 4; n++)
		wire_send(w, DIR_SERVER, filler, sizeof(filler));
	ck_assert_uint_eq(w->unread[DIR_SERVER].n, 4020);
	wire_send(w, DIR_SERVER, filler, sizeof(filler));
	ck_assert_uint_eq(w->unread[DIR_SERVER].n, 0);
	wire_free(w);
}
END_TEST

#define UPGRADE "GET / HTTP/1.1\r\nHost: a.org\r\nUpgrade: x\r\n\r\n"

START_TEST(an_upgrade_opens_an_inner_stream)
{
	static const struct dialogue cases[] = {
		{{C(UPGRADE)}, "feeding http+ " GET_A},
		{{C(UPGRADE), S("HTTP/1.1 101 Yes\r\n\r\n"), C("x\0\1\1\1")},
		 "done http unknown " GET_A STATUS(101)},
		{{C(UPGRADE "x\0\1\1\1")}, "feeding http+ " GET_A},
		{{C(UPGRADE "x\0\1\1\1"), S("HTTP/1.1 101 Yes\r\n\r\n")},
		 "done http unknown " GET_A STATUS(101)},
		{{C(UPGRADE "x\0\1\1\1"), S("HTTP/1.1 200 No\r\n\r\n")},
		 "bad http? " GET_A STATUS(200)},
		{{C(UPGRADE), S("HTTP/1.1 200 No\r\n\r\n")},
		 "feeding http " GET_A STATUS(200)},
		{{C(UPGRADE NEXT_B)}, "feeding http " GET_A GET_B},
		{{C(UPGRADE), S("rest of a body\nHTTP/1.1 200 No\r\n\r\n"),
		  C(NEXT_B)},
		 "feeding http " GET_A STATUS(200) GET_B},
		/* the answer is there before all of the request is */
		{{C("GET / HTTP/1.1\r\nHost: a.org\r\nUpgrade: x\r\n"),
		  S("HTTP/1.1 101 Yes\r\n\r\n"), C("\r\n" NEXT_B)},
		 "feeding http http " GET_A STATUS(
			 101) " http.http_method[1,0]=GET http.url[1,0]=/b "
			      "http.hostname[1,0]=b.org"},
	};

	EXPECT_ALL(cases);
}
END_TEST

#define SOCKET_ASKED                                              \
	"GET / HTTP/1.1\r\nHost: a.org\r\nUpgrade: WebSocket\r\n" \
	"Sec-WebSocket-Protocol: chat, ssh\r\n\r\n"
#define SOCKET GET_A " websocket.protocol[0,0]=chat, ssh"
#define SWITCH S("HTTP/1.1 101 Yes\r\n\r\n")

START_TEST(a_websocket_is_a_layer)
{
	static const struct dialogue cases[] = {
		{{C(SOCKET_ASKED), SWITCH, C("\x81\x80")},
		 "done http websocket " SOCKET STATUS(101)},
		{{C(SOCKET_ASKED), SWITCH, S("\x81\1x"), C("\x82\xfe")},
		 "done http websocket " SOCKET STATUS(101)},
		{{C(SOCKET_ASKED), SWITCH, C("\xc1\x85")},
		 "done http websocket " SOCKET STATUS(101)},
		/* it is not masked, or of no known kind */
		{{C(SOCKET_ASKED), SWITCH, C("\x81\5")},
		 "bad http websocket? " SOCKET STATUS(101)},
		{{C(SOCKET_ASKED), SWITCH, C("\x83\x85")},
		 "bad http websocket? " SOCKET STATUS(101)},
		{{C(SOCKET_ASKED), SWITCH, C("SSH-2.0-x\r\n")},
		 "bad http websocket? " SOCKET STATUS(101)},
		{{C(SOCKET_ASKED), S("HTTP/1.1 400 No\r\n\r\n"), C(NEXT_B)},
		 "feeding http " SOCKET STATUS(400) GET_B},
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
	tcase_add_test(tc, every_request_of_a_connection_is_told);
	tcase_add_test(tc, framing_that_readers_part_over_is_bad);
	tcase_add_test(tc, bad_bodies_and_what_follows_them);
	tcase_add_test(tc, requests_without_a_good_version_are_told_and_bad);
	tcase_add_test(tc, a_blank_in_a_target_is_told_both_ways_and_bad);
	tcase_add_test(tc, an_answer_alone_tells_where_the_middle_is_seen);
	tcase_add_test(tc, connect_opens_an_inner_stream);
	tcase_add_test(tc, every_answer_is_told);
	tcase_add_test(tc, lost_answers_are_told_where_they_matter);
	tcase_add_test(tc, answers_have_ceilings);
	tcase_add_test(tc, an_upgrade_opens_an_inner_stream);
	tcase_add_test(tc, a_websocket_is_a_layer);
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
