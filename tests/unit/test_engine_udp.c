/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams before a hello: a server of QUIC passes over what is none of its
 * own, so what comes first must not open the flow for any name; and hellos
 * behind one that was allowed. */
#include "tests/fuzz/quic_seal.h"
#include "tests/unit/engine_case.h"
#include "tests/unit/support.h"
#include "tests/unit/udp_case.h"

#define ANY         "{ name = \"any\"; service = \"udp\"; action = \"allow\"; }"
#define SNI(action) "application: { no-sni = \"" action "\"; };\n"
#define BY_NAME                                                             \
	ZONES SNI("allow") "egress: (\n"                                    \
			   " { name = \"good\"; app = \"quic\"; host = "    \
			   "\"good.example.org\"; action = \"allow\"; },\n" \
			   " { name = \"bad\"; app = \"quic\"; host = "     \
			   "\"*\"; action = \"deny\"; },\n" ANY ");\n"
#define GUARDED                                                    \
	ZONES SNI("allow") "egress: (" ANY ");"                    \
			   "protocol: ({ name = \"none\"; deny = " \
			   "[\"quic\", \"dtls\"]; });\n"
#define NO_SNI ZONES SNI("deny") "egress: (" ANY ");"
#define OPEN   ZONES SNI("allow") "egress: (" ANY ");"
#define STRANGER                                                   \
	ZONES "egress: ({ name = \"unknown\"; app = \"unknown\"; " \
	      "action = \"allow\"; });\n"

/* A record with a hello that has no extension. */
static const uint8_t nameless[] =
	"\x16\3\1\0\x2f\1\0\0\x2b\3\3"
	"0123456789abcdef0123456789abcdef\0\0\2\x13\1\1\0\0\0";

/* Handshake messages without a record's header. */
static struct reader hello_for(const char *name)
{
	struct reader hello = name ? lab_hello(name)
				   : reader_of(nameless, sizeof(nameless) - 1);

	reader_skip(&hello, 5);
	return hello;
}

/* A packet of a connection with bytes [from, to) of the hello; gone with the
 * next but seven. */
static struct reader part(const char *cid, unsigned number, const char *name,
			  size_t from, size_t to)
{
	static struct bytes frames, sealed[8];
	static unsigned turn;
	struct bytes *out = &sealed[turn++ % 8];
	struct reader hello = hello_for(name);

	reader_skip(&hello, from);
	if (to - from < hello.left)
		hello.left = to - from;
	frames.n = 0;
	bytes_u8(&frames, 6);
	bytes_u16(&frames, 0x4000 | (unsigned)from);
	bytes_u16(&frames, 0x4000 | (unsigned)hello.left);
	bytes_add(&frames, hello.p, hello.left);
	out->n = quic_seal(out->p, 1, text(cid), text(cid), number,
			   reader_of(frames.p, frames.n));
	return reader_of(out->p, out->n);
}

/* The Initial of a client that asks for this name. */
static struct reader initial(const char *name)
{
	return part("12345678", 0, name, 0, SIZE_MAX);
}

/* The same over DTLS, in one record; gone with the next but three. */
static struct reader dtls(const char *name, unsigned sequence)
{
	static struct bytes slots[4];
	static unsigned turn;
	struct bytes *b = &slots[turn++ % 4];
	struct reader hello = hello_for(name);
	unsigned n = (unsigned)hello.left - 4 + 1;

	b->n = 0;
	bytes_u8(b, 22);
	bytes_u16(b, 0xfefd);
	bytes_u32(b, 0);
	bytes_u32(b, sequence);
	bytes_u16(b, n + 12);
	bytes_u32(b, 0x01000000 | n);
	bytes_u16(b, sequence);
	bytes_u32(b,
		  0); /* where it stands: 24 bits, and the length's first 8 */
	bytes_u16(b, n);
	bytes_add(b, hello.p + 4, 2 + 32 + 1); /* no session */
	bytes_u8(b, 0);                        /* no cookie */
	bytes_add(b, hello.p + 4 + 35, hello.left - 4 - 35);
	return reader_of(b->p, b->n);
}

/* Junk, junk, then the hello: what becomes of the three. */
static void expect_at(unsigned port, const char *policy, const char *name,
		      const char *want, const char *events)
{
	struct lab *l = lab_new(policy, NULL);

	say(l, port, text("\1\2\3\4"));
	say(l, port, text("\1\2\3\5"));
	say(l, port, initial(name));
	lab_expect(l, want);
	lab_expect_events(l, events);
	lab_free(l);
}

static void expect_behind_junk(const char *policy, const char *name,
			       const char *want, const char *events)
{
	expect_at(443, policy, name, want, events);
	expect_at(8443, policy, name, want, events);
}

START_TEST(junk_opens_no_flow_for_a_name)
{
	expect_behind_junk(BY_NAME, "evil.example.org",
			   "listen 1, listen 2, refuse-silent 3",
			   "rule.allow any, rule.deny bad");
	expect_behind_junk(BY_NAME, "good.example.org",
			   "listen 1, listen 2, listen 3",
			   "rule.allow any, rule.allow good");
	expect_behind_junk(GUARDED, "good.example.org",
			   "listen 1, listen 2, refuse 3",
			   "rule.allow any, guard.protocol");
	expect_behind_junk(STRANGER, "good.example.org",
			   "listen 1, listen 2, refuse 3",
			   "rule.allow unknown, default.deny");
}
END_TEST

START_TEST(junk_opens_no_flow_without_a_name)
{
	expect_behind_junk(NO_SNI, NULL, "listen 1, listen 2, refuse 3",
			   "rule.allow any, guard.no-sni");
	expect_behind_junk(NO_SNI, "evil.example.org",
			   "listen 1, listen 2, listen 3",
			   "rule.allow any, rule.allow any");
}
END_TEST

START_TEST(the_kernel_has_it_where_all_is_allowed)
{
	expect_behind_junk(OPEN, "evil.example.org",
			   "allow 1, allow 2, allow 3", "rule.allow any");
}
END_TEST

#define STUN                       \
	"\0\1\0\0\x21\x12\xa4\x42" \
	"123456789012"

/* What is known opens no flow either. */
START_TEST(what_is_known_opens_no_flow)
{
	static const struct reader stun = {(const uint8_t *)STUN, 20, false};
	struct lab *l = lab_new(BY_NAME, NULL);

	for (unsigned i = 0; i < 1000; i++)
		say(l, 443, stun);
	say(l, 443, initial("good.example.org"));
	lab_expect_events(l, "rule.allow any, rule.allow good");
	l->outputs.len = 0;
	say(l, 443, initial("evil.example.org"));
	lab_expect(l, "refuse-silent 1002");
	lab_expect_events(l, "rule.deny bad");
	lab_free(l);
	l = lab_new(GUARDED, NULL);
	say(l, 443, stun);
	say(l, 443, dtls("evil.example.org", 0));
	lab_expect(l, "listen 1, refuse 2");
	lab_free(l);
}
END_TEST

static struct lab *said_hello(const char *policy, const char *event)
{
	struct lab *l = lab_new(policy, NULL);

	say(l, 443, initial("good.example.org"));
	lab_expect(l, "listen 1");
	lab_expect_events(l, event);
	return l;
}

static struct lab *connected_by_quic(void)
{
	return said_hello(BY_NAME, "rule.allow good");
}

/* What belongs to the connection is no news. */
START_TEST(a_connection_goes_on)
{
	static const uint8_t handshake[] = "\xe3\0\0\0\1\0\0\x12"
					   "123456789012345678";
	struct lab *l = connected_by_quic();

	say(l, 443, initial("good.example.org"));
	say(l, 443, part("12345678", 1, "good.example.org", 20, SIZE_MAX));
	/* After a Retry. */
	say(l, 443, part("abcdefgh", 0, "good.example.org", 0, SIZE_MAX));
	say(l, 443, reader_of(handshake, sizeof(handshake) - 1));
	lab_expect(l, "listen 2, listen 3, listen 4, listen 5");
	lab_expect_events(l, "");
	lab_free(l);
}
END_TEST

/* Another id, or the same once the server has forgotten it. */
START_TEST(another_connection_is_judged)
{
	static const char *const cids[] = {"abcdefgh", "12345678"};
	struct lab *l;

	for (size_t i = 0; i < 2; i++) {
		l = connected_by_quic();
		say(l, 443, part(cids[i], 0, "evil.example.org", 0, SIZE_MAX));
		lab_expect(l, "refuse-silent 2");
		lab_expect_events(l, "rule.deny bad");
		lab_free(l);
		l = said_hello(NO_SNI, "rule.allow any");
		say(l, 443, part(cids[i], 0, NULL, 0, SIZE_MAX));
		lab_expect(l, "refuse 2");
		lab_expect_events(l, "guard.no-sni");
		lab_free(l);
	}
}
END_TEST

START_TEST(another_connection_waits_for_its_hello)
{
	struct lab *l = connected_by_quic();

	say(l, 443, part("abcdefgh", 0, "evil.example.org", 30, SIZE_MAX));
	lab_expect(l, "");
	say(l, 443, part("abcdefgh", 1, "evil.example.org", 0, 30));
	lab_expect(l, "drop 2, refuse-silent 3");
	lab_free(l);
	l = connected_by_quic();
	say(l, 443, part("abcdefgh", 0, "evil.example.org", 30, SIZE_MAX));
	say(l, 443, part("abcdefgh", 1, "good.example.org", 0, SIZE_MAX));
	lab_expect(l, "drop 2, refuse 3");
	lab_expect_events(l, "proto.malformed");
	lab_free(l);
}
END_TEST

START_TEST(another_session_of_dtls_is_judged)
{
	static const char policy[] =
		ZONES "egress: ( { name = \"good\"; app = \"dtls\"; host = "
		      "\"good.example.org\"; action = \"allow\"; } );";
	struct lab *l = lab_new(policy, NULL);

	say(l, 443, dtls("good.example.org", 0));
	say(l, 443, dtls("good.example.org", 1));
	lab_expect(l, "listen 1, listen 2");
	lab_expect_events(l, "rule.allow good");
	say(l, 443, dtls("evil.example.org", 2));
	lab_expect(l, "refuse 3");
	lab_free(l);
}
END_TEST

/* The kernel knows flows that the engine does not any more. */
START_TEST(a_hello_is_judged_in_a_forgotten_flow)
{
	static const uint8_t data[] = "\x17\xfe\xfd\0\1\0\0\0\0\0\1\0\x14"
				      "12345678901234567890";
	struct lab *l = lab_new(BY_NAME, NULL);

	l->mark = MARK_LISTENED;
	say(l, 443, reader_of(data, sizeof(data) - 1));
	say(l, 443, text("\xe3\0\0\0\1\0\0\2ab"));
	lab_expect(l, "listen 1, listen 2");
	lab_expect_events(l, "");
	say(l, 443, initial("evil.example.org"));
	lab_expect(l, "refuse-silent 3");
	lab_free(l);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, what_is_known_opens_no_flow);
	tcase_add_test(tc, a_connection_goes_on);
	tcase_add_test(tc, another_connection_is_judged);
	tcase_add_test(tc, another_connection_waits_for_its_hello);
	tcase_add_test(tc, another_session_of_dtls_is_judged);
	tcase_add_test(tc, a_hello_is_judged_in_a_forgotten_flow);
	tcase_add_test(tc, junk_opens_no_flow_for_a_name);
	tcase_add_test(tc, junk_opens_no_flow_without_a_name);
	tcase_add_test(tc, the_kernel_has_it_where_all_is_allowed);
}

int main(void)
{
	return run_suite("engine_udp", add);
}
