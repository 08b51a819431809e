/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support.h"

#define CNXN(len) "CNXN\0\0\0\1\0\0\4\0" len "\0\0\0\0\0\0\0\xbc\xb1\xa7\xb1"
#define STLS                                   \
	"STLS\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0" \
	"\xac\xab\xb3\xac"

START_TEST(connections_are_told)
{
	static const struct dialogue cases[] = {
		{{C(CNXN("\6") "host::"), S(CNXN("\0"))}, "feeding adb"},
		{{C(CNXN("\6") "host::"), S(STLS),
		  C(STLS "GET / HTTP/1.1\r\nHost: a\r\n\r\n")},
		 "feeding adb http http.http_method[1,0]=GET http.url[1,0]=/"
		 " http.hostname[1,0]=a"},
		{{C(CNXN("\0")), C("no message, and 24 bytes")}, "bad adb"},
	};

	EXPECT_ALL(cases);
}
END_TEST

START_TEST(other_bytes_are_not_adb)
{
	static const char *const texts[] = {
		"CNXN is a word, and this is a sentence of some length.",
		"CNXX",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct wire *w = wire_new();

		wire_send(w, DIR_CLIENT, texts[i], strlen(texts[i]));
		ck_assert(w->facts.n_layers == 0 ||
			  w->facts.layers[0].app != APP_ADB);
		wire_free(w);
	}
	no_prefix_settles(reader_of(CNXN("\0"), sizeof(CNXN("\0")) - 1));
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, connections_are_told);
	tcase_add_test(tc, other_bytes_are_not_adb);
}

int main(void)
{
	return run_suite("adb", add);
}
