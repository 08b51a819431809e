/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers of HTTP/1, and the streams that some of them open. */
#include "tests/unit/http1_case.h"

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
	for (unsigned n = 0; n < LIMIT_HTTP_ANSWER / 1000; n++)
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

static void add(TCase *tc)
{
	tcase_add_test(tc, an_answer_alone_tells_where_the_middle_is_seen);
	tcase_add_test(tc, connect_opens_an_inner_stream);
	tcase_add_test(tc, every_answer_is_told);
	tcase_add_test(tc, lost_answers_are_told_where_they_matter);
	tcase_add_test(tc, answers_have_ceilings);
	tcase_add_test(tc, an_upgrade_opens_an_inner_stream);
	tcase_add_test(tc, a_websocket_is_a_layer);
}

int main(void)
{
	return run_suite("http1_answers", add);
}
