/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What we send parses back, checksums and all. */
#include "agent/packet/segment.h"
#include "tests/unit/support.h"

#include <netinet/in.h>

static struct tcp_segment example(bool v6, bool timestamps, size_t n)
{
	static uint8_t bytes[SEGMENT_PAYLOAD_MAX];
	static const uint8_t a6[16] = {0x20, 1, 0xd, 0xb8, [15] = 1};
	static const uint8_t b6[16] = {0xfd, [15] = 0xff};

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 251 + 255);
	return (struct tcp_segment){
		.src = v6 ? ipaddr_v6(a6)
			  : ipaddr_v4((const uint8_t[]){255, 255, 255, 254}),
		.dst = v6 ? ipaddr_v6(b6)
			  : ipaddr_v4((const uint8_t[]){192, 0, 2, 1}),
		.sport = 65535,
		.dport = 443,
		.seq = 0xfffffffe,
		.ack = 0x80000001,
		.flags = TCP_ACK | TCP_PSH,
		.window = 0x1234,
		.has_timestamps = timestamps,
		.tsval = 0xcafe,
		.tsecr = 0xbabe,
		.payload = reader_of(bytes, n)};
}

static void check_header(const struct packet *pkt, const struct tcp_segment *s)
{
	ck_assert_int_eq(ipaddr_cmp(&pkt->src, &s->src), 0);
	ck_assert_int_eq(ipaddr_cmp(&pkt->dst, &s->dst), 0);
	ck_assert_uint_eq(pkt->sport, s->sport);
	ck_assert_uint_eq(pkt->dport, s->dport);
	ck_assert_uint_eq(pkt->seq, s->seq);
	ck_assert_uint_eq(pkt->ack, s->ack);
	ck_assert_uint_eq(pkt->tcp_flags, s->flags);
	ck_assert_uint_eq(pkt->window, s->window);
	ck_assert(pkt->has_timestamps == s->has_timestamps);
	ck_assert_uint_eq(pkt->tsval, s->has_timestamps ? s->tsval : 0);
}

static void check(const struct tcp_segment *s)
{
	static const struct packet_options verify = {.verify_checksums = true};
	uint8_t buf[SEGMENT_ROOM];
	size_t n = segment_build(s, buf);
	struct packet pkt;

	ck_assert_uint_le(n, sizeof(buf));
	ck_assert_int_eq(
		packet_parse(reader_of(at_page_end(buf, n), n), verify, &pkt),
		PACKET_OK);
	check_header(&pkt, s);
	ck_assert_uint_eq(pkt.payload.left, s->payload.left);
	if (s->payload.left)
		ck_assert_mem_eq(pkt.payload.p, s->payload.p, s->payload.left);
	/* One bit wrong anywhere in the segment shows. */
	buf[n - 1] ^= 1;
	ck_assert_int_eq(packet_parse(reader_of(buf, n), verify, &pkt),
			 PACKET_BAD_CHECKSUM);
}

START_TEST(what_is_built_parses_back)
{
	static const size_t sizes[] = {0, 1, 2, 333, SEGMENT_PAYLOAD_MAX};

	for (unsigned i = 0; i < 4; i++)
		for (size_t j = 0; j < sizeof(sizes) / sizeof(*sizes); j++) {
			struct tcp_segment s = example(i & 1, i & 2, sizes[j]);

			check(&s);
		}
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, what_is_built_parses_back);
}

int main(void)
{
	return run_suite("segment", add);
}
