/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/tls_print.h"
#include "agent/proto/tls_tell.h"
#include "tests/unit/hello.h"

/* What is told of a hello, as text; "-" when it is not by the grammar. */
static void expect_told(const struct hello *h, enum tls_over over,
			const char *want)
{
	static struct bytes body;
	struct wire *w = wire_new();
	char *text;

	body.n = 0;
	hello_body(&body, h);
	ck_assert(facts_layer_begin(&w->facts, APP_TLS));
	if (tls_hello_tell(reader_of(at_page_end(body.p, body.n), body.n), over,
			   0, &w->facts))
		ck_assert_uint_eq(w->facts.n_values, 0);
	text = wire_text(w);
	ck_assert_msg(strstr(text, want), "\n got %s\nwant %s", text, want);
	free(text);
	wire_free(w);
}

static void expect_one(struct extension ext, const char *want)
{
	const struct hello h = {.ext = &ext, .n_ext = 1};

	expect_told(&h, TLS_OVER_TCP, want);
}

START_TEST(names_and_alpn_are_read_by_the_grammar)
{
	static const struct {
		struct extension ext;
		const char *want; /* NULL: bad */
	} cases[] = {
		{EXT(0, "\0\4\0\0\1a"), "? tls.sni[0,0]=a tls."},
		{EXT(0, "\0\5\0\0\2a."), "? tls.sni[0,0]=a. tls."},
		{EXT(0, "\0\5\0\0\2a\0"), "? tls.sni[0,0]=a\\x00 tls."},
		{EXT(0, "\0\x08\7\0\1b\0\0\1a"), "? tls.sni[0,0]=a tls."},
		{EXT(0, ""), NULL},
		{EXT(0, "\0\0"), NULL},
		{EXT(0, "\0\3\0\0\0"), NULL},
		{EXT(0, "\0\x08\0\0\1a\0\0\1b"), NULL},
		{EXT(0, "\0\4\0\0\1ab"), NULL},
		{EXT(0, "\0\5\0\0\1a"), NULL},
		{EXT(0, "\0\4\0\0\2a"), NULL},
		{EXT(0, "\0\4\1\0\1a"), NULL},
		{EXT(16, "\0\3\2h2"), "? tls.client_alpns[0,0]=h2 tls."},
		{EXT(16, "\0\0"), NULL},
		{EXT(16, "\0\1\0"), NULL},
		{EXT(16, "\0\3\3h2"), NULL},
		{EXT(16, "\0\3\2h2x"), NULL},
		/* lists that only fingerprints are made of */
		{EXT(10, "\0\3\0\x1d"), ",10,, "},
		{EXT(10, "\0\3\0\x1d\0"), ",10,29, "},
		{EXT(10, "\0"), ",10,, "},
		{EXT(11, "\2\0\1"), ",11,,0-1 "},
		{EXT(11, ""), ",11,, "},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		expect_one(cases[i].ext,
			   cases[i].want ? cases[i].want : "tls?");
}
END_TEST

START_TEST(no_extension_comes_twice)
{
	static struct extension many[LIMIT_TLS_EXTENSIONS + 1];
	struct hello h = {.ext = many, .n_ext = LIMIT_TLS_EXTENSIONS};

	for (unsigned i = 0; i < COUNT(many); i++)
		many[i].type = (7919 * i + 100) & 0xffff;
	expect_told(&h, TLS_OVER_TCP, "ja4[0,0]=t12i0299");
	for (unsigned i = 1; i < LIMIT_TLS_EXTENSIONS; i += 17) {
		unsigned type = many[i].type;

		many[i].type = many[LIMIT_TLS_EXTENSIONS - 1 - i].type;
		expect_told(&h, TLS_OVER_TCP, "probing tls?");
		many[i].type = type;
	}
	h.n_ext = LIMIT_TLS_EXTENSIONS + 1;
	expect_told(&h, TLS_OVER_TCP, "probing tls?");
}
END_TEST

START_TEST(versions_that_are_offered_are_told)
{
	static const struct extension versions =
		EXT(43, "\x0a\x3a\x3a\3\4\3\3\x7f\x1c\3\0");
	static const struct extension cut = EXT(43, "\7\3\4");
	static const struct {
		struct hello h;
		enum tls_over over;
		const char *want;
	} cases[] = {
		{{.ext = &versions, .n_ext = 1},
		 TLS_OVER_TCP,
		 "client_versions[0,0]=TLS 1.3,TLS 1.2,0x7f1c,SSLv3 "},
		{{.ext = &cut, .n_ext = 1},
		 TLS_OVER_TCP,
		 "client_versions[0,0]=TLS 1.2 "},
		{{.version = 0x0301},
		 TLS_OVER_TCP,
		 "client_versions[0,0]=TLSv1 "},
		{{.version = 0xfefd, .has_cookie = true},
		 TLS_OVER_DTLS,
		 "client_versions[0,0]=DTLS 1.2 "},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		expect_told(&cases[i].h, cases[i].over, cases[i].want);
}
END_TEST

START_TEST(encrypted_hellos_are_told)
{
	static const struct {
		struct extension ext;
		const char *want;
	} cases[] = {
		{EXT(0xfe0d, "\0\0\1\0\1\7\0\2ee\0\3ppp"), "ech[0,0]=outer "},
		{EXT(0xfe0d, "\0\0\1\0\1\7\0\0\0\3ppp"), "ech[0,0]=outer "},
		{EXT(0xfe0d, "\0\0\1\0\1\7\0\2ee\0\0"), "ech[0,0]=other "},
		{EXT(0xfe0d, "\0\0\1\0\1\7\0\2ee\0\3pp"), "ech[0,0]=other "},
		{EXT(0xfe0d, "\0\0\1\0\1\7\0\2ee\0\3pppp"), "ech[0,0]=other "},
		{EXT(0xfe0d, "\1"), "ech[0,0]=inner "},
		{EXT(0xfe0d, "\1x"), "ech[0,0]=other "},
		{EXT(0xfe0d, ""), "ech[0,0]=other "},
		{EXT(0xffce, "x"), "ech[0,0]=esni "},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		expect_one(cases[i].ext, cases[i].want);
}
END_TEST

/* The example of the description of JA4, with GREASE, in another order. */
static const uint16_t suites[] = {
	0x0a0a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
	0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035};
static const struct extension example[] = {
	EXT(0x1a1a, ""),
	EXT(0x001b, "x"),
	EXT(0x0000, "\0\4\0\0\1a"),
	EXT(0x0033, "x"),
	EXT(0x0010, "\0\3\2h2"),
	EXT(0x4469, "x"),
	EXT(0x0017, ""),
	EXT(0x002d, "x"),
	EXT(0x000d, "\0\x12\x2a\x2a\4\3\x08\4\4\1\5\3\x08\5\5\1\x08\6\6\1"),
	EXT(0x0005, "x"),
	EXT(0x0023, ""),
	EXT(0x0012, ""),
	EXT(0x002b, "\6\x8a\x8a\3\4\3\3"),
	EXT(0xff01, "\0"),
	EXT(0x000b, "\1\0"),
	EXT(0x000a, "\0\x08\x8a\x8a\0\x1d\0\x17\0\x18"),
	EXT(0x0015, ""),
	EXT(0xdada, "\0"),
};

START_TEST(ja4_is_as_described)
{
	const struct hello h = {.suites = suites,
				.n_suites = COUNT(suites),
				.ext = example,
				.n_ext = COUNT(example)};

	expect_told(&h, TLS_OVER_TCP,
		    "tls.ja4[0,0]=t13d1516h2_8daaf6152771_e5627efa2ab1");
	expect_told(&h, TLS_OVER_QUIC,
		    "tls.ja4[0,0]=q13d1516h2_8daaf6152771_e5627efa2ab1");
	expect_told(&h, TLS_OVER_TCP,
		    "tls.ja3.string[0,0]=771,4865-4866-4867-49195-49199-49196-"
		    "49200-52393-52392-49171-49172-156-157-47-53,27-0-51-16-"
		    "17513-23-45-13-5-35-18-43-65281-11-10-21,29-23-24,0 ");
}
END_TEST

START_TEST(ja4_takes_the_ends_of_the_first_alpn)
{
	static const struct {
		struct extension ext;
		const char *want;
	} cases[] = {
		{EXT(16, "\0\x0c\x08http/1.1\2h2"), "=t12i0201h1_"},
		{EXT(16, "\0\2\1a"), "=t12i0201aa_"},
		{EXT(16, "\0\2\1\xab"), "=t12i0201ab_"},
		{EXT(16, "\0\3\2\xab\xcd"), "=t12i0201ad_"},
		{EXT(16, "\0\3\2\x30\xab"), "=t12i02013b_"},
		{EXT(16, "\0\5\4\x30\x31\xab\xcd"), "=t12i02013d_"},
		{EXT(16, "\0\5\4\x30\xab\xcd\x31"), "=t12i020101_"},
		{EXT(11, "\1\0"), "=t12i020100_"},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		expect_one(cases[i].ext, cases[i].want);
}
END_TEST

START_TEST(ja4_knows_versions_and_nothing)
{
	static const struct {
		unsigned version;
		enum tls_over over;
		const char *want;
	} cases[] = {
		{0x0304, TLS_OVER_TCP, "=t13i020000_62ed6f6ca7ad_000000000000"},
		{0x0302, TLS_OVER_TCP, "=t11i"},
		{0x0301, TLS_OVER_TCP, "=t10i"},
		{0x0300, TLS_OVER_TCP, "=ts3i"},
		{0x0002, TLS_OVER_TCP, "=ts2i"},
		{0xfeff, TLS_OVER_DTLS, "=dd1i"},
		{0xfefd, TLS_OVER_DTLS, "=dd2i"},
		{0xfefc, TLS_OVER_DTLS, "=dd3i"},
		{0x1234, TLS_OVER_TCP, "=t00i"},
	};
	static const uint16_t only_grease[] = {0xfafa};
	static const struct extension dtls = EXT(43, "\4\xfe\xfd\xfe\xfc");
	const struct hello nothing = {.suites = only_grease, .n_suites = 1};
	const struct hello newest = {.version = 0xfefd,
				     .has_cookie = true,
				     .ext = &dtls,
				     .n_ext = 1};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct hello h = {.version = cases[i].version,
					.has_cookie =
						cases[i].over == TLS_OVER_DTLS};

		expect_told(&h, cases[i].over, cases[i].want);
	}
	expect_told(&nothing, TLS_OVER_TCP,
		    "=t12i000000_000000000000_000000000000");
	expect_told(&newest, TLS_OVER_DTLS, "=dd3i");
}
END_TEST

/* The examples of the description of JA3. */
START_TEST(ja3_is_as_described)
{
	static const struct {
		const char *line, *hash;
	} cases[] = {
		{"769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,"
		 "23-24-25,0",
		 "ada70206e40642a3e4461f35503241d5"},
		{"769,4-5-10-9-100-98-3-6-19-18-99,,,",
		 "de350869b8c85de67a350c8d186f11e6"},
	};
	static const uint16_t old[] = {4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99};
	const struct hello h = {
		.version = 0x0301, .suites = old, .n_suites = COUNT(old)};

	for (size_t i = 0; i < COUNT(cases); i++) {
		static struct tls_line line;
		char hash[TLS_JA3_LEN];

		line.len = strlen(cases[i].line);
		memcpy(line.text, cases[i].line, line.len);
		ck_assert(tls_ja3_hash(&line, hash));
		ck_assert_mem_eq(hash, cases[i].hash, sizeof(hash));
	}
	expect_told(&h, TLS_OVER_TCP,
		    "tls.ja3.hash[0,0]=de350869b8c85de67a350c8d186f11e6 "
		    "tls.ja3.string[0,0]=769,4-5-10-9-100-98-3-6-19-18-99,,, ");
}
END_TEST

START_TEST(too_long_a_line_gives_no_fingerprint)
{
	static uint16_t many[LIMIT_TLS_FINGERPRINT / 4 + 1];
	struct hello h = {.suites = many};

	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = (uint16_t)(20000 + 3 * i);
	/* "ffff," and "65535-" */
	h.n_suites = LIMIT_TLS_FINGERPRINT / 6 - 2;
	expect_told(&h, TLS_OVER_TCP, "tls.ja3.string");
	h.n_suites = LIMIT_TLS_FINGERPRINT / 5;
	expect_told(&h, TLS_OVER_TCP, "versions[0,0]=TLS 1.2 tls.ja4[0,0]=");
	h.n_suites = COUNT(many);
	expect_told(&h, TLS_OVER_TCP, "tls.client_versions[0,0]=TLS 1.2");
	for (size_t n = COUNT(many) - 2; n <= COUNT(many); n++) {
		static struct bytes body;
		static struct tls_hello parsed;
		char ja4[TLS_JA4_LEN];

		h.n_suites = n;
		body.n = 0;
		hello_body(&body, &h);
		ck_assert_int_eq(tls_hello_parse(reader_of(body.p, body.n),
						 TLS_OVER_TCP, &parsed),
				 FW_OK);
		ck_assert(!tls_ja4(&parsed, TLS_OVER_TCP, ja4));
	}
}
END_TEST

START_TEST(lengths_that_do_not_fit_are_bad)
{
	static const struct extension sni = EXT(0, "\0\4\0\0\1a");
	static struct tls_hello hello;
	static struct bytes body;

	for (int dtls = 0; dtls <= 1; dtls++) {
		const struct hello h = {
			.has_cookie = dtls, .ext = &sni, .n_ext = 1};
		enum tls_over over = dtls ? TLS_OVER_DTLS : TLS_OVER_TCP;

		body.n = 0;
		hello_body(&body, &h);
		for (size_t n = 0; n < body.n; n++) {
			/* 43 bytes: one without extensions is whole. */
			enum fw_err err = tls_hello_parse(
				reader_of(at_page_end(body.p, n), n), over,
				&hello);

			ck_assert_msg((err == FW_OK) == (n == (dtls ? 44 : 43)),
				      "%zu", n);
		}
		bytes_u8(&body, 0);
		ck_assert_int_eq(tls_hello_parse(reader_of(body.p, body.n),
						 over, &hello),
				 FW_ERR_INVAL);
	}
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, names_and_alpn_are_read_by_the_grammar);
	tcase_add_test(tc, no_extension_comes_twice);
	tcase_add_test(tc, versions_that_are_offered_are_told);
	tcase_add_test(tc, encrypted_hellos_are_told);
	tcase_add_test(tc, ja4_is_as_described);
	tcase_add_test(tc, ja4_takes_the_ends_of_the_first_alpn);
	tcase_add_test(tc, ja4_knows_versions_and_nothing);
	tcase_add_test(tc, ja3_is_as_described);
	tcase_add_test(tc, too_long_a_line_gives_no_fingerprint);
	tcase_add_test(tc, lengths_that_do_not_fit_are_bad);
}

int main(void)
{
	return run_suite("tls_hello", add);
}
