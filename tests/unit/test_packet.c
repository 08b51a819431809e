/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/limits.h"
#include "agent/packet/packet.h"
#include "tests/unit/support.h"

#include <netinet/in.h>

static const struct packet_options plain;
static const struct packet_options cut = {.allow_cut = true};
static const struct packet_options verify = {.verify_checksums = true};

static const uint8_t v6_src[16] = {0x20, 1, 0xd, 0xb8, [15] = 1};
static const uint8_t v6_dst[16] = {0x20, 1, 0xd, 0xb8, [15] = 2};

static void set_u16(struct bytes *b, size_t at, unsigned v)
{
	b->p[at] = (uint8_t)(v >> 8);
	b->p[at + 1] = (uint8_t)v;
}

static uint32_t sum_of(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

static unsigned folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

/* IPv4 header with n bytes of options before `body`. */
static void ipv4(struct bytes *b, unsigned l4, size_t options,
		 const struct bytes *body)
{
	b->n = 0;
	bytes_u8(b, 0x45 + (unsigned)options / 4);
	bytes_u8(b, 0);
	bytes_u16(b, (unsigned)(20 + options + body->n));
	bytes_u32(b, 0x12340000);
	bytes_u8(b, 64);
	bytes_u8(b, l4);
	bytes_u16(b, 0);
	bytes_add(b, "\xc0\0\2\1\xc6\x33\x64\2", 8);
	for (size_t i = 0; i < options; i++)
		bytes_u8(b, 1);
	set_u16(b, 10, folded(sum_of(0, b->p, b->n)));
	bytes_add(b, body->p, body->n);
}

static void ipv6(struct bytes *b, unsigned next, const struct bytes *body)
{
	b->n = 0;
	bytes_u32(b, 0x60000000);
	bytes_u16(b, (unsigned)body->n);
	bytes_u8(b, next);
	bytes_u8(b, 64);
	bytes_add(b, v6_src, 16);
	bytes_add(b, v6_dst, 16);
	bytes_add(b, body->p, body->n);
}

static void tcp(struct bytes *b, size_t options, const char *payload)
{
	b->n = 0;
	bytes_u16(b, 40000);
	bytes_u16(b, 443);
	bytes_u32(b, 0x01020304);
	bytes_u32(b, 0x05060708);
	bytes_u8(b, (unsigned)(5 + options / 4) << 4);
	bytes_u8(b, TCP_PSH | TCP_ACK);
	bytes_add(b, "\xff\xff\0\0\0\0", 6);
	for (size_t i = 0; i < options; i++)
		bytes_u8(b, 1);
	bytes_text(b, payload);
}

static void udp(struct bytes *b, unsigned len, const char *payload)
{
	b->n = 0;
	bytes_u16(b, 5353);
	bytes_u16(b, 53);
	bytes_u16(b, len);
	bytes_u16(b, 0);
	bytes_text(b, payload);
}

/* Write the checksum of a segment at `at`, over the addresses of the above. */
static void seal(struct bytes *b, unsigned l4, size_t at, bool v6)
{
	uint32_t sum = l4 + (uint32_t)b->n;

	if (v6)
		sum = sum_of(sum_of(sum, v6_src, 16), v6_dst, 16);
	else
		sum = sum_of(sum, (const uint8_t *)"\xc0\0\2\1\xc6\x33\x64\2",
			     8);
	set_u16(b, at, folded(sum_of(sum, b->p, b->n)));
}

static enum packet_fault parse(const struct bytes *b, size_t n,
			       struct packet_options opt, struct packet *out)
{
	return packet_parse(reader_of(at_page_end(b->p, n), n), opt, out);
}

static void expect_payload(const struct packet *pkt, const char *want)
{
	ck_assert_uint_eq(pkt->payload.left, strlen(want));
	ck_assert_uint_eq(pkt->wire_payload, strlen(want));
	ck_assert_mem_eq(pkt->payload.p, want, strlen(want));
}

static struct bytes body, raw;

START_TEST(tcp_is_read_with_all_options)
{
	for (size_t ip = 0; ip <= 40; ip += 4) {
		for (size_t options = 0; options <= 40; options += 4) {
			struct packet pkt;

			tcp(&body, options, "hello");
			seal(&body, IPPROTO_TCP, 16, false);
			ipv4(&raw, IPPROTO_TCP, ip, &body);
			bytes_text(&raw, "padding");
			ck_assert_int_eq(parse(&raw, raw.n, verify, &pkt),
					 PACKET_OK);
			ck_assert_uint_eq(pkt.sport, 40000);
			ck_assert_uint_eq(pkt.dport, 443);
			ck_assert_uint_eq(pkt.seq, 0x01020304);
			ck_assert_uint_eq(pkt.ack, 0x05060708);
			ck_assert_uint_eq(pkt.l4, IPPROTO_TCP);
			ck_assert_uint_eq(pkt.tcp_flags, TCP_PSH | TCP_ACK);
			expect_payload(&pkt, "hello");
		}
	}
}
END_TEST

START_TEST(every_prefix_is_truncated)
{
	struct packet pkt;

	for (int v6 = 0; v6 < 2; v6++) {
		tcp(&body, 8, "hello");
		if (v6)
			ipv6(&raw, IPPROTO_TCP, &body);
		else
			ipv4(&raw, IPPROTO_TCP, 4, &body);
		for (size_t n = 0; n < raw.n; n++) {
			size_t header = raw.n - 5;

			ck_assert_int_eq(parse(&raw, n, plain, &pkt),
					 PACKET_TRUNCATED);
			ck_assert_int_eq(parse(&raw, n, cut, &pkt),
					 n < header ? PACKET_TRUNCATED
						    : PACKET_OK);
			if (n >= header) {
				ck_assert_uint_eq(pkt.payload.left, n - header);
				ck_assert_uint_eq(pkt.wire_payload, 5);
			}
		}
	}
}
END_TEST

START_TEST(every_flip_is_survived_and_seen_by_the_checksum)
{
	for (int v6 = 0; v6 < 2; v6++) {
		tcp(&body, 4, "hello");
		seal(&body, IPPROTO_TCP, 16, v6);
		if (v6)
			ipv6(&raw, IPPROTO_TCP, &body);
		else
			ipv4(&raw, IPPROTO_TCP, 0, &body);
		for (size_t i = 0; i < raw.n; i++) {
			for (unsigned bit = 0; bit < 8; bit++) {
				struct packet pkt;

				raw.p[i] ^= (uint8_t)(1 << bit);
				(void)parse(&raw, raw.n, plain, &pkt);
				(void)parse(&raw, raw.n, cut, &pkt);
				/* class, label and hop limit of IPv6 and its
				 * next header have no checksum */
				if (!v6 || i >= 8)
					ck_assert_int_ne(parse(&raw, raw.n,
							       verify, &pkt),
							 PACKET_OK);
				raw.p[i] ^= (uint8_t)(1 << bit);
			}
		}
	}
}
END_TEST

START_TEST(contradictions_are_bad_headers)
{
	struct packet pkt;

	tcp(&body, 0, "hello");
	ipv4(&raw, IPPROTO_TCP, 0, &body);
	for (unsigned v = 0; v < 16; v++) {
		raw.p[0] = (uint8_t)(v << 4 | 5);
		if (v != 4 && v != 6)
			ck_assert_int_eq(parse(&raw, raw.n, plain, &pkt),
					 PACKET_BAD_HEADER);
	}
	for (unsigned words = 0; words < 5; words++) {
		raw.p[0] = (uint8_t)(0x40 | words);
		ck_assert_int_eq(parse(&raw, raw.n, plain, &pkt),
				 PACKET_BAD_HEADER);
	}
	for (unsigned total = 1; total < 20; total++) {
		raw.p[0] = 0x45;
		set_u16(&raw, 2, total);
		ck_assert_int_eq(parse(&raw, raw.n, plain, &pkt),
				 PACKET_BAD_HEADER);
	}
	set_u16(&raw, 2, (unsigned)raw.n);
	for (unsigned words = 0; words < 16; words++) {
		enum packet_fault want = PACKET_BAD_HEADER;

		if (words == 5 || words == 6)
			want = PACKET_OK;
		raw.p[20 + 12] = (uint8_t)(words << 4);
		ck_assert_int_eq(parse(&raw, raw.n, plain, &pkt), want);
	}
}
END_TEST

START_TEST(a_total_length_of_zero_is_the_rest)
{
	struct packet pkt;

	tcp(&body, 0, "hello");
	ipv4(&raw, IPPROTO_TCP, 0, &body);
	set_u16(&raw, 2, 0);
	ck_assert_int_eq(parse(&raw, raw.n, plain, &pkt), PACKET_OK);
	expect_payload(&pkt, "hello");
	ipv6(&raw, IPPROTO_TCP, &body);
	set_u16(&raw, 4, 0);
	ck_assert_int_eq(parse(&raw, raw.n, plain, &pkt), PACKET_OK);
	expect_payload(&pkt, "hello");
}
END_TEST

START_TEST(fragments_are_told)
{
	struct packet pkt;

	tcp(&body, 0, "hello");
	ipv4(&raw, IPPROTO_TCP, 0, &body);
	for (unsigned flags = 0; flags < 0x10000; flags += 1) {
		bool part = (flags & 0x3fff) != 0;

		set_u16(&raw, 6, flags);
		ck_assert_int_eq(
			packet_parse(reader_of(raw.p, raw.n), plain, &pkt),
			part ? PACKET_FRAGMENT : PACKET_OK);
		ck_assert_uint_eq(pkt.src.family, IP_V4);
	}
}
END_TEST

static void extension(struct bytes *b, unsigned next, unsigned type,
		      unsigned second)
{
	bytes_u8(b, next);
	bytes_u8(b, 0);
	bytes_u8(b, type);
	bytes_u8(b, second);
	bytes_u32(b, 0);
}

/* A chain of extension headers before a TCP segment. */
static enum packet_fault parse_chain(const uint8_t *types, size_t n,
				     unsigned second, struct packet *out)
{
	static struct bytes chain;

	chain.n = 0;
	for (size_t i = 0; i < n; i++)
		extension(&chain, i + 1 < n ? types[i + 1] : IPPROTO_TCP, 0,
			  second);
	tcp(&body, 0, "hello");
	bytes_add(&chain, body.p, body.n);
	ipv6(&raw, n ? types[0] : IPPROTO_TCP, &chain);
	return parse(&raw, raw.n, plain, out);
}

START_TEST(extension_headers_are_stepped_over)
{
	static const uint8_t kinds[] = {IPPROTO_HOPOPTS, IPPROTO_ROUTING,
					IPPROTO_FRAGMENT, IPPROTO_DSTOPTS};
	struct packet pkt;

	for (unsigned a = 0; a < 4; a++) {
		for (unsigned b = 0; b < 4; b++) {
			uint8_t types[] = {kinds[a], kinds[b]};

			/* hop-by-hop is the first or wrong */
			ck_assert_int_eq(parse_chain(types, 2, 0, &pkt),
					 b == 0 ? PACKET_BAD_HEADER
						: PACKET_OK);
			if (b == 0)
				continue;
			ck_assert_uint_eq(pkt.l4, IPPROTO_TCP);
			expect_payload(&pkt, "hello");
		}
	}
	for (size_t n = 0; n < LIMIT_IPV6_EXTENSIONS + 2; n++) {
		uint8_t types[LIMIT_IPV6_EXTENSIONS + 2];

		memset(types, IPPROTO_DSTOPTS, sizeof(types));
		ck_assert_int_eq(parse_chain(types, n, 0, &pkt),
				 n > LIMIT_IPV6_EXTENSIONS ? PACKET_BAD_HEADER
							   : PACKET_OK);
	}
}
END_TEST

START_TEST(atomic_fragments_are_whole_others_are_not)
{
	static const uint8_t types[] = {IPPROTO_FRAGMENT};
	struct packet pkt;

	ck_assert_int_eq(parse_chain(types, 1, 0, &pkt), PACKET_OK);
	ck_assert_int_eq(parse_chain(types, 1, 6, &pkt), PACKET_OK);
	ck_assert_int_eq(parse_chain(types, 1, 1, &pkt), PACKET_FRAGMENT);
	ck_assert_int_eq(parse_chain(types, 1, 8, &pkt), PACKET_FRAGMENT);
	ck_assert_uint_eq(pkt.l4, IPPROTO_TCP);
}
END_TEST

START_TEST(routing_headers_name_the_final_destination)
{
	static const struct {
		unsigned type, left;
		enum packet_fault want;
	} cases[] = {
		{0, 0, PACKET_BAD_CHECKSUM}, {0, 1, PACKET_BAD_HEADER},
		{2, 0, PACKET_BAD_CHECKSUM}, {2, 1, PACKET_OK},
		{4, 1, PACKET_OK},           {253, 1, PACKET_OK},
	};
	static struct bytes chain;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct packet pkt;

		tcp(&body, 0, "hello");
		seal(&body, IPPROTO_TCP, 16, true);
		chain.n = 0;
		bytes_u8(&chain, IPPROTO_TCP);
		bytes_u8(&chain, 2);
		bytes_u8(&chain, cases[i].type);
		bytes_u8(&chain, cases[i].left);
		bytes_u32(&chain, 0);
		bytes_add(&chain, v6_dst, 16);
		bytes_add(&chain, body.p, body.n);
		ipv6(&raw, IPPROTO_ROUTING, &chain);
		raw.p[39] = 99; /* on its way to another */
		ck_assert_int_eq(parse(&raw, raw.n, verify, &pkt),
				 cases[i].want);
	}
}
END_TEST

START_TEST(udp_is_bounded_by_its_own_length)
{
	for (unsigned len = 0; len < 20; len++) {
		bool good = len >= 8 && len <= 13;
		struct packet pkt;

		udp(&body, len, "hello");
		ipv4(&raw, IPPROTO_UDP, 0, &body);
		ck_assert_int_eq(parse(&raw, raw.n, verify, &pkt),
				 good ? PACKET_OK : PACKET_BAD_HEADER);
		if (good)
			ck_assert_uint_eq(pkt.payload.left, len - 8);
		if (good)
			ck_assert_uint_eq(pkt.wire_payload, len - 8);
	}
}
END_TEST

START_TEST(udp_without_checksum_is_for_ipv4)
{
	struct packet pkt;

	udp(&body, 13, "hello");
	ipv6(&raw, IPPROTO_UDP, &body);
	ck_assert_int_eq(parse(&raw, raw.n, verify, &pkt), PACKET_BAD_CHECKSUM);
	seal(&body, IPPROTO_UDP, 6, true);
	ipv6(&raw, IPPROTO_UDP, &body);
	ck_assert_int_eq(parse(&raw, raw.n, verify, &pkt), PACKET_OK);
	udp(&body, 13, "hello");
	seal(&body, IPPROTO_UDP, 6, false);
	ipv4(&raw, IPPROTO_UDP, 0, &body);
	ck_assert_int_eq(parse(&raw, raw.n, verify, &pkt), PACKET_OK);
	raw.p[20 + 7] ^= 1;
	ck_assert_int_eq(parse(&raw, raw.n, verify, &pkt), PACKET_BAD_CHECKSUM);
}
END_TEST

START_TEST(icmp_gives_type_and_id_of_an_echo)
{
	static const struct {
		bool v6;
		unsigned type, id;
	} cases[] = {{false, 8, 0x1234},  {false, 0, 0x1234},  {false, 3, 0},
		     {true, 128, 0x1234}, {true, 129, 0x1234}, {true, 8, 0}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		unsigned l4 = cases[i].v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		struct packet pkt;

		body.n = 0;
		bytes_u8(&body, cases[i].type);
		bytes_add(&body, "\0\0\0\x12\x34\0\1data", 11);
		if (cases[i].v6) {
			seal(&body, l4, 2, true);
			ipv6(&raw, l4, &body);
		} else {
			set_u16(&body, 2, folded(sum_of(0, body.p, body.n)));
			ipv4(&raw, l4, 0, &body);
		}
		ck_assert_int_eq(parse(&raw, raw.n, verify, &pkt), PACKET_OK);
		ck_assert_uint_eq(pkt.dport, cases[i].type);
		ck_assert_uint_eq(pkt.sport, cases[i].id);
		expect_payload(&pkt, "data");
		raw.p[raw.n - 1] ^= 1;
		ck_assert_int_eq(parse(&raw, raw.n, verify, &pkt),
				 PACKET_BAD_CHECKSUM);
	}
}
END_TEST

START_TEST(other_protocols_are_left_alone)
{
	for (unsigned l4 = 0; l4 < 256; l4++) {
		struct packet pkt;

		if (l4 == IPPROTO_TCP || l4 == IPPROTO_UDP ||
		    l4 == IPPROTO_ICMP)
			continue;
		body.n = 0;
		bytes_text(&body, "x");
		ipv4(&raw, l4, 0, &body);
		ck_assert_int_eq(parse(&raw, raw.n, verify, &pkt), PACKET_OK);
		ck_assert_uint_eq(pkt.l4, l4);
		expect_payload(&pkt, "x");
	}
}
END_TEST

START_TEST(every_fault_has_a_text)
{
	for (int f = PACKET_OK; f <= PACKET_FRAGMENT; f++)
		ck_assert_str_ne(packet_fault_text((enum packet_fault)f), "");
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, tcp_is_read_with_all_options);
	tcase_add_test(tc, every_prefix_is_truncated);
	tcase_add_test(tc, every_flip_is_survived_and_seen_by_the_checksum);
	tcase_add_test(tc, contradictions_are_bad_headers);
	tcase_add_test(tc, a_total_length_of_zero_is_the_rest);
	tcase_add_test(tc, fragments_are_told);
	tcase_add_test(tc, extension_headers_are_stepped_over);
	tcase_add_test(tc, atomic_fragments_are_whole_others_are_not);
	tcase_add_test(tc, routing_headers_name_the_final_destination);
	tcase_add_test(tc, udp_is_bounded_by_its_own_length);
	tcase_add_test(tc, udp_without_checksum_is_for_ipv4);
	tcase_add_test(tc, icmp_gives_type_and_id_of_an_echo);
	tcase_add_test(tc, other_protocols_are_left_alone);
	tcase_add_test(tc, every_fault_has_a_text);
}

int main(void)
{
	return run_suite("packet", add);
}
