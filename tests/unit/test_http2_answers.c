/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers of HTTP/2, and HTTP/1 that becomes it. */
#include "tests/unit/http2_case.h"

/* Requests on streams 1, 3 and 5, and what is in `wire` as the answer. */
static void expect_answers(const char *told)
{
	static struct bytes client;
	struct turn turns[2];
	char want[400];
	struct bytes *answer = calloc(1, sizeof(*answer));

	*answer = wire;
	begin();
	FRAME(HEADERS, END, 1, USUAL);
	FRAME(HEADERS, END, 3, USUAL);
	FRAME(HEADERS, END, 5, USUAL);
	client = wire;
	turns[0] = (struct turn){DIR_CLIENT, reader_of(client.p, client.n)};
	turns[1] = (struct turn){DIR_SERVER, reader_of(answer->p, answer->n)};
	(void)snprintf(want, sizeof(want),
		       "feeding http2 http.http_method[0,0]=GET"
		       " http.url[0,0]=/ http.http_method[0,1]=GET"
		       " http.url[0,1]=/ http.http_method[0,2]=GET"
		       " http.url[0,2]=/%s",
		       told);
	expect_every_split(turns, 2, want);
	survive_every_flip(turns, 2);
	free(answer);
}

/* ":status": 200 and 404 by the static table, and any as it is. */
#define OK200     "\x88"
#define NONE404   "\x8d"
#define STATUS(n) "\x48\3" n /* goes into the table */

START_TEST(answers_are_told)
{
	wire.n = 0;
	FRAME(SETTINGS, 0, 0, "");
	FRAME(HEADERS, END, 3,
	      "\x08\3"
	      "103");
	FRAME(HEADERS, END, 3, STATUS("302") "\0\1x\1y");
	FRAME(DATA, 0, 3, "body");
	FRAME(HEADERS, 0, 1, NONE404);
	FRAME(CONTINUATION, END, 1, "\0\1x\1y");
	/* trailers; a request that the server makes up, and its answer */
	FRAME(HEADERS, END | 1, 3, "\0\1x\1y");
	FRAME(PUSH, END, 1, "\0\0\0\2" USUAL);
	FRAME(HEADERS, END, 2, OK200);
	FRAME(HEADERS, END | PADDED, 5, "\3\xbepad");
	expect_answers(" http.status[0,1]=302 http.status[0,0]=404"
		       " http.status[0,2]=302");
}
END_TEST

START_TEST(answers_that_are_none_end_the_telling)
{
	static const struct {
		unsigned type, flags, stream;
		const char *text;
		size_t n;
	} cases[] = {
		{HEADERS, END, 1, "\xff\xff\xff\xff\xff", 5},
		{HEADERS, END, 1,
		 "\x08\2"
		 "20",
		 4},
		{HEADERS, END, 1,
		 "\x08\3"
		 "2x0",
		 5},
		{HEADERS, END, 1, OK200 NONE404, 2},
		{HEADERS, END, 0, OK200, 1},
		{HEADERS, 0, 1, OK200, 1},
		{HEADERS, END | PADDED, 1, "\x09", 1},
		{CONTINUATION, END, 1, OK200, 1},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		wire.n = 0;
		FRAME(SETTINGS, 0, 0, "");
		FRAME(HEADERS, END, 5, OK200);
		frame(cases[i].type, cases[i].flags, cases[i].stream,
		      cases[i].text, cases[i].n);
		FRAME(HEADERS, END, 3, OK200);
		expect_answers(" http.status[0,2]=200");
	}
}
END_TEST

START_TEST(answers_have_a_share_of_the_memory)
{
	struct wire *w = wire_new();

	begin();
	for (unsigned i = 0; i < 2; i++)
		FRAME(HEADERS, END, 1 + 2 * i, USUAL);
	wire_send(w, DIR_CLIENT, wire.p, wire.n);
	wire.n = 0;
	/* a table of nothing but empty fields */
	for (unsigned i = 0; i < 130; i++)
		FRAME(HEADERS, END, 2, "\x40\1x\0");
	FRAME(HEADERS, END, 1, OK200);
	wire_send(w, DIR_SERVER, wire.p, wire.n);
	ck_assert(w->facts.values[w->facts.n_values - 1].field !=
		  FIELD_HTTP_STATUS);
	/* and the client has all of its own */
	wire.n = 0;
	for (unsigned i = 0; i < 100; i++)
		FRAME(HEADERS, END, 5 + 2 * i, USUAL "\x40\1x\0");
	wire_send(w, DIR_CLIENT, wire.p, wire.n);
	ck_assert_int_eq(w->stack.state, STACK_FEEDING);
	wire_free(w);
}
END_TEST

#define ASKED                                                    \
	"GET /a HTTP/1.1\r\nHost: a.org\r\nConnection: Upgrade," \
	" HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: "    \
	"AAMAAABk\r\n\r\n"
#define OF_ASKED(layer)                                               \
	" http.http_method[" layer ",0]=GET http.url[" layer ",0]=/a" \
	" http.hostname[" layer ",0]=a.org"
#define SWITCH "HTTP/1.1 101 Yes\r\nUpgrade: h2c\r\n\r\n"

#define UPGRADED(layers)                                                       \
	"feeding http " layers OF_ASKED("0") " http.status[0,0]=101" OF_ASKED( \
		"1") " http.status[1,0]=200"

/* Behind the upgrade the client says what is in `wire`. */
static void expect_after(struct turn *turns, const char *told)
{
	static struct bytes client;

	client = wire;
	turns[2] = (struct turn){DIR_CLIENT, reader_of(client.p, client.n)};
	expect_every_split(turns, 3, told);
}

START_TEST(an_upgrade_opens_it)
{
	static struct bytes server;
	struct turn turns[3] = {C(ASKED)};

	wire.n = 0;
	bytes_text(&wire, SWITCH);
	FRAME(SETTINGS, 0, 0, "");
	FRAME(HEADERS, END, 1, OK200);
	server = wire;
	turns[1] = (struct turn){DIR_SERVER, reader_of(server.p, server.n)};
	expect_every_split(turns, 2, UPGRADED("http2?"));
	/* The request is known, and nothing of it was refused. */
	begin();
	expect_after(turns, UPGRADED("http2"));
	FRAME(HEADERS, END, 3, USUAL);
	expect_after(turns, UPGRADED("http2") " http.http_method[1,1]=GET"
					      " http.url[1,1]=/");
	survive_every_flip(turns, 3);
}
END_TEST

START_TEST(an_upgrade_is_what_both_agree_on)
{
	static const struct dialogue cases[] = {
		/* the server's word counts */
		{{C("GET /a HTTP/1.1\r\nHost: a.org\r\n"
		    "Upgrade: websocket, h2c\r\n\r\n"),
		  S(SWITCH), C("SSH-2.0-x\r\n and more of such a kind")},
		 "bad http http2?" OF_ASKED(
			 "0") " http.status[0,0]=101" OF_ASKED("1")},
		{{C(ASKED), S("HTTP/1.1 101 Yes\r\nUpgrade: other\r\n\r\n"),
		  C("SSH-2.0-x\r\n")},
		 "feeding http ssh" OF_ASKED(
			 "0") " http.status[0,0]=101 "
			      "ssh.client.banner[1,0]=SSH-2.0-x"
			      " ssh.client.proto_version[1,0]=2.0"
			      " ssh.client.software_version[1,0]=x"},
		/* one that does not want it */
		{{C(ASKED), S("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")},
		 "feeding http" OF_ASKED("0") " http.status[0,0]=200"},
	};

	EXPECT_ALL(cases);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, answers_are_told);
	tcase_add_test(tc, answers_that_are_none_end_the_telling);
	tcase_add_test(tc, answers_have_a_share_of_the_memory);
	tcase_add_test(tc, an_upgrade_opens_it);
	tcase_add_test(tc, an_upgrade_is_what_both_agree_on);
}

int main(void)
{
	return run_suite("http2_answers", add);
}
