/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections and requests of HTTP/2. */
#include "tests/unit/http2_case.h"

START_TEST(a_request_is_told)
{
	begin();
	FRAME(7 + 1, 0, 0, "\0\0\1\0"); /* WINDOW_UPDATE */
	FRAME(HEADERS, END, 1,
	      USUAL AT "\0\x0cuser-agent\4curl"
		       "\0\x0c"
		       "content-type\x10"
		       "application/grpc");
	ck_assert_uint_eq(wire.p[wire.n - 1], 'c');
	expect("bad http2?" OF_GET " http.hostname[0,0]=a.example");
	begin();
	FRAME(HEADERS, END, 1,
	      USUAL AT "\0\x0a"
		       "user-agent\4curl"
		       "\0\x0c"
		       "content-type\x10"
		       "application/grpc");
	expect("feeding http2" OF_GET " http.hostname[0,0]=a.example"
	       " http.http_user_agent[0,0]=curl"
	       " http.http_content_type[0,0]=application/grpc");
}
END_TEST

START_TEST(no_prefix_is_enough)
{
	begin();
	FRAME(HEADERS, 0, 1, GET ROOT);
	FRAME(CONTINUATION, END, 1, SCHEME AT);
	no_prefix_settles(reader_of(wire.p, wire.n));
}
END_TEST

START_TEST(a_block_has_many_frames)
{
	begin();
	FRAME(HEADERS, PADDED | WITH_PRIORITY, 1, "\3\0\0\0\0\x10" GET "pad");
	FRAME(CONTINUATION, 0, 1, "");
	FRAME(CONTINUATION, 0, 1,
	      ROOT "\1\x09"
		   "a.ex");
	FRAME(CONTINUATION, END, 1, "ample" SCHEME);
	expect("feeding http2" OF_GET " http.hostname[0,0]=a.example");
}
END_TEST

START_TEST(later_requests_use_what_earlier_ones_said)
{
	begin();
	/* :authority goes into the table, as its entry 62 */
	FRAME(HEADERS, END, 1,
	      USUAL "\x41\x09"
		    "a.example");
	FRAME(DATA, 0, 1, "0123456789");
	/* trailers: what they say is not told, but kept for later */
	FRAME(HEADERS, END | 1, 1, "\x40\1x\1y");
	FRAME(HEADERS, END, 3, "\x83\x84\x86\xbf");
	FRAME(RST, 0, 3, "\0\0\0\0");
	/* nothing is told of a request but once */
	FRAME(HEADERS, END, 1, "\xbe");
	expect("feeding http2" OF_GET " http.hostname[0,0]=a.example"
	       " http.http_method[0,1]=POST http.url[0,1]=/"
	       " http.hostname[0,1]=a.example");
}
END_TEST

START_TEST(connects_are_told)
{
	begin();
	FRAME(HEADERS, END, 1,
	      "\2\7CONNECT\1\x0d"
	      "a.example:443");
	expect("feeding http2 http.http_method[0,0]=CONNECT"
	       " http.hostname[0,0]=a.example"
	       " http.connect[0,0]=a.example:443");
	begin();
	FRAME(HEADERS, END, 1,
	      "\1\x09"
	      "a.example"
	      "\2\7CONNECT" ROOT SCHEME "\0\x09:protocol\x09websocket");
	expect("feeding http2 http.hostname[0,0]=a.example"
	       " http.http_method[0,0]=CONNECT http.url[0,0]=/"
	       " http.connect_protocol[0,0]=websocket");
	begin();
	FRAME(HEADERS, END, 1,
	      "\1\x09"
	      "a.example"
	      "\2\7CONNECT" ROOT SCHEME "\0\x09:protocol\x0b"
	      "connect-udp");
	expect("feeding http2 http.hostname[0,0]=a.example"
	       " http.http_method[0,0]=CONNECT http.url[0,0]=/"
	       " http.connect_protocol[0,0]=connect-udp"
	       " http.connect[0,0]=a.example");
}
END_TEST

START_TEST(calls_of_grpc_are_named)
{
	static const struct {
		const char *path, *type, *told;
	} cases[] = {
		{"/a.b.C/Do", "application/grpc",
		 " grpc.service[0,0]=a.b.C grpc.method[0,0]=Do"},
		{"/C/Do", "application/grpc+proto",
		 " grpc.service[0,0]=C grpc.method[0,0]=Do"},
		{"/C/Do", "application/grpc;x=y",
		 " grpc.service[0,0]=C grpc.method[0,0]=Do"},
		{"/C/Do", "application/grpc-web", ""},
		{"/C/Do", "text/application/grpc", ""},
		{"C/Do", "application/grpc", ""},
		{"/C/", "application/grpc", ""},
		{"//Do", "application/grpc", ""},
		{"/C", "application/grpc", ""},
		{"/C/Do/x", "application/grpc", ""},
	};
	char want[400];

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bytes *b = calloc(1, sizeof(*b));

		bytes_add(b, "\x83" SCHEME "\4", 3);
		bytes_u8(b, (unsigned)strlen(cases[i].path));
		bytes_text(b, cases[i].path);
		bytes_add(b,
			  "\0\x0c"
			  "content-type",
			  14);
		bytes_u8(b, (unsigned)strlen(cases[i].type));
		bytes_text(b, cases[i].type);
		begin();
		frame(HEADERS, END, 1, b->p, b->n);
		(void)snprintf(want, sizeof(want),
			       "feeding http2 http.http_method[0,0]=POST"
			       " http.url[0,0]=%s"
			       " http.http_content_type[0,0]=%s%s",
			       cases[i].path, cases[i].type, cases[i].told);
		expect(want);
		free(b);
	}
}
END_TEST

START_TEST(a_host_field_has_to_agree)
{
	begin();
	FRAME(HEADERS, END, 1,
	      USUAL AT "\0\4host\x0c"
		       "A.EXAMPLE:80");
	ck_assert_uint_eq(wire.p[wire.n - 1], '0');
	expect("feeding http2" OF_GET " http.hostname[0,0]=a.example");
	begin();
	FRAME(HEADERS, END, 1, USUAL "\0\4host\1b");
	expect("feeding http2" OF_GET " http.hostname[0,0]=b");
	begin();
	FRAME(HEADERS, END, 1, USUAL AT "\0\4host\1b");
	expect("bad http2?" OF_GET " http.hostname[0,0]=a.example"
	       " http.hostname[0,0]=b http.ambiguous[0,0]=host");
	begin();
	FRAME(HEADERS, END, 1, USUAL "\0\4host\1b\0\4host\1c");
	expect("bad http2?" OF_GET " http.hostname[0,0]=b"
	       " http.hostname[0,0]=c http.ambiguous[0,0]=host");
	begin();
	FRAME(HEADERS, END, 1, USUAL "\1\3u@b");
	expect("bad http2?" OF_GET
	       " http.hostname[0,0]=b http.ambiguous[0,0]=user");
}
END_TEST

START_TEST(requests_are_read_by_the_grammar)
{
	static const struct {
		const char *p;
		size_t n;
	} cases[] = {
#define BLOCK(text) {(text), sizeof(text) - 1}
		BLOCK(""),
		BLOCK(GET ROOT),
		BLOCK(GET SCHEME),
		BLOCK(ROOT SCHEME),
		BLOCK(USUAL GET),
		BLOCK(USUAL "\0\1x\1y" AT),
		BLOCK(USUAL "\0\6:other\1y"),
		BLOCK(USUAL "\0\1X\1y"),
		BLOCK(USUAL "\0\3x y\1y"),
		BLOCK(USUAL "\0\0\1y"),
		BLOCK(USUAL "\0\1x\2\r\n"),
		BLOCK(USUAL "\0\1x\1\0"),
		BLOCK(USUAL "\0\x09:protocol\x09websocket"),
		BLOCK("\2\7CONNECT"),
		BLOCK("\2\7CONNECT" ROOT AT),
		BLOCK("\2\7CONNECT\0\4host\1a"),
		BLOCK(USUAL "\xbe"),         /* no such entry */
		BLOCK(USUAL "\0\1x\2y"),     /* cut */
		BLOCK("\x3f\xe2\x1f" USUAL), /* a table of 4097 bytes */
#undef BLOCK
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct wire *w = wire_new();

		begin();
		frame(HEADERS, END, 1, cases[i].p, cases[i].n);
		wire_send(w, DIR_CLIENT, wire.p, wire.n);
		ck_assert_msg(w->stack.state == STACK_BAD, "case %zu", i);
		wire_free(w);
	}
}
END_TEST

START_TEST(frames_come_in_their_order)
{
	static const struct {
		struct {
			unsigned type, flags, stream;
		} frames[3];
		bool good;
	} cases[] = {
		{{{HEADERS, END, 1}, {DATA, 0, 1}, {PING, 0, 0}}, true},
		{{{HEADERS, END, 1}, {HEADERS, END, 5}, {DATA, 0, 5}}, true},
		{{{HEADERS, END, 1}, {0x42, 0, 0}, {PRIORITY, 0, 3}}, true},
		{{{HEADERS, END, 2}, {DATA, 0, 1}, {DATA, 0, 1}}, false},
		{{{HEADERS, END, 0}, {DATA, 0, 1}, {DATA, 0, 1}}, false},
		{{{CONTINUATION, END, 1}, {DATA, 0, 1}, {DATA, 0, 1}}, false},
		{{{HEADERS, 0, 1}, {DATA, 0, 1}, {DATA, 0, 1}}, false},
		{{{HEADERS, 0, 1}, {HEADERS, END, 1}, {DATA, 0, 1}}, false},
		{{{HEADERS, 0, 1}, {CONTINUATION, END, 3}, {DATA, 0, 1}},
		 false},
		{{{HEADERS, END, 1}, {CONTINUATION, END, 1}, {DATA, 0, 1}},
		 false},
		{{{HEADERS, END, 1}, {PUSH, END, 1}, {DATA, 0, 1}}, false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct wire *w = wire_new();

		begin();
		for (size_t f = 0; f < 3; f++)
			FRAME(cases[i].frames[f].type, cases[i].frames[f].flags,
			      cases[i].frames[f].stream, USUAL);
		wire_send(w, DIR_CLIENT, wire.p, wire.n);
		ck_assert_msg((w->stack.state == STACK_FEEDING) ==
				      cases[i].good,
			      "case %zu", i);
		wire_free(w);
	}
}
END_TEST

START_TEST(settings_come_first)
{
	struct wire *w = wire_new();

	wire.n = 0;
	bytes_text(&wire, PREFACE);
	FRAME(HEADERS, END, 1, USUAL);
	expect("bad http2?");
	wire_free(w);
}
END_TEST

START_TEST(other_text_is_not_http_2)
{
	static const char *const texts[] = {
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\rX",
		"PRI * HTTP/2.1\r\n\r\nSM\r\n\r\n",
		"PRIX",
		"pri * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct wire *w = wire_new();

		wire_send(w, DIR_CLIENT, texts[i], strlen(texts[i]));
		ck_assert(w->facts.n_layers == 0 ||
			  w->facts.layers[0].app != APP_HTTP2);
		wire_free(w);
	}
}
END_TEST

/* What is in the wire, sent at once. */
static enum stack_state sent(void)
{
	struct wire *w = wire_new();
	enum stack_state state;

	wire_send(w, DIR_CLIENT, wire.p, wire.n);
	state = w->stack.state;
	wire_free(w);
	return state;
}

START_TEST(blocks_are_bounded)
{
	static char large[LIMIT_HTTP2_BLOCK + 1];

	for (unsigned n = LIMIT_HTTP2_CONTINUATIONS;
	     n <= LIMIT_HTTP2_CONTINUATIONS + 1; n++) {
		begin();
		FRAME(HEADERS, 0, 1, USUAL);
		for (unsigned i = 1; i < n; i++)
			FRAME(CONTINUATION, 0, 1, "");
		FRAME(CONTINUATION, END, 1, "");
		ck_assert_int_eq(sent(), n > LIMIT_HTTP2_CONTINUATIONS
						 ? STACK_BAD
						 : STACK_FEEDING);
	}
	/* Nobody waits for a block that is too long. */
	begin();
	frame(HEADERS, END, 1, large, sizeof(large));
	wire.n -= sizeof(large) - 1;
	ck_assert_int_eq(sent(), STACK_BAD);
	/* A field that is said again and again by one byte. */
	begin();
	FRAME(HEADERS, 0, 1, USUAL "\x40\1x\x7f\x81\x1e");
	memset(large, 'y', 3968);
	frame(CONTINUATION, 0, 1, large, 3968);
	memset(large, 0xbe, 100);
	frame(CONTINUATION, END, 1, large, 8);
	ck_assert_int_eq(sent(), STACK_FEEDING);
	wire.n -= 8 + 9;
	frame(CONTINUATION, END, 1, large, 20);
	ck_assert_int_eq(sent(), STACK_BAD);
}
END_TEST

START_TEST(a_full_table_fits)
{
	begin();
	for (unsigned i = 0; i < 200; i++) {
		char text[64];
		int n = snprintf(text, sizeof(text),
				 USUAL "\x40\x08x-%06u\x0cvalue-%06u",
				 i % 1000000, i % 1000000);

		ck_assert_int_eq(n, 3 + 2 + 8 + 1 + 12);
		frame(HEADERS, END, 1 + 2 * i, text, (size_t)n);
	}
	ck_assert_int_eq(sent(), STACK_FEEDING);
}
END_TEST

START_TEST(bodies_are_stepped_over)
{
	static char body[60000];
	struct wire *w = wire_new();

	memset(body, 0xff, sizeof(body));
	begin();
	FRAME(HEADERS, END, 1, USUAL);
	frame(DATA, 0, 1, body, sizeof(body));
	wire.n -= 1000;
	wire_send(w, DIR_CLIENT, wire.p, wire.n);
	ck_assert_uint_eq(proto_stack_skips(&w->stack), 1000);
	ck_assert_uint_eq(w->unread[DIR_CLIENT].n, 0);
	wire_send(w, DIR_CLIENT, body, 1000);
	ck_assert_uint_eq(proto_stack_skips(&w->stack), 0);
	wire.n = 0;
	FRAME(HEADERS, END, 3, "\x83\x84\x86");
	wire_send(w, DIR_CLIENT, wire.p, wire.n);
	ck_assert(str_is(w->facts.values[w->facts.n_values - 2].value, "POST"));
	wire_free(w);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, a_request_is_told);
	tcase_add_test(tc, no_prefix_is_enough);
	tcase_add_test(tc, a_block_has_many_frames);
	tcase_add_test(tc, later_requests_use_what_earlier_ones_said);
	tcase_add_test(tc, connects_are_told);
	tcase_add_test(tc, calls_of_grpc_are_named);
	tcase_add_test(tc, a_host_field_has_to_agree);
	tcase_add_test(tc, requests_are_read_by_the_grammar);
	tcase_add_test(tc, frames_come_in_their_order);
	tcase_add_test(tc, settings_come_first);
	tcase_add_test(tc, other_text_is_not_http_2);
	tcase_add_test(tc, blocks_are_bounded);
	tcase_add_test(tc, a_full_table_fits);
	tcase_add_test(tc, bodies_are_stepped_over);
}

int main(void)
{
	return run_suite("http2", add);
}
