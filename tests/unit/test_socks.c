/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/limits.h"
#include "tests/unit/support.h"

#define V5      "socks.version[0,0]=5"
#define TARGET  " socks.target[0,0]="
#define HELLO5  "\5\1\0"
#define NAME5   "\5\1\0\3\5a.org\1\xbb"
#define TO_NAME TARGET "a.org:443"
#define DONE5   "\5\0\0\1\0\0\0\0\0\0"
#define GET_I   "GET / HTTP/1.1\r\nHost: i\r\n\r\n"
#define INNER   " http.http_method[1,0]=GET http.url[1,0]=/ http.hostname[1,0]=i"

START_TEST(version_5_is_told)
{
	static const struct dialogue cases[] = {
		{{C(HELLO5)}, "feeding socks? " V5},
		{{C(HELLO5), S("\5\0")}, "feeding socks? " V5},
		{{C(HELLO5), S("\5\0"), C(NAME5)},
		 "feeding socks+ " V5 TO_NAME},
		{{C(HELLO5), S("\5\0"), C(NAME5), S(DONE5)},
		 "probing socks+ " V5 TO_NAME},
		{{C(HELLO5), S("\5\0"), C(NAME5), S(DONE5), C(GET_I)},
		 "feeding socks http " V5 TO_NAME INNER},
		{{C(HELLO5), S("\5\0"), C("\5\1\0\1\1\2\3\4\0\x50")},
		 "feeding socks+ " V5 TARGET "1.2.3.4:80"},
		{{C(HELLO5), S("\5\0"),
		  C("\5\1\0\4 \1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\1\0\x50")},
		 "feeding socks+ " V5 TARGET "[2001:db8::1]:80"},
		/* an answer with a name in it */
		{{C(HELLO5), S("\5\0"), C(NAME5), S("\5\0\0\3\1x\0\1"),
		  C(GET_I)},
		 "feeding socks http " V5 TO_NAME INNER},
		/* refused */
		{{C(HELLO5), S("\5\xff")}, "done socks " V5},
		{{C(HELLO5), S("\5\0"), C(NAME5), S("\5\1\0\1\0\0\0\0\0\0")},
		 "done socks " V5 TO_NAME},
		/* BIND and UDP */
		{{C(HELLO5), S("\5\0"), C("\5\2\0\3\5a.org\1\xbb"), S(DONE5)},
		 "done socks " V5 TO_NAME},
		{{C(HELLO5), S("\5\0"), C("\5\3\0\3\5a.org\1\xbb"), S(DONE5)},
		 "done socks " V5 TO_NAME},
	};

	EXPECT_ALL(cases);
}
END_TEST

START_TEST(users_and_impatient_clients_are_read)
{
	static const struct dialogue cases[] = {
		{{C("\5\2\0\2"), S("\5\2"), C("\1\1u\2pw"), S("\1\0"), C(NAME5),
		  S(DONE5), C(GET_I)},
		 "feeding socks http " V5 TO_NAME INNER},
		{{C("\5\1\2"), S("\5\2"), C("\1\1u\2pw"), S("\1\1")},
		 "done socks " V5},
		{{C("\5\4\0\1\2\x80"), S("\5\1")}, "done socks " V5},
		/* An answer that comes early is heard before the request. */
		{{C("\5\1\2"), S("\5\2\1\1"), C("\1\1u\1p" NAME5)},
		 "done socks " V5},
		{{C(HELLO5 NAME5)}, "feeding socks+ " V5 TO_NAME},
		{{C(HELLO5 NAME5), S("\5\0" DONE5), C(GET_I)},
		 "feeding socks http " V5 TO_NAME INNER},
		{{C("\5\2\0\2\1\1u\1p" NAME5), S("\5\2\1\0" DONE5), C(GET_I)},
		 "feeding socks http " V5 TO_NAME INNER},
	};

	EXPECT_ALL(cases);
}
END_TEST

#define V4    "socks.version[0,0]=4"
#define ADDR4 "\4\1\0\x50\1\2\3\4user"

START_TEST(version_4_is_told)
{
	static const struct dialogue cases[] = {
		{{C(ADDR4 "\0")}, "feeding socks+ " V4 TARGET "1.2.3.4:80"},
		{{C(ADDR4 "\0"), S("\0\x5a\0\0\0\0\0\0"), C(GET_I)},
		 "feeding socks http " V4 TARGET "1.2.3.4:80" INNER},
		{{C(ADDR4 "\0" GET_I), S("\0\x5a\0\0\0\0\0\0")},
		 "feeding socks http " V4 TARGET "1.2.3.4:80" INNER},
		{{C("\4\1\1\xbb\0\0\0\1\0a.org\0"), S("\0\x5a\0\0\0\0\0\0")},
		 "probing socks+ " V4 "a" TO_NAME},
		{{C(ADDR4 "\0"), S("\0\x5b\0\0\0\0\0\0")},
		 "done socks " V4 TARGET "1.2.3.4:80"},
		{{C("\4\2\0\x50\1\2\3\4\0"), S("\0\x5a\0\0\0\0\0\0")},
		 "done socks " V4 TARGET "1.2.3.4:80"},
	};

	EXPECT_ALL(cases);
}
END_TEST

START_TEST(what_breaks_the_grammar_is_bad)
{
	static const struct dialogue cases[] = {
		{{C(HELLO5), S("\4\0")}, "bad socks? " V5},
		{{C(HELLO5), S("HTTP/1.1")}, "bad socks? " V5},
		{{C("\5\1\2"), S("\5\2"), C("\1\0")}, "bad socks? " V5},
		{{C("\5\1\1"), C("x")}, "bad socks? " V5},
		{{C(HELLO5), S("\5\0"), C("\5\4")}, "bad socks? " V5},
		{{C(HELLO5), S("\5\0"), C("\5\4\0")}, "bad socks? " V5},
		{{C(HELLO5), S("\5\0"), C("\5\1\1")}, "bad socks? " V5},
		{{C(HELLO5), S("\5\0"), C("\5\1\0\2")}, "bad socks? " V5},
		{{C(HELLO5), S("\5\0"), C("\5\1\0\3\0\0\1")}, "bad socks? " V5},
		{{C(HELLO5), S("\5\0"), C("x")}, "bad socks? " V5},
		{{C(HELLO5), S("\5\0"), C(NAME5), S("\4")},
		 "bad socks+ " V5 TO_NAME},
		{{C(ADDR4 "\0"), S("\5\x5a\0\0\0\0\0\0")},
		 "bad socks+ " V4 TARGET "1.2.3.4:80"},
		{{C(ADDR4 "\0"), S("\0\x60\0\0\0\0\0\0")},
		 "bad socks+ " V4 TARGET "1.2.3.4:80"},
	};

	EXPECT_ALL(cases);
}
END_TEST

/* Whole only: what stands behind a greeting decides, when it is there. */
/* So that nobody waits for more. */
#define FILL "\1\1\1\1\1\1\1\1\1\1\1\1"

START_TEST(first_bytes_are_taken_strictly)
{
	static const struct {
		const char *p;
		size_t n;
		const char *want;
	} cases[] = {
		{"\5", 1, "probing+"},
		{"\5\2\0", 3, "probing+"},
		{"\5\0\0\0\xff" FILL, 17, "done unknown"},
		{"\5\2\0\0\xff" FILL, 17, "done unknown"},
		{"\5\1\x0a\0\xff" FILL, 17, "done unknown"},
		{"\5\1\xff\0\xff" FILL, 17, "done unknown"},
		{"\5\1\0x\xff" FILL, 17, "done unknown"},
		{"\5\1\0\5\4\xff" FILL, 18, "done unknown"},
		{"\5\1\0\5\1\1\1" FILL, 19, "done unknown"},
		{"\5\1\0\5\1\0\2\0" FILL, 20, "done unknown"},
		{"\5\1\0\1\1u\1" FILL, 19, "done unknown"}, /* none offered */
		{"\5\1\2\1\0\xff" FILL, 18, "done unknown"},
		{"\5\1\2\1\1u", 6, "feeding socks? " V5},
		{"\4", 1, "probing+"},
		{"\4\3\0\0\xff" FILL, 17, "done unknown"},
		{"\4\1\0\0\xff" FILL, 17, "done unknown"},
		{"\4\1\0\x50\0\0\0\0\0" FILL, 21, "done unknown"},
		{"\4\1\0\x50\1\2\3\4\1\0" FILL, 22, "done unknown"},
		{"\4\1\0\x50\0\0\0\1\0\0\xff" FILL, 23, "done unknown"},
		{"\4\1\0\x50\0\0\0\1\0a b\0" FILL, 25, "done unknown"},
		{"\x46\1\0" FILL, 15, "done unknown"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct wire *w = wire_new();
		char *text;

		wire_send(w, DIR_CLIENT, cases[i].p, cases[i].n);
		text = wire_text(w);
		ck_assert_msg(!strcmp(text, cases[i].want), "case %zu: %s", i,
			      text);
		free(text);
		wire_free(w);
	}
}
END_TEST

START_TEST(every_set_of_two_methods)
{
	for (unsigned a = 0; a < 256; a++) {
		for (unsigned b = 0; b < 256; b++) {
			const uint8_t greeting[] = {5, 2, (uint8_t)a,
						    (uint8_t)b};
			bool a_good = a <= 9 || (a >= 0x80 && a < 0xff);
			bool b_good = b <= 9 || (b >= 0x80 && b < 0xff);
			struct wire *w = wire_new();

			wire_send(w, DIR_CLIENT, greeting, sizeof(greeting));
			ck_assert_int_eq(w->facts.n_layers > 0 &&
						 w->facts.layers[0].app ==
							 APP_SOCKS,
					 a_good && b_good && a != b);
			wire_free(w);
		}
	}
}
END_TEST

START_TEST(the_engine_can_see_who_waits)
{
	struct wire *w = wire_new();

	wire_send(w, DIR_CLIENT, "\5\2\0", 3);
	ck_assert(!w->stack.client_waits);
	wire_send(w, DIR_CLIENT, "\2", 1);
	ck_assert(w->stack.client_waits);
	wire_send(w, DIR_SERVER, "\5\2", 2);
	ck_assert(!w->stack.client_waits);
	wire_send(w, DIR_CLIENT, "\1\1u\1p", 5);
	ck_assert(w->stack.client_waits);
	wire_send(w, DIR_SERVER, "\1\0", 2);
	ck_assert(!w->stack.client_waits);
	wire_send(w, DIR_CLIENT, NAME5, sizeof(NAME5) - 1);
	ck_assert(w->stack.client_waits);
	wire_send(w, DIR_CLIENT, "x", 1);
	ck_assert(!w->stack.client_waits);
	wire_free(w);
}
END_TEST

START_TEST(no_prefix_is_enough)
{
	no_prefix_settles(reader_of(HELLO5 NAME5, sizeof(HELLO5 NAME5) - 1));
	no_prefix_settles(reader_of(ADDR4, sizeof(ADDR4)));
	no_prefix_settles(reader_of("\4\1\1\xbb\0\0\0\1\0a.org", 15));
}
END_TEST

START_TEST(names_have_a_ceiling)
{
	struct wire *w = wire_new();

	wire_send(w, DIR_CLIENT, "\4\1\0\x50\1\2\3\4", 8);
	for (unsigned i = 0; i < LIMIT_SOCKS_MESSAGE; i++)
		wire_send(w, DIR_CLIENT, "u", 1);
	ck_assert_int_eq(w->stack.state, STACK_DONE);
	ck_assert_int_eq(w->facts.layers[0].app, APP_UNKNOWN);
	wire_free(w);
	/* What waits behind a request is no message of SOCKS. */
	w = wire_new();
	wire_send(w, DIR_CLIENT, ADDR4, sizeof(ADDR4));
	for (unsigned i = 0; i < 2 * LIMIT_SOCKS_MESSAGE; i++)
		wire_send(w, DIR_CLIENT, "u", 1);
	ck_assert_int_eq(w->stack.state, STACK_FEEDING);
	wire_free(w);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, version_5_is_told);
	tcase_add_test(tc, users_and_impatient_clients_are_read);
	tcase_add_test(tc, version_4_is_told);
	tcase_add_test(tc, what_breaks_the_grammar_is_bad);
	tcase_add_test(tc, first_bytes_are_taken_strictly);
	tcase_add_test(tc, every_set_of_two_methods);
	tcase_add_test(tc, the_engine_can_see_who_waits);
	tcase_add_test(tc, no_prefix_is_enough);
	tcase_add_test(tc, names_have_a_ceiling);
}

int main(void)
{
	return run_suite("socks", add);
}
