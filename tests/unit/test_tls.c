/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/limits.h"
#include "tests/unit/hello.h"

static const struct extension sni = EXT(0, "\0\x12\0\0\x0fwww.Example.org");
static const struct extension alpn = EXT(16, "\0\x0c\2h2\x08http/1.1");
static const struct extension groups = EXT(10, "\0\2\0\x1d");

#define FACTS                                                             \
	"tls.sni[0,0]=www.Example.org tls.client_alpns[0,0]=h2,http/1.1 " \
	"tls.client_versions[0,0]=TLS 1.2 "
#define BOTH                                                  \
	"feeding tls " FACTS                                  \
	"tls.ja3.hash[0,0]=843a53e551160cdd46bd03a1d6f2195e " \
	"tls.ja3.string[0,0]=771,4865-4866,10-0-16,29, "      \
	"tls.ja4[0,0]=t12d0203h2_62ed6f6ca7ad_a8f3e973773c"

/* A handshake message in records of `most` bytes each. */
static void records(struct bytes *b, const struct bytes *body, size_t most)
{
	static struct bytes message;
	struct reader r;

	message.n = 0;
	bytes_u32(&message, 0x01000000 | (uint32_t)body->n);
	bytes_add(&message, body->p, body->n);
	r = reader_of(message.p, message.n);
	while (r.left > 0) {
		size_t n = r.left < most ? r.left : most;

		bytes_u8(b, 22);
		bytes_u16(b, 0x0301);
		bytes_u16(b, (unsigned)n);
		bytes_add(b, reader_take(&r, n), n);
	}
}

static struct turn hello_turn(const struct extension *ext, size_t n,
			      size_t most)
{
	static struct bytes body, wire;

	body.n = wire.n = 0;
	hello_body(&body, &(struct hello){.ext = ext, .n_ext = n});
	records(&wire, &body, most);
	return (struct turn){DIR_CLIENT, reader_of(wire.p, wire.n)};
}

static struct turn good(size_t most)
{
	const struct extension ext[] = {groups, sni, alpn};

	return hello_turn(ext, 3, most);
}

START_TEST(a_hello_is_told_however_it_is_cut)
{
	static const size_t sizes[] = {16384, 100, 40, 7, 5, 4, 3, 2, 1};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct turn t = good(sizes[i]);

		expect_every_split(&t, 1, BOTH);
	}
}
END_TEST

START_TEST(no_prefix_is_enough)
{
	no_prefix_settles(good(16384).bytes);
	no_prefix_settles(good(9).bytes);
}
END_TEST

START_TEST(survives_flips)
{
	struct turn t = good(16384);

	survive_every_flip(&t, 1);
	t = good(11);
	survive_every_flip(&t, 1);
}
END_TEST

static void expect_one(struct turn t, const char *want)
{
	expect_every_split(&t, 1, want);
}

/* So that nobody waits for more. */
#define FILL "\1\1\1\1\1\1\1\1\1\1\1\1"

START_TEST(other_records_are_not_tls)
{
	static const struct {
		const char *p;
		size_t n;
		const char *want;
	} cases[] = {
		{"\x17\3\3\0\1x" FILL, 18, "done unknown"},
		{"\x17\x16\3\1\2\0\1" FILL, 19, "done unknown"},
		{"\x16\2\0\0\5\1" FILL, 18, "done unknown"},
		{"\x16\3\5\0\5\1" FILL, 18, "bad tls?"},
		{"\x16\3\1\x40\1\1" FILL, 18, "done unknown"}, /* 16385 bytes */
		{"\x16\3\1\0\4\2" FILL, 18, "done unknown"},   /* ServerHello */
		{"\x16\3\1\0\4\1\0\0", 8, "feeding tls?"},
		{"\x16\3\1", 3, "probing+"},
		/* what lenient servers pass over */
		{"\x14\3\1\0\1\1\x16\3\1\0\4\1", 12, "feeding tls?"},
		{"\x15\3\1\0\2\1\x64" FILL, 19, "feeding tls"},
		{"\x14\3\1\0\2\1\1" FILL, 19, "done unknown"},
		/* an alert between the parts of a hello */
		{"\x16\3\1\0\1\1\x15\3\1\0\2\2\x28", 13, "bad tls?"},
		/* a hello of 16 MiB */
		{"\x16\3\1\0\4\1\xff\xff\xff", 9, "bad tls?"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		expect_one((struct turn){DIR_CLIENT,
					 reader_of(cases[i].p, cases[i].n)},
			   cases[i].want);
}
END_TEST

START_TEST(empty_records_are_bounded)
{
	for (unsigned n = LIMIT_TLS_EMPTY_RECORDS;
	     n <= LIMIT_TLS_EMPTY_RECORDS + 1; n++) {
		static struct bytes wire;
		struct turn t = good(16384);

		wire.n = 0;
		for (unsigned i = 0; i < n; i++)
			bytes_add(&wire, "\x16\3\1\0\0", 5);
		bytes_add(&wire, t.bytes.p, t.bytes.left);
		t.bytes = reader_of(wire.p, wire.n);
		expect_one(t, n > LIMIT_TLS_EMPTY_RECORDS ? "bad tls?" : BOTH);
	}
}
END_TEST

START_TEST(the_hello_of_ssl_2_is_known)
{
	static const char hello[] = "\x80\x2e\1\3\1\0\x15\0\0\0\x10"
				    "\0\0\1\0\0\2\0\0\3\0\0\4\0\0\5\0\0\6\0\0\7"
				    "0123456789abcdef";
	struct turn t = {DIR_CLIENT, reader_of(hello, sizeof(hello) - 1)};

	ck_assert_uint_eq(sizeof(hello) - 1, 0x2e + 2);
	expect_every_split(&t, 1, "feeding tls tls.client_versions[0,0]=TLSv1");
	no_prefix_settles(t.bytes);
	survive_every_flip(&t, 1);
	expect_one(
		(struct turn){DIR_CLIENT,
			      reader_of("\x80\x2e\1\3\1\0\x14\0\0\0\x10", 11)},
		"done unknown");
}
END_TEST

START_TEST(a_large_hello_in_small_records_is_read_in_time)
{
	static struct bytes body, wire;
	static char padding[15000];
	const struct extension ext[] = {
		{21, padding, sizeof(padding)}, sni, alpn};
	struct turn t;

	body.n = wire.n = 0;
	hello_body(&body, &(struct hello){.ext = ext, .n_ext = 3});
	records(&wire, &body, 1);
	t = (struct turn){DIR_CLIENT, reader_of(wire.p, wire.n)};
	for (size_t piece = 0; piece < 2; piece++) {
		struct wire *w = wire_new();
		char *text;

		/* Byte by byte is for the small ones: the copies of the test
		 * itself take their time. */
		wire_play(w, &t, 1, piece * 97, 0);
		text = wire_text(w);
		ck_assert_ptr_nonnull(strstr(text, FACTS));
		free(text);
		wire_free(w);
	}
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, a_hello_is_told_however_it_is_cut);
	tcase_add_test(tc, no_prefix_is_enough);
	tcase_add_test(tc, survives_flips);
	tcase_add_test(tc, other_records_are_not_tls);
	tcase_add_test(tc, empty_records_are_bounded);
	tcase_add_test(tc, the_hello_of_ssl_2_is_known);
	tcase_add_test(tc, a_large_hello_in_small_records_is_read_in_time);
}

int main(void)
{
	return run_suite("tls", add);
}
