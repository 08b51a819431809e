/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/limits.h"
#include "tests/unit/certificate.h"
#include "tests/unit/hello.h"

#define DTLS_1_2 0xfefd

#define OF_HELLO                                              \
	" tls.sni[0,0]=a tls.client_versions[0,0]=DTLS 1.2"   \
	" tls.ja3.hash[0,0]=1c15005d5f219d02351bbb23a4a3ca74" \
	" tls.ja3.string[0,0]=65277,4865-4866,0,,"            \
	" tls.ja4[0,0]=dd2d020100_62ed6f6ca7ad_000000000000"
#define OF_ANSWER                                           \
	" tls.version[0,0]=DTLS 1.2 tls.cipher[0,0]=0xc02b" \
	" tls.ja3s.hash[0,0]=475463012414e4f7120fa2ab37109e8f"
#define OF_CERTIFICATE                                                 \
	" tls.subject[0,0]=C=CH, O=Example, Inc., CN=www.example.org"  \
	" tls.issuerdn[0,0]=C=CH, O=Example, Inc., CN=www.example.org" \
	" tls.subjectaltname[0,0]=www.example.org,*.example.net,"      \
	"192.0.2.7,2001:db8::7"                                        \
	" tls.fingerprint_sha256[0,0]="                                \
	"cf8c9ba9a08f936b000fc19f2ef26d5707f29292174fbd6788b35d40804e2aef"

static const struct extension sni = EXT(0, "\0\4\0\0\1a");
static const struct extension other = EXT(0, "\0\4\0\0\1b");

/* Datagrams under construction. */
static struct bytes datagrams[8];
static struct turn turns[8];
static size_t n_turns;

static void begin(void)
{
	n_turns = 0;
}

static struct bytes *datagram(enum dir dir)
{
	turns[n_turns].dir = dir;
	datagrams[n_turns].n = 0;
	return &datagrams[n_turns++];
}

static void expect(const char *want)
{
	for (size_t i = 0; i < n_turns; i++)
		turns[i].bytes = reader_of(datagrams[i].p, datagrams[i].n);
	expect_datagrams(turns, n_turns, want);
	survive_every_datagram(turns, n_turns);
}

static void record(struct bytes *b, unsigned type, unsigned epoch,
		   const void *p, size_t n)
{
	bytes_u8(b, type);
	bytes_u16(b, DTLS_1_2);
	bytes_u16(b, epoch);
	bytes_u16(b, 0);
	bytes_u32(b, 0);
	bytes_u16(b, (unsigned)n);
	bytes_add(b, p, n);
}

/* A record with bytes `from` to `to` of a message. */
static void part(struct bytes *b, unsigned type, unsigned sequence,
		 const struct bytes *body, size_t from, size_t to)
{
	static struct bytes payload;

	payload.n = 0;
	bytes_u32(&payload, (uint32_t)(type << 24 | body->n));
	bytes_u16(&payload, sequence);
	bytes_u8(&payload, 0);
	bytes_u16(&payload, (unsigned)from);
	bytes_u8(&payload, 0);
	bytes_u16(&payload, (unsigned)(to - from));
	bytes_add(&payload, &body->p[from], to - from);
	record(b, 22, 0, payload.p, payload.n);
}

static void whole(struct bytes *b, unsigned type, unsigned sequence,
		  const struct bytes *body)
{
	part(b, type, sequence, body, 0, body->n);
}

static struct bytes *hello_of(const struct extension *ext)
{
	static struct bytes bodies[2];
	static unsigned turn;
	struct bytes *b = &bodies[turn++ % 2];

	b->n = 0;
	hello_body(b, &(struct hello){.version = DTLS_1_2,
				      .has_cookie = true,
				      .ext = ext,
				      .n_ext = 1});
	return b;
}

START_TEST(a_hello_is_told)
{
	struct bytes *hello = hello_of(&sni);

	for (enum dir dir = DIR_CLIENT; dir <= DIR_SERVER; dir++) {
		begin();
		whole(datagram(dir), 1, 0, hello);
		expect("feeding dtls" OF_HELLO);
	}
}
END_TEST

START_TEST(fragments_come_in_any_order)
{
	static const struct {
		struct {
			size_t from, to;
		} parts[4];
		const char *want;
	} cases[] = {
		{{{0, 30}, {30, 56}}, "feeding dtls" OF_HELLO},
		{{{30, 56}, {0, 30}}, "feeding dtls" OF_HELLO},
		{{{0, 30}, {0, 30}, {30, 56}}, "feeding dtls" OF_HELLO},
		{{{10, 50}, {0, 30}, {40, 56}}, "feeding dtls" OF_HELLO},
		{{{0, 30}, {0, 56}}, "feeding dtls" OF_HELLO},
		{{{0, 0}, {0, 56}}, "feeding dtls" OF_HELLO},
		{{{0, 30}, {31, 56}}, "feeding dtls?"},
		{{{0, 30}}, "feeding dtls?"},
		{{{0, 0}}, "feeding dtls?"},
	};
	struct bytes *hello = hello_of(&sni);

	ck_assert_uint_eq(hello->n, 56);
	for (size_t i = 0; i < COUNT(cases); i++)
		for (int one = 0; one <= 1; one++) {
			struct bytes *b = NULL;

			begin();
			for (size_t p = 0; p < 4; p++) {
				if (p && cases[i].parts[p].to == 0)
					break;
				if (!b || !one)
					b = datagram(DIR_CLIENT);
				part(b, 1, 0, hello, cases[i].parts[p].from,
				     cases[i].parts[p].to);
			}
			expect(cases[i].want);
		}
}
END_TEST

START_TEST(who_says_two_things_is_bad)
{
	struct bytes *hello = hello_of(&sni), *second = hello_of(&other);

	begin();
	part(datagram(DIR_CLIENT), 1, 0, hello, 0, 56);
	ck_assert_uint_eq(hello->p[55], 'a');
	/* the last byte is other than it was */
	begin();
	part(datagram(DIR_CLIENT), 1, 0, hello, 40, 56);
	part(datagram(DIR_CLIENT), 1, 0, second, 0, 56);
	expect("bad dtls?");
	/* another message, or another length */
	begin();
	part(datagram(DIR_CLIENT), 1, 0, hello, 40, 56);
	part(datagram(DIR_CLIENT), 1, 1, hello, 0, 40);
	expect("bad dtls?");
	begin();
	part(datagram(DIR_CLIENT), 1, 0, hello, 40, 56);
	hello->n++;
	part(datagram(DIR_CLIENT), 1, 0, hello, 0, 40);
	expect("bad dtls?");
	/* no hello at all */
	begin();
	hello->n = 42;
	whole(datagram(DIR_CLIENT), 1, 0, hello);
	expect("bad dtls?");
	begin();
	hello->n = LIMIT_DTLS_MESSAGE + 1;
	part(datagram(DIR_CLIENT), 1, 0, hello, 0, 40);
	expect("bad dtls?");
}
END_TEST

START_TEST(after_a_cookie_what_is_new_is_told)
{
	struct bytes *hello = hello_of(&sni), *second = hello_of(&other);
	static struct bytes verify;

	verify.n = 0;
	bytes_add(&verify, "\xfe\xff\1c", 4);
	begin();
	whole(datagram(DIR_CLIENT), 1, 0, hello);
	whole(datagram(DIR_SERVER), 3, 0, &verify);
	part(datagram(DIR_CLIENT), 1, 1, hello, 0, 30);
	part(datagram(DIR_CLIENT), 1, 1, hello, 30, 56);
	expect("feeding dtls" OF_HELLO);
	begin();
	whole(datagram(DIR_CLIENT), 1, 0, hello);
	whole(datagram(DIR_CLIENT), 1, 1, second);
	whole(datagram(DIR_CLIENT), 1, 2, hello);
	expect("feeding dtls" OF_HELLO " tls.sni[0,1]=b");
	/* The server's is another's. */
	begin();
	whole(datagram(DIR_CLIENT), 1, 0, hello);
	whole(datagram(DIR_SERVER), 1, 1, second);
	expect("feeding dtls" OF_HELLO);
}
END_TEST

static void server_hello(struct bytes *b)
{
	b->n = 0;
	bytes_u16(b, DTLS_1_2);
	bytes_add(b, "0123456789abcdef0123456789abcdef", 32);
	bytes_u8(b, 0);
	bytes_u16(b, 0xc02b);
	bytes_u8(b, 0);
	bytes_u16(b, 5);
	bytes_u16(b, 0xff01);
	bytes_u16(b, 1);
	bytes_u8(b, 0);
}

START_TEST(an_answer_and_its_certificate_are_told)
{
	static struct bytes answer, chain;
	struct bytes *b;

	server_hello(&answer);
	chain.n = 0;
	bytes_u8(&chain, 0);
	bytes_u16(&chain, (unsigned)sizeof(certificate) + 3);
	bytes_u8(&chain, 0);
	bytes_u16(&chain, (unsigned)sizeof(certificate));
	bytes_add(&chain, certificate, sizeof(certificate));
	begin();
	whole(datagram(DIR_CLIENT), 1, 0, hello_of(&sni));
	b = datagram(DIR_SERVER);
	whole(b, 2, 0, &answer);
	part(b, 11, 1, &chain, 0, 200);
	part(datagram(DIR_SERVER), 11, 1, &chain, 400, chain.n);
	part(datagram(DIR_SERVER), 11, 1, &chain, 150, 410);
	expect("done dtls" OF_HELLO OF_ANSWER OF_CERTIFICATE);
	/* without one */
	begin();
	whole(datagram(DIR_CLIENT), 1, 0, hello_of(&sni));
	b = datagram(DIR_SERVER);
	whole(b, 2, 0, &answer);
	answer.n = 0;
	whole(b, 14, 1, &answer);
	expect("done dtls" OF_HELLO OF_ANSWER);
}
END_TEST

START_TEST(a_session_may_be_seen_from_its_middle)
{
	static const char bytes[] = "0123456789abcdef0123456789abcdef";
	static const struct {
		unsigned type, epoch;
		size_t n;
		bool dtls;
	} cases[] = {
		{23, 1, 32, true},  {23, 1, 16, false}, {23, 0, 32, false},
		{21, 0, 2, true},   {21, 0, 3, false},  {21, 1, 30, true},
		{20, 0, 1, true},   {20, 0, 4, false},  {24, 1, 32, false},
		{19, 1, 32, false}, {22, 1, 32, true},  {22, 0, 32, false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		begin();
		record(datagram(DIR_CLIENT), cases[i].type, cases[i].epoch,
		       bytes, cases[i].n);
		expect(cases[i].dtls ? "feeding dtls" : "done unknown");
	}
}
END_TEST

START_TEST(what_does_not_fill_its_datagram_is_not_dtls)
{
	struct bytes *hello = hello_of(&sni), *b;

	begin();
	b = datagram(DIR_CLIENT);
	whole(b, 1, 0, hello);
	bytes_u8(b, 0);
	expect("done unknown");
	for (size_t i = 1; i < 3; i++) { /* another version */
		begin();
		b = datagram(DIR_CLIENT);
		whole(b, 1, 0, hello);
		b->p[i] = 3;
		expect("done unknown");
	}
	begin();
	b = datagram(DIR_CLIENT);
	whole(b, 1, 0, hello);
	record(b, 23, 0, "0123456789abcdef0123", 20);
	expect("done unknown");
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, a_hello_is_told);
	tcase_add_test(tc, fragments_come_in_any_order);
	tcase_add_test(tc, who_says_two_things_is_bad);
	tcase_add_test(tc, after_a_cookie_what_is_new_is_told);
	tcase_add_test(tc, an_answer_and_its_certificate_are_told);
	tcase_add_test(tc, a_session_may_be_seen_from_its_middle);
	tcase_add_test(tc, what_does_not_fill_its_datagram_is_not_dtls);
}

int main(void)
{
	return run_suite("dtls", add);
}
