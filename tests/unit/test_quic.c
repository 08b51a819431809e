/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/limits.h"
#include "agent/proto/quic_packet.h"
#include "tests/fuzz/quic_seal.h"
#include "tests/unit/support.h"

#define V1  1
#define V2  0x6b3343cf
#define D29 0xff00001d
#define NAMED                                                    \
	"tls.sni[0,0]=www.Example.org tls.client_alpns[0,0]=h3 " \
	"tls.client_versions[0,0]=TLS 1.2 "                      \
	"tls.ja3.hash[0,0]=ea38af36b65c852b53e7d646fbeb16d9 "    \
	"tls.ja3.string[0,0]=771,4865,0-16-21,, "                \
	"tls.ja4[0,0]=q12d0103h3_0f2cb44170f4_4298e3b3ed58"

static const struct reader cid_a = {(const uint8_t *)"12345678", 8, false};
static const struct reader cid_b = {(const uint8_t *)"abcdefghij", 10, false};

/* A ClientHello with a name and `more` bytes of padding. */
static const struct bytes *hello(const char *name, size_t more)
{
	static struct bytes b;
	size_t len = strlen(name);

	b.n = 0;
	bytes_u32(&b, 0x01000000 | (uint32_t)(43 + 9 + len + 9 + 4 + more));
	bytes_u16(&b, 0x0303);
	for (unsigned i = 0; i < 32; i++)
		bytes_u8(&b, i);
	bytes_u8(&b, 0);
	bytes_u16(&b, 2);
	bytes_u16(&b, 0x1301);
	bytes_u16(&b, 0x0100);
	bytes_u16(&b, (unsigned)(9 + len + 9 + 4 + more));
	bytes_u16(&b, 0);
	bytes_u16(&b, (unsigned)len + 5);
	bytes_u16(&b, (unsigned)len + 3);
	bytes_u8(&b, 0);
	bytes_u16(&b, (unsigned)len);
	bytes_text(&b, name);
	bytes_add(&b, "\0\x10\0\5\0\3\2h3", 9);
	bytes_u16(&b, 21);
	bytes_u16(&b, (unsigned)more);
	for (size_t i = 0; i < more; i++)
		bytes_u8(&b, 0);
	return &b;
}

static void crypto(struct bytes *frames, const struct bytes *of, size_t from,
		   size_t to)
{
	bytes_u8(frames, 6);
	bytes_u16(frames, 0x4000 | (unsigned)from);
	bytes_u16(frames, 0x4000 | (unsigned)(to - from));
	bytes_add(frames, &of->p[from], to - from);
}

/* Datagrams under construction. */
static struct {
	struct turn turns[64];
	size_t n;
	struct bytes all;
} sent;

static void begin(void)
{
	sent.n = 0;
	sent.all.n = 0;
}

static void add_turn(enum dir dir, size_t from)
{
	sent.turns[sent.n++] = (struct turn){
		dir, reader_of(&sent.all.p[from], sent.all.n - from)};
}

/* One packet at the end of what is there. */
static void seal(uint32_t version, struct reader of, struct reader dcid,
		 const struct bytes *frames)
{
	sent.all.n +=
		quic_seal(&sent.all.p[sent.all.n], version, of, dcid,
			  (uint32_t)sent.n, reader_of(frames->p, frames->n));
}

static void send_frames(uint32_t version, struct reader cid,
			const struct bytes *frames)
{
	size_t from = sent.all.n;

	seal(version, cid, cid, frames);
	add_turn(DIR_CLIENT, from);
}

static void send_part(uint32_t version, struct reader cid,
		      const struct bytes *of, size_t from, size_t to)
{
	static struct bytes frames;

	frames.n = 0;
	crypto(&frames, of, from, to);
	send_frames(version, cid, &frames);
}

static void send_raw(enum dir dir, const void *p, size_t n)
{
	size_t from = sent.all.n;

	bytes_add(&sent.all, p, n);
	add_turn(dir, from);
}

static void expect(const char *want)
{
	expect_datagrams(sent.turns, sent.n, want);
}

START_TEST(keys_are_those_of_the_specifications)
{
	static const struct {
		uint32_t version;
		const char *key, *iv, *hp;
	} cases[] = {
		/* RFC 9001 A.1, RFC 9369 A.1 */
		{V1,
		 "\x1f\x36\x96\x13\xdd\x76\xd5\x46\x77\x30\xef\xcb\xe3\xb1\xa2"
		 "\x2d",
		 "\xfa\x04\x4b\x2f\x42\xa3\xfd\x3b\x46\xfb\x25\x5c",
		 "\x9f\x50\x44\x9e\x04\xa0\xe8\x10\x28\x3a\x1e\x99\x33\xad\xed"
		 "\xd2"},
		{V2,
		 "\x8b\x1a\x0b\xc1\x21\x28\x42\x90\xa2\x9e\x09\x71\xb5\xcd\x04"
		 "\x5d",
		 "\x91\xf7\x3e\x23\x51\xd8\xfa\x91\x66\x0e\x90\x9f",
		 "\x45\xb9\x5e\x15\x23\x5d\x6f\x45\xa6\xb1\x9c\xbc\xb0\x29\x4b"
		 "\xa9"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct quic_keys k;

		ck_assert(quic_keys_derive(
			quic_version_find(cases[i].version),
			reader_of("\x83\x94\xc8\xf0\x3e\x51\x57\x08", 8), &k));
		ck_assert_mem_eq(k.key, cases[i].key, sizeof(k.key));
		ck_assert_mem_eq(k.iv, cases[i].iv, sizeof(k.iv));
		ck_assert_mem_eq(k.hp, cases[i].hp, sizeof(k.hp));
	}
}
END_TEST

START_TEST(a_hello_is_told_of_every_version)
{
	static const struct {
		uint32_t version;
		const char *want;
	} cases[] = {
		{V1, "feeding quic quic.version[0,0]=0x00000001 " NAMED},
		{V2, "feeding quic quic.version[0,0]=0x6b3343cf " NAMED},
		{D29, "feeding quic quic.version[0,0]=0xff00001d " NAMED},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct bytes *h = hello("www.Example.org", 0);

		begin();
		send_part(cases[i].version, cid_a, h, 0, h->n);
		expect(cases[i].want);
		survive_every_datagram(sent.turns, sent.n);
	}
}
END_TEST

#define TOLD_V1 "feeding quic quic.version[0,0]=0x00000001 " NAMED
#define OPEN_V1 "feeding quic? quic.version[0,0]=0x00000001"
#define BAD_V1  "bad quic? quic.version[0,0]=0x00000001"
#define NONE_V1 "feeding quic quic.version[0,0]=0x00000001"

START_TEST(pieces_come_in_any_order)
{
	const struct bytes *h = hello("www.Example.org", 700);

	for (size_t cut = 1; cut < h->n; cut += 7) {
		begin();
		send_part(V1, cid_a, h, cut, h->n);
		expect(OPEN_V1);
		send_part(V1, cid_a, h, 0, cut);
		expect(TOLD_V1);
	}
	begin();
	for (size_t at = 0; at < h->n; at += 40)
		send_part(V1, cid_a, h, at, at + 40 < h->n ? at + 40 : h->n);
	expect(TOLD_V1);
	/* last first */
	for (size_t i = 0; i < sent.n / 2; i++) {
		struct turn t = sent.turns[i];

		sent.turns[i] = sent.turns[sent.n - 1 - i];
		sent.turns[sent.n - 1 - i] = t;
	}
	expect(TOLD_V1);
}
END_TEST

START_TEST(frames_and_packets_share_a_datagram)
{
	const struct bytes *h = hello("www.Example.org", 100);
	static struct bytes frames;

	begin();
	frames.n = 0;
	bytes_add(&frames, "\0\0\1\0\2\x05\0\1\0\0\0\3\1\0\0\0\1\2\3", 19);
	crypto(&frames, h, 50, 120);
	bytes_add(&frames, "\0\0\0", 3);
	crypto(&frames, h, 40, 60);
	seal(V1, cid_a, cid_a, &frames);
	frames.n = 0;
	crypto(&frames, h, 0, 45);
	crypto(&frames, h, 120, h->n);
	seal(V1, cid_a, cid_a, &frames);
	bytes_text(&sent.all, "@and a short one");
	add_turn(DIR_CLIENT, 0);
	expect(TOLD_V1);
	survive_every_datagram(sent.turns, sent.n);
}
END_TEST

START_TEST(who_says_two_things_is_bad)
{
	struct bytes *other = malloc(sizeof(*other));
	const struct bytes *h;

	*other = *hello("www.Example.com", 0);
	h = hello("www.Example.org", 0);
	begin();
	send_part(V1, cid_a, h, 0, 70);
	send_part(V1, cid_a, other, 40, other->n);
	expect(BAD_V1);
	/* of another connection too, while the first is open */
	begin();
	send_part(V1, cid_a, h, 0, 70);
	send_part(V1, cid_b, other, 0, other->n);
	expect(BAD_V1);
	begin();
	send_part(V1, cid_a, h, 0, 70);
	send_part(V1, cid_b, h, 0, h->n);
	expect(TOLD_V1);
	/* later it is evidence */
	begin();
	send_part(V1, cid_a, h, 0, h->n);
	send_part(V1, cid_b, other, 0, other->n);
	expect(TOLD_V1 " tls.sni[0,1]=www.Example.com");
	free(other);
}
END_TEST

START_TEST(after_a_retry_the_same_is_told_once)
{
	const struct bytes *h = hello("www.Example.org", 0);

	begin();
	send_part(V1, cid_a, h, 0, h->n);
	send_raw(DIR_SERVER, "\xf0\0\0\0\1\0\4abcdtoken0123456789abcdef", 32);
	send_part(V1, cid_b, h, 0, h->n);
	expect(TOLD_V1);
	/* the server's id is its own: the keys stay */
	begin();
	send_part(V1, cid_a, h, 0, 30);
	static struct bytes frames;
	frames.n = 0;
	crypto(&frames, h, 30, h->n);
	size_t from = sent.all.n;
	seal(V1, cid_a, cid_b, &frames);
	add_turn(DIR_CLIENT, from);
	expect(TOLD_V1);
}
END_TEST

START_TEST(what_cannot_be_opened_has_no_name)
{
	const struct bytes *h = hello("www.Example.org", 0);
	static struct bytes frames;

	begin();
	frames.n = 0;
	crypto(&frames, h, 0, h->n);
	seal(V1, cid_b, cid_a, &frames);
	add_turn(DIR_CLIENT, 0);
	expect(NONE_V1);
	/* 0-RTT may overtake */
	begin();
	send_raw(DIR_CLIENT, "\xd0\0\0\0\1\4abcd\0\x08zzzzzzzz", 20);
	expect(OPEN_V1);
	send_part(V1, cid_a, h, 0, h->n);
	expect(TOLD_V1);
	/* a number that nobody speaks */
	begin();
	frames.n = 0;
	bytes_add(&frames,
		  "\xc0\x1a\x2a\x3a\x4a\x08"
		  "12345678\0",
		  15);
	while (frames.n < 1200)
		bytes_u8(&frames, 7);
	send_raw(DIR_CLIENT, frames.p, frames.n);
	expect("feeding quic quic.version[0,0]=0x1a2a3a4a");
	send_part(V1, cid_a, h, 0, h->n);
	expect("feeding quic quic.version[0,0]=0x1a2a3a4a "
	       "quic.version[0,1]=0x00000001 " NAMED);
}
END_TEST

START_TEST(hellos_are_bounded)
{
	const struct bytes *h = hello("www.Example.org", 2000);
	static struct bytes frames;

	/* a piece, a hole, a piece ... */
	for (size_t pieces = LIMIT_QUIC_PIECES; pieces <= LIMIT_QUIC_PIECES + 1;
	     pieces++) {
		begin();
		frames.n = 0;
		for (size_t i = 0; i < pieces; i++)
			crypto(&frames, h, i * 8, i * 8 + 4);
		send_frames(V1, cid_a, &frames);
		expect(pieces > LIMIT_QUIC_PIECES ? BAD_V1 : OPEN_V1);
	}
	begin();
	frames.n = 0;
	bytes_add(&frames, "\6\x80\0\x40\0\1x", 7); /* at 16384 */
	send_frames(V1, cid_a, &frames);
	expect(BAD_V1);
	begin();
	frames.n = 0;
	bytes_add(&frames, "\6\0\4\1\0\x40\0", 7); /* of 16388 bytes */
	send_frames(V1, cid_a, &frames);
	expect(BAD_V1);
	begin();
	frames.n = 0;
	bytes_add(&frames, "\6\0\4\2\0\0\0", 7); /* ServerHello */
	send_frames(V1, cid_a, &frames);
	expect(BAD_V1);
	begin();
	frames.n = 0;
	bytes_add(&frames, "\x08\0\4\1\0\0\0", 7); /* a stream */
	send_frames(V1, cid_a, &frames);
	expect(BAD_V1);
	begin();
	frames.n = 0;
	bytes_add(&frames, "\1\0\0\0\x1c\0\0\0", 8);
	send_frames(V1, cid_a, &frames);
	expect(OPEN_V1);
}
END_TEST

#define CHLO                                                                   \
	"CHLO\3\0\0\0PAD\0\3\0\0\0SNI\0\x0e\0\0\0UAID\x11\0\0\0---example.org" \
	"abc"
#define GQUIC(version) "feeding quic quic.version[0,0]=" version
#define GNAMED         " tls.sni[0,0]=example.org quic.ua[0,0]=abc"

#define GHELLO(version) "done quic quic.version[0,0]=" version

START_TEST(quic_of_google_is_read)
{
	static const struct {
		struct turn turn;
		const char *want;
	} cases[] = {
		{C("\x09"
		   "12345678Q043\1hashhashhash\xa0\1\0\x31" CHLO "\0\0"),
		 GHELLO("0x51303433") GNAMED},
		{C("\x0d"
		   "12345678Q035\1hashhashhash\xa0\1\x31\0" CHLO "\0\0"),
		 GHELLO("0x51303335") GNAMED},
		{C("\xc3Q046\x50"
		   "12345678\0\0\0\1hashhashhash\xa4\1\4\0\0\x31" CHLO),
		 GHELLO("0x51303436") GNAMED},
		{C("\x09"
		   "12345678Q043\1hashhashhash\xa0\1\0\x31"
		   "CHLX"),
		 GHELLO("0x51303433")},
		{S("\x08"
		   "12345678\1hashhashhash\x40\1\3\xa5\1\0\6\0\xa0\1\0\x0c"
		   "REJ\0\1\0\0\0SNO\0"),
		 "feeding quic?"},
		{C("\x09"
		   "12345678Q099\1hashhashhash"),
		 "done unknown"},
		{C("\x0b"
		   "12345678Q043\1hashhashhash"),
		 "done unknown"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		expect_datagrams(&cases[i].turn, 1, cases[i].want);
		survive_every_datagram(&cases[i].turn, 1);
	}
}
END_TEST

START_TEST(google_s_handshake_is_opened)
{
	static struct bytes frames;

	begin();
	frames.n = 0;
	bytes_add(&frames, "\x08\0\x31" CHLO, sizeof(CHLO) + 2);
	send_frames(0x51303530, cid_a, &frames);
	expect(GQUIC("0x51303530") GNAMED);
}
END_TEST

START_TEST(others_are_not_quic)
{
	static const struct turn turns[] = {
		C("@12345678abcdefghijklmnop"),           /* short */
		C("\xc3\0\0\0\2\4abcd\0\0\0\5\0\0\0\1x"), /* version 2? */
		C("\xc3\0\0\0\1\x15"
		  "123456789012345678901\0\0\1x"), /* id of 21 */
		C("\xc3\0\0\0\1\4abcd\0\0\x20x"),  /* longer than it is */
		C("\xc3\0\0\0\1\4abcd\0\x40"),
		C("\xc3\0\0\0\1\4abcd\0\0\x13"
		  "1234567890123456789"),          /* no room for a tag */
		C("\xc3\0\0\0\0\4abcd\0\0\0\0\1"), /* the server's to say */
		C("\x83\0\0\0\1\4abcd\0\0\1x"),    /* the fixed bit */
		C("\xc3\x1a\x2a\x3a\x4a\4abcd\0"), /* too short for its number
						    */
	};

	for (size_t i = 0; i < sizeof(turns) / sizeof(*turns); i++)
		expect_datagrams(&turns[i], 1, "done unknown");
	expect_datagrams(&(struct turn)S("\x80\0\0\0\0\0\4abcd\0\0\0\1"), 1,
			 "feeding quic?");
	expect_datagrams(&(struct turn)S("\x80\0\0\0\0\0\4abcd\1\2\3\4"), 1,
			 "probing+");
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, keys_are_those_of_the_specifications);
	tcase_add_test(tc, a_hello_is_told_of_every_version);
	tcase_add_test(tc, pieces_come_in_any_order);
	tcase_add_test(tc, frames_and_packets_share_a_datagram);
	tcase_add_test(tc, who_says_two_things_is_bad);
	tcase_add_test(tc, after_a_retry_the_same_is_told_once);
	tcase_add_test(tc, what_cannot_be_opened_has_no_name);
	tcase_add_test(tc, hellos_are_bounded);
	tcase_add_test(tc, quic_of_google_is_read);
	tcase_add_test(tc, google_s_handshake_is_opened);
	tcase_add_test(tc, others_are_not_quic);
}

int main(void)
{
	return run_suite("quic", add);
}
