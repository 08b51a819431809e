/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/certificate.h"
#include "tests/unit/hello.h"

#define OF_CERTIFICATE                                                 \
	" tls.subject[0,0]=C=CH, O=Example, Inc., CN=www.example.org"  \
	" tls.issuerdn[0,0]=C=CH, O=Example, Inc., CN=www.example.org" \
	" tls.subjectaltname[0,0]=www.example.org,*.example.net,"      \
	"192.0.2.7,2001:db8::7"                                        \
	" tls.fingerprint_sha256[0,0]="                                \
	"cf8c9ba9a08f936b000fc19f2ef26d5707f29292174fbd6788b35d40804e2aef"

/* What a hello with one extension tells. */
#define OF_HELLO                                              \
	" tls.sni[0,0]=a tls.client_versions[0,0]=TLS 1.2"    \
	" tls.ja3.hash[0,0]=4778b86cd2e167d9eded2c8eba0b72d4" \
	" tls.ja3.string[0,0]=771,4865-4866,0,,"              \
	" tls.ja4[0,0]=t12d020100_62ed6f6ca7ad_000000000000"

static const char retry_random[] =
	"\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
	"\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c";

static const struct extension sni = EXT(0, "\0\4\0\0\1a");

static void record(struct bytes *b, unsigned type, const void *p, size_t n)
{
	bytes_u8(b, type);
	bytes_u16(b, 0x0303);
	bytes_u16(b, (unsigned)n);
	bytes_add(b, p, n);
}

static void message(struct bytes *b, unsigned type, const struct bytes *body)
{
	bytes_u32(b, (uint32_t)(type << 24 | body->n));
	bytes_add(b, body->p, body->n);
}

/* Messages in records of `most` bytes. */
static void records(struct bytes *b, const struct bytes *messages, size_t most)
{
	struct reader r = reader_of(messages->p, messages->n);

	while (r.left > 0) {
		size_t n = r.left < most ? r.left : most;

		record(b, 22, reader_take(&r, n), n);
	}
}

static struct turn client_hello(struct bytes *b, const struct extension *ext,
				size_t n)
{
	const struct hello h = {.ext = ext, .n_ext = n};
	static struct bytes body, messages;

	body.n = messages.n = 0;
	hello_body(&body, &h);
	message(&messages, 1, &body);
	records(b, &messages, 16384);
	return (struct turn){DIR_CLIENT, reader_of(b->p, b->n)};
}

static void server_hello(struct bytes *messages, const char *random,
			 const struct extension *ext, size_t n)
{
	static struct bytes body;
	size_t len = 0;

	body.n = 0;
	bytes_u16(&body, 0x0303);
	bytes_add(&body, random ? random : "0123456789abcdef0123456789abcdef",
		  32);
	bytes_u8(&body, 0);
	bytes_u16(&body, 0xc02b);
	bytes_u8(&body, 0);
	for (size_t i = 0; i < n; i++)
		len += 4 + ext[i].len;
	bytes_u16(&body, (unsigned)len);
	for (size_t i = 0; i < n; i++) {
		bytes_u16(&body, ext[i].type);
		bytes_u16(&body, (unsigned)ext[i].len);
		bytes_add(&body, ext[i].data, ext[i].len);
	}
	message(messages, 2, &body);
}

static void certificates(struct bytes *messages, const void *der, size_t n)
{
	static struct bytes body;

	body.n = 0;
	bytes_u8(&body, 0);
	bytes_u16(&body, (unsigned)n + 3);
	bytes_u8(&body, 0);
	bytes_u16(&body, (unsigned)n);
	bytes_add(&body, der, n);
	message(messages, 11, &body);
}

#define OF_ANSWER                                          \
	" tls.version[0,0]=TLS 1.2 tls.cipher[0,0]=0xc02b" \
	" tls.server_alpns[0,0]=h2"                        \
	" tls.ja3s.hash[0,0]=96681175a9547081bf3d417f1a572091"

static const struct extension answer[] = {EXT(0xff01, "\0"),
					  EXT(16, "\0\3\2h2")};

static struct turn answer_turn(size_t most, const void *der, size_t n)
{
	static struct bytes messages, wire;

	messages.n = wire.n = 0;
	server_hello(&messages, NULL, answer, COUNT(answer));
	certificates(&messages, der, n);
	bytes_u32(&messages, 0x0e000000); /* ServerHelloDone */
	records(&wire, &messages, most);
	return (struct turn){DIR_SERVER, reader_of(wire.p, wire.n)};
}

START_TEST(an_answer_and_its_certificate_are_told)
{
	static const size_t sizes[] = {16384, 300, 70, 7};
	static struct bytes hello;
	struct turn turns[2];

	hello.n = 0;
	turns[0] = client_hello(&hello, &sni, 1);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		turns[1] =
			answer_turn(sizes[i], certificate, sizeof(certificate));
		expect_every_split(
			turns, 2, "done tls" OF_HELLO OF_ANSWER OF_CERTIFICATE);
	}
	survive_every_flip(turns, 2);
}
END_TEST

START_TEST(a_broken_certificate_tells_nothing)
{
	static uint8_t large[LIMIT_TLS_CERTIFICATE + 1];
	static struct bytes hello;
	struct turn turns[2];

	hello.n = 0;
	turns[0] = client_hello(&hello, &sni, 1);
	turns[1] = answer_turn(16384, certificate, sizeof(certificate) - 1);
	expect_every_split(turns, 2, "done tls" OF_HELLO OF_ANSWER);
	turns[1] = answer_turn(16384, "", 0);
	expect_every_split(turns, 2, "done tls" OF_HELLO OF_ANSWER);
	memcpy(large, certificate, sizeof(certificate));
	turns[1] = answer_turn(16384, large, sizeof(large));
	for (size_t piece = 0; piece < 5000; piece += 1111) {
		struct wire *w = wire_new();
		char *text;

		wire_play(w, turns, 2, piece, 0);
		text = wire_text(w);
		ck_assert_str_eq(text, "done tls" OF_HELLO OF_ANSWER);
		free(text);
		wire_free(w);
	}
}
END_TEST

static void expect_answer(const void *p, size_t n, const char *want)
{
	static struct bytes hello;
	struct turn turns[2];

	hello.n = 0;
	turns[0] = client_hello(&hello, &sni, 1);
	turns[1] = (struct turn){DIR_SERVER, reader_of(p, n)};
	expect_every_split(turns, 2, want);
	survive_every_flip(turns, 2);
}

START_TEST(what_is_no_answer_ends_the_reading)
{
	static const struct {
		const char *p;
		size_t n;
		bool ends;
	} cases[] = {
		{"\x15\3\3\0\2\2\x28", 7, true},     /* fatal */
		{"\x15\3\3\0\2\1\x70", 7, false},    /* a warning */
		{"\x15\3\3\0\3\1\x70\0", 8, true},   /* no alert */
		{"\x14\3\3\0\1\1", 6, false},        /* ChangeCipherSpec */
		{"\x14\3\3\0\2\1\1", 7, true},       /* none */
		{"\x17\3\3\0\1x", 6, true},          /* data */
		{"\x16\3\3\0\4\x10\0\0\0", 9, true}, /* another message */
		{"\x16\3\3\0\6\2\0\0\2\3\3", 11, true},
		{"\x16\4\3\0\1\2", 6, true},
		{"\x16\3\3\x40\1\2", 6, true},
		{"\x80\x10\4", 3, true}, /* SSL 2 */
		{"220 hello\r\n", 11, true},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		expect_answer(cases[i].p, cases[i].n,
			      cases[i].ends ? "done tls" OF_HELLO
					    : "feeding tls" OF_HELLO);
}
END_TEST

static const struct extension answer13[] = {EXT(51, "\0\x1d"), EXT(43, "\3\4")};

#define OF_ANSWER13                                        \
	" tls.version[0,0]=TLS 1.3 tls.cipher[0,0]=0xc02b" \
	" tls.ja3s.hash[0,0]=7386a1796db590510e5082369de9638a"

START_TEST(tls_1_3_shows_no_certificate)
{
	static struct bytes messages, wire;

	messages.n = wire.n = 0;
	server_hello(&messages, NULL, answer13, COUNT(answer13));
	records(&wire, &messages, 16384);
	record(&wire, 20, "\1", 1);
	record(&wire, 23, "0123456789abcdef", 16);
	expect_answer(wire.p, wire.n, "done tls" OF_HELLO OF_ANSWER13);
}
END_TEST

/* Hello, HelloRetryRequest, another hello, ServerHello. */
static void retry_dialogue(struct turn turns[4], const struct extension *again,
			   size_t n)
{
	static struct bytes hello, retry, second, last, messages;

	hello.n = retry.n = second.n = last.n = messages.n = 0;
	turns[0] = client_hello(&hello, &sni, 1);
	server_hello(&messages, retry_random, answer13, COUNT(answer13));
	records(&retry, &messages, 16384);
	record(&retry, 20, "\1", 1);
	turns[1] = (struct turn){DIR_SERVER, reader_of(retry.p, retry.n)};
	record(&second, 20, "\1", 1);
	turns[2] = client_hello(&second, again, n);
	messages.n = 0;
	server_hello(&messages, NULL, answer13, COUNT(answer13));
	records(&last, &messages, 16384);
	turns[3] = (struct turn){DIR_SERVER, reader_of(last.p, last.n)};
}

START_TEST(a_second_hello_tells_what_is_new)
{
	static const struct extension with_cookie[] = {EXT(0, "\0\4\0\0\1a"),
						       EXT(44, "\0\1c")};
	static const struct extension other = EXT(0, "\0\4\0\0\1b");
	struct turn turns[4];

	retry_dialogue(turns, with_cookie, 2);
	expect_every_split(turns, 4,
			   "done tls" OF_HELLO
			   " tls.ja3.hash[0,1]=439c961ee3d8a03c92fbc9ad372e6c4f"
			   " tls.ja3.string[0,1]=771,4865-4866,0-44,,"
			   " tls.ja4[0,1]=t12d020200_62ed6f6ca7ad_"
			   "42bc2ced0810" OF_ANSWER13);
	survive_every_flip(turns, 4);
	retry_dialogue(turns, &other, 1);
	expect_every_split(turns, 4,
			   "done tls" OF_HELLO " tls.sni[0,1]=b" OF_ANSWER13);
	/* One more is none. */
	turns[3] = turns[1];
	expect_every_split(turns, 4, "done tls" OF_HELLO " tls.sni[0,1]=b");
}
END_TEST

START_TEST(what_is_encrypted_is_no_second_hello)
{
	static const char finished[] = "\x14\3\3\0\1\1"
				       "\x16\3\3\0\x28\1\0\0\x24"
				       "encrypted by chance as if it were";
	static struct bytes hello;
	struct turn turns[3];

	hello.n = 0;
	turns[0] = client_hello(&hello, &sni, 1);
	turns[1] = (struct turn){DIR_CLIENT,
				 reader_of(finished, sizeof(finished) - 1)};
	turns[2] = answer_turn(16384, certificate, sizeof(certificate));
	expect_every_split(turns, 3,
			   "done tls" OF_HELLO OF_ANSWER OF_CERTIFICATE);
	survive_every_flip(turns, 2);
}
END_TEST

static void expect_middle(enum dir dir, const void *p, size_t n,
			  const char *want)
{
	const struct turn t = {dir, reader_of(p, n)};

	for (size_t piece = 0; piece < 3; piece++) {
		struct wire *w = wire_new();
		char *text;

		w->stack.middle = true;
		wire_play(w, &t, 1, piece, 0);
		text = wire_text(w);
		ck_assert_msg(!strcmp(text, want), "%zu:\n got %s\nwant %s",
			      piece, text, want);
		free(text);
		wire_free(w);
	}
}

START_TEST(a_flow_may_be_seen_from_its_middle)
{
	static const struct {
		const char *p;
		size_t n;
		bool tls;
	} cases[] = {
		{"\x17\3\3\0\2xy", 7, true},
		{"\x17\3\1\x40\1xy", 7, true},
		{"\x15\3\3\0\2\1\0", 7, true},
		{"\x14\3\1\0\1\1", 6, true},
		{"\x16\3\3\0\4\x10\0\0\0", 9, true},
		{"\x17\3\5\0\2xy", 7, false},
		{"\x17\2\3\0\2xy", 7, false},
		{"\x18\3\3\0\2xy", 7, false},
		{"\x13\3\3\0\2xy", 7, false},
		{"\x17\3\3\0\0xy", 7, false},
		{"\x14\3\3\0\2\1\1", 7, false},
		{"\x17\3\3\x48\1x", 6, false},
	};
	struct turn t;

	for (size_t i = 0; i < COUNT(cases); i++) {
		bool tls = cases[i].tls, early = *cases[i].p < 0x16;

		/* Behind an alert a hello may follow. */
		expect_middle(DIR_CLIENT, cases[i].p, cases[i].n,
			      !tls    ? "done unknown"
			      : early ? "feeding tls?"
				      : "feeding tls");
		expect_middle(DIR_SERVER, cases[i].p, cases[i].n,
			      !tls ? "probing+"
			      : *cases[i].p == 0x17 || *cases[i].p == 0x16
				      ? "done tls"
				      : "feeding tls");
	}
	t = answer_turn(16384, certificate, sizeof(certificate));
	expect_middle(DIR_SERVER, t.bytes.p, t.bytes.left,
		      "done tls" OF_ANSWER OF_CERTIFICATE);
}
END_TEST

START_TEST(a_hello_without_a_syn_is_a_hello)
{
	static struct bytes hello;
	struct turn t;

	hello.n = 0;
	t = client_hello(&hello, &sni, 1);
	expect_middle(DIR_CLIENT, t.bytes.p, t.bytes.left,
		      "feeding tls" OF_HELLO);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, an_answer_and_its_certificate_are_told);
	tcase_add_test(tc, a_broken_certificate_tells_nothing);
	tcase_add_test(tc, what_is_no_answer_ends_the_reading);
	tcase_add_test(tc, tls_1_3_shows_no_certificate);
	tcase_add_test(tc, a_second_hello_tells_what_is_new);
	tcase_add_test(tc, what_is_encrypted_is_no_second_hello);
	tcase_add_test(tc, a_flow_may_be_seen_from_its_middle);
	tcase_add_test(tc, a_hello_without_a_syn_is_a_hello);
}

int main(void)
{
	return run_suite("tls_server", add);
}
