/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support.h"

#define V2  "\r\n\r\n\0\r\nQUIT\n"
#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define OF_V4                               \
	" proxy.source[0,0]=192.0.2.1:1234" \
	" proxy.destination[0,0]=198.51.100.2:443"
#define OF_V6                                    \
	" proxy.source[0,0]=[2001:db8::1]:65535" \
	" proxy.destination[0,0]=[2001:db8::2]:0"
#define V6_SOURCE "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0"

START_TEST(headers_are_told)
{
	static const struct dialogue cases[] = {
		{{C("PROXY TCP4 192.0.2.1 198.51.100.2 1234 443\r\n")},
		 "probing proxyprotocol+" OF_V4},
		{{C("PROXY TCP6 2001:db8::1 2001:DB8:0::2 65535 0\r\n")},
		 "probing proxyprotocol+" OF_V6},
		{{C("PROXY UNKNOWN\r\n")}, "probing proxyprotocol+"},
		{{C("PROXY UNKNOWN ffff::1 x\r\n")}, "probing proxyprotocol+"},
		{{C(V2 "\x21\x11\0\x0c\xc0\0\2\1\xc6\x33\x64\2\4\xd2\1\xbb")},
		 "probing proxyprotocol+" OF_V4},
		/* with a value behind them */
		{{C(V2 "\x21\x12\0\x10\xc0\0\2\1\xc6\x33\x64\2\4\xd2\1\xbb"
		       "\4\0\1x")},
		 "probing proxyprotocol+" OF_V4},
		{{C(V2 "\x21\x21\0\x24" V6_SOURCE "\1" V6_SOURCE
		       "\2\xff\xff\0\0")},
		 "probing proxyprotocol+" OF_V6},
		{{C(V2 "\x20\0\0\0")}, "probing proxyprotocol+"},
		{{C(V2 "\x21\x31\0\2ab")}, "probing proxyprotocol+"},
	};

	EXPECT_ALL(cases);
}
END_TEST

START_TEST(the_stream_behind_is_a_layer)
{
	static const struct dialogue cases[] = {
		{{C("PROXY TCP4 192.0.2.1 198.51.100.2 1234 443\r\n" GET)},
		 "feeding proxyprotocol http" OF_V4
		 " http.http_method[1,0]=GET http.url[1,0]=/"
		 " http.hostname[1,0]=a"},
		{{C(V2 "\x20\0\0\0" GET)},
		 "feeding proxyprotocol http"
		 " http.http_method[1,0]=GET http.url[1,0]=/"
		 " http.hostname[1,0]=a"},
		{{C(V2 "\x20\0\0\0PROXY UNKNOWN\r\n" GET)},
		 "feeding proxyprotocol proxyprotocol http"
		 " http.http_method[2,0]=GET http.url[2,0]=/"
		 " http.hostname[2,0]=a"},
	};

	EXPECT_ALL(cases);
}
END_TEST

START_TEST(no_prefix_is_enough)
{
	static const char text[] =
		"PROXY TCP4 192.0.2.1 198.51.100.2 1234 443\r\n";
	static const char binary[] =
		V2 "\x21\x11\0\x0c\xc0\0\2\1\xc6\x33\x64\2\4\xd2\1\xbb";

	no_prefix_settles(reader_of(text, sizeof(text) - 1));
	no_prefix_settles(reader_of(binary, sizeof(binary) - 1));
}
END_TEST

START_TEST(what_is_not_by_the_grammar_is_none)
{
	static const struct {
		const char *p;
		size_t n;
		bool bad; /* it is the protocol, but */
	} cases[] = {
#define ONE(text, bad) {(text), sizeof(text) - 1, (bad)}
		ONE("PROXY TCP4 192.0.2.1 198.51.100.2 1234\r\n", false),
		ONE("PROXY TCP4 192.0.2.1 198.51.100.2 1234 443 5\r\n", false),
		ONE("PROXY TCP4 192.0.2.1 198.51.100.2 1234 65536\r\n", false),
		ONE("PROXY TCP4 192.0.2.1 198.51.100.2 01 443\r\n", false),
		ONE("PROXY TCP4 192.0.2.1 2001:db8::1 1 443\r\n", false),
		ONE("PROXY TCP6 192.0.2.1 192.0.2.1 1 443\r\n", false),
		ONE("PROXY  TCP4 192.0.2.1 198.51.100.2 1 443\r\n", false),
		ONE("PROXY TCP4 192.0.2.1 198.51.100.2 1 443\n", false),
		ONE("PROXY UDP4 192.0.2.1 198.51.100.2 1 443\r\n", false),
		ONE("proxy UNKNOWN\r\n", false),
		ONE(V2 "\x11\x11\0\0", false),
		ONE(V2 "\x22\x11\0\0", true),
		ONE(V2 "\x21\x11\0\x0b"
		       "12345678901",
		    true),
		ONE(V2 "\x21\x21\0\x0c"
		       "123456789012",
		    true),
#undef ONE
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct wire *w = wire_new();

		wire_send(w, DIR_CLIENT, cases[i].p, cases[i].n);
		ck_assert_msg(w->stack.state ==
				      (cases[i].bad ? STACK_BAD : STACK_DONE),
			      "case %zu: %d", i, (int)w->stack.state);
		ck_assert_msg((w->facts.layers[0].app == APP_PROXYPROTOCOL) ==
				      cases[i].bad,
			      "case %zu", i);
		wire_free(w);
	}
}
END_TEST

START_TEST(the_line_is_bounded)
{
	static const char begin[14] = {"PROXY UNKNOWN "};
	char line[160];

	for (size_t n = 106; n <= 109; n++) {
		struct wire *w = wire_new();

		memset(line, 'x', sizeof(line));
		memcpy(line, begin, sizeof(begin));
		line[n - 2] = '\r';
		line[n - 1] = '\n';
		wire_send(w, DIR_CLIENT, line, n);
		ck_assert_uint_eq(w->facts.layers[0].app == APP_PROXYPROTOCOL,
				  n <= 107);
		wire_free(w);
	}
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, headers_are_told);
	tcase_add_test(tc, the_stream_behind_is_a_layer);
	tcase_add_test(tc, no_prefix_is_enough);
	tcase_add_test(tc, what_is_not_by_the_grammar_is_none);
	tcase_add_test(tc, the_line_is_bounded);
}

int main(void)
{
	return run_suite("proxyproto", add);
}
