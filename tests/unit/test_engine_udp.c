/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams before a hello: a server of QUIC passes over what is none of its
 * own, so what comes first must not open the flow for any name. */
#include "tests/fuzz/quic_seal.h"
#include "tests/unit/engine_case.h"
#include "tests/unit/support.h"

#define ANY         "{ name = \"any\"; service = \"udp\"; action = \"allow\"; }"
#define SNI(action) "application: { no-sni = \"" action "\"; };\n"
#define BY_NAME                                                             \
	ZONES SNI("allow") "egress: (\n"                                    \
			   " { name = \"good\"; app = \"quic\"; host = "    \
			   "\"good.example.org\"; action = \"allow\"; },\n" \
			   " { name = \"bad\"; app = \"quic\"; host = "     \
			   "\"*\"; action = \"deny\"; },\n" ANY ");\n"
#define GUARDED                                                              \
	ZONES SNI("allow") "egress: (" ANY ");"                              \
			   "protocol: ({ name = \"none\"; deny = \"quic\"; " \
			   "});\n"
#define NO_SNI ZONES SNI("deny") "egress: (" ANY ");"
#define OPEN   ZONES SNI("allow") "egress: (" ANY ");"
#define STRANGER                                                   \
	ZONES "egress: ({ name = \"unknown\"; app = \"unknown\"; " \
	      "action = \"allow\"; });\n"

static struct bytes packet;

static void sum_header(uint8_t *p)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < 20; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	p[10] = (uint8_t)(~sum >> 8);
	p[11] = (uint8_t)~sum;
}

/* From 10.0.0.7, without a checksum of its own. */
static void say(struct lab *l, unsigned port, struct reader payload)
{
	packet.n = 0;
	bytes_u16(&packet, 0x4500);
	bytes_u16(&packet, (unsigned)payload.left + 28);
	bytes_u32(&packet, 0);
	bytes_u32(&packet, 64u << 24 | IPPROTO_UDP << 16);
	bytes_u32(&packet, 0x0a000007);
	bytes_u32(&packet, 0xc0000250);
	sum_header(packet.p);
	bytes_u16(&packet, 40000);
	bytes_u16(&packet, port);
	bytes_u16(&packet, (unsigned)payload.left + 8);
	bytes_u16(&packet, 0);
	bytes_add(&packet, payload.p, payload.left);
	lab_raw(l, packet.p, packet.n, 1, 2);
}

/* A record with a hello that has no extension. */
static const uint8_t nameless[] =
	"\x16\3\1\0\x2f\1\0\0\x2b\3\3"
	"0123456789abcdef0123456789abcdef\0\0\2\x13\1\1\0\0\0";

/* The Initial of a client that asks for this name; it is gone with the next. */
static struct reader initial(const char *name)
{
	static const struct reader cid = {(const uint8_t *)"12345678", 8,
					  false};
	static struct bytes frames, sealed;
	struct reader hello = name ? lab_hello(name)
				   : reader_of(nameless, sizeof(nameless) - 1);

	reader_skip(&hello, 5); /* the record's header */
	frames.n = 0;
	bytes_u8(&frames, 6);
	bytes_u16(&frames, 0x4000);
	bytes_u16(&frames, 0x4000 | (unsigned)hello.left);
	bytes_add(&frames, hello.p, hello.left);
	sealed.n = quic_seal(sealed.p, 1, cid, cid, 0,
			     reader_of(frames.p, frames.n));
	return reader_of(sealed.p, sealed.n);
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
			   "watch 1, watch 2, refuse-silent 3",
			   "rule.allow any, rule.deny bad");
	expect_behind_junk(BY_NAME, "good.example.org",
			   "watch 1, watch 2, allow 3",
			   "rule.allow any, rule.allow good");
	expect_behind_junk(GUARDED, "good.example.org",
			   "watch 1, watch 2, refuse 3",
			   "rule.allow any, guard.protocol");
	expect_behind_junk(STRANGER, "good.example.org",
			   "watch 1, watch 2, refuse 3",
			   "rule.allow unknown, default.deny");
}
END_TEST

/* That guard is of the ports whose clients turn to TCP. */
START_TEST(junk_opens_no_flow_without_a_name)
{
	expect_at(443, NO_SNI, NULL, "watch 1, watch 2, refuse 3",
		  "rule.allow any, guard.no-sni");
	expect_at(443, NO_SNI, "evil.example.org", "watch 1, watch 2, allow 3",
		  "rule.allow any, rule.allow any");
	expect_at(8443, NO_SNI, NULL, "allow 1, allow 2, allow 3",
		  "rule.allow any");
}
END_TEST

START_TEST(the_kernel_has_it_where_all_is_allowed)
{
	expect_behind_junk(OPEN, "evil.example.org",
			   "allow 1, allow 2, allow 3", "rule.allow any");
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, junk_opens_no_flow_for_a_name);
	tcase_add_test(tc, junk_opens_no_flow_without_a_name);
	tcase_add_test(tc, the_kernel_has_it_where_all_is_allowed);
}

int main(void)
{
	return run_suite("engine_udp", add);
}
