/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets in packets, and packets of fragments. */
#include "agent/fwctl/defrag.h"
#include "agent/fwctl/pcap_link.h"
#include "agent/fwctl/tunnel.h"
#include "agent/packet/packet_sum.h"
#include "tests/unit/support.h"

#include <netinet/in.h>
#include <pcap/pcap.h>

#define BYTES(text)                    \
	{                              \
		text, sizeof(text) - 1 \
	}

/* An IPv4 packet around `n` bytes. */
static void ipv4(struct bytes *b, unsigned l4, unsigned id, unsigned fragment,
		 const void *p, size_t n)
{
	uint16_t sum;

	b->n = 0;
	bytes_u16(b, 0x4500);
	bytes_u16(b, (unsigned)(20 + n));
	bytes_u16(b, id);
	bytes_u16(b, fragment);
	bytes_u8(b, 64);
	bytes_u8(b, l4);
	bytes_u16(b, 0);
	bytes_add(b, "\xc0\0\2\1\xc6\x33\x64\2", 8);
	sum = packet_sum_field(packet_sum(0, reader_of(b->p, 20)));
	b->p[10] = (uint8_t)(sum >> 8);
	b->p[11] = (uint8_t)sum;
	bytes_add(b, p, n);
}

/* An IPv6 packet; Teredo's addresses. */
static void ipv6(struct bytes *b, unsigned next, const void *p, size_t n)
{
	b->n = 0;
	bytes_u32(b, 0x60000000);
	bytes_u16(b, (unsigned)n);
	bytes_u8(b, next);
	bytes_u8(b, 64);
	for (unsigned i = 0; i < 2; i++) {
		bytes_u32(b, 0x20010000);
		bytes_u32(b, 0);
		bytes_u32(b, 0);
		bytes_u32(b, i);
	}
	bytes_add(b, p, n);
}

#define PING   "\x08\0\xf7\xff\0\0\0\0"
#define ETHER  "\2\0\0\0\0\1\2\0\0\0\0\2"
#define ETHER4 ETHER "\x08\0"

/* What stands between the outer header (of `l4`; over UDP the UDP header is put
 * before it) and the packet inside. */
static const struct {
	const char *name;
	uint8_t l4;
	bool v6; /* the packet inside */
	struct {
		const char *p;
		size_t n;
	} between;
} tunnels[] = {
	{"ipip", 4, false, BYTES("")},
	{"6in4", 41, true, BYTES("")},
	{"gre", 47, false, BYTES("\0\0\x08\0")},
	{"gre with all", 47, true,
	 BYTES("\xb0\0\x86\xdd\0\0\0\0\0\0\0\1\0\0\0\2")},
	{"gre, ethernet", 47, false, BYTES("\0\0\x65\x58" ETHER4)},
	{"gre, mpls", 47, false, BYTES("\0\0\x88\x47\0\0\1\x40")},
	{"erspan I", 47, false, BYTES("\0\0\x88\xbe" ETHER4)},
	{"erspan II", 47, false,
	 BYTES("\x10\0\x88\xbe\0\0\0\1\x10\0\0\0\0\0\0\0" ETHER4)},
	{"erspan III", 47, false,
	 BYTES("\x10\0\x22\xeb\0\0\0\1\x20\0\0\0\0\0\0\0\0\0\0\0" ETHER4)},
	{"erspan III with more", 47, false,
	 BYTES("\x10\0\x22\xeb\0\0\0\1\x20\0\0\0\0\0\0\0\0\0\0\1"
	       "\0\0\0\0\0\0\0\0" ETHER4)},
	{"pptp", 47, false,
	 BYTES("\x30\x81\x88\x0b\0\x1c\0\1\0\0\0\1\0\0\0\1\x21")},
	{"etherip", 97, true, BYTES("\x30\0" ETHER "\x86\xdd")},
	{"vxlan", 17, false, BYTES("\x08\0\0\0\0\0\1\0" ETHER4)},
	{"vxlan, tagged", 17, true,
	 BYTES("\x08\0\0\0\0\0\1\0" ETHER "\x81\0\0\5\x86\xdd")},
	{"vxlan-gpe", 17, true, BYTES("\x0c\0\0\2\0\0\1\0")},
	{"geneve", 17, false, BYTES("\1\0\x65\x58\0\0\1\0\0\1\2\0" ETHER4)},
	{"gtp", 17, false, BYTES("\x30\xff\0\x1c\0\0\0\1")},
	{"gtp with extension", 17, false,
	 BYTES("\x34\xff\0\x24\0\0\0\1\0\0\0\x85\1\0\1\0")},
	{"teredo", 17, true, BYTES("")},
	{"teredo, all before", 17, true,
	 BYTES("\0\1\1\1xyabcdefgh\0\0\0\1\2\3\4\5\6")},
	{"ayiya", 17, true,
	 BYTES("\x40\x10\0\x29\0\0\0\0"
	       "0123456789abcdef"
	       "sign")},
	{"l2tp", 17, false, BYTES("\x48\2\0\x2a\0\1\0\2\0\1\0\0\xff\3\0\x21")},
	{"gre over udp", 17, false, BYTES("\0\0\x08\0")},
	{"mpls over udp", 17, true, BYTES("\0\0\1\x40")},
};

static void inside(struct bytes *b, bool v6)
{
	if (v6)
		ipv6(b, IPPROTO_ICMPV6, PING, 8);
	else
		ipv4(b, IPPROTO_ICMP, 1, 0, PING, 8);
}

static void tunnel(struct bytes *b, size_t i, size_t padding)
{
	static struct bytes body, inner;

	body.n = 0;
	inside(&inner, tunnels[i].v6);
	if (tunnels[i].l4 == IPPROTO_UDP) {
		bytes_u32(&body, 0xc0010001);
		bytes_u16(&body, (unsigned)(8 + tunnels[i].between.n + inner.n +
					    padding));
		bytes_u16(&body, 0);
	}
	bytes_add(&body, tunnels[i].between.p, tunnels[i].between.n);
	bytes_add(&body, inner.p, inner.n);
	for (size_t j = 0; j < padding; j++)
		bytes_u8(&body, 0);
	ipv4(b, tunnels[i].l4, 2, 0, body.p, body.n);
}

START_TEST(opens)
{
	static struct bytes outer, inner;
	struct reader r;

	tunnel(&outer, (size_t)_i, 0);
	inside(&inner, tunnels[_i].v6);
	r = reader_of(outer.p, outer.n);
	ck_assert_msg(tunnel_open(&r), "%s", tunnels[_i].name);
	ck_assert_uint_eq(r.left, inner.n);
	ck_assert_mem_eq(r.p, inner.p, inner.n);
	/* And there is nothing in that. */
	ck_assert(!tunnel_open(&r));
	ck_assert_uint_eq(r.left, inner.n);
}
END_TEST

/* Only an Ethernet frame is padded: else it is something that looks so. */
START_TEST(must_fit_to_the_byte)
{
	static struct bytes outer;
	bool ethernet = memmem(tunnels[_i].between.p, tunnels[_i].between.n,
			       ETHER, sizeof(ETHER) - 1);
	struct reader r;

	tunnel(&outer, (size_t)_i, 2);
	r = reader_of(outer.p, outer.n);
	if (!ethernet)
		ck_assert_msg(!tunnel_open(&r), "%s", tunnels[_i].name);
}
END_TEST

START_TEST(survives_what_is_cut_or_wrong)
{
	static struct bytes outer;

	tunnel(&outer, (size_t)_i, 0);
	for (size_t n = 0; n < outer.n; n++) {
		uint8_t *copy = malloc(n + 1);
		struct reader r = reader_of(copy, n);

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, outer.p, n);
		(void)tunnel_open(&r);
		ck_assert_uint_le(r.left, n);
		free(copy);
	}
	for (size_t at = 0; at < outer.n; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			struct reader r = reader_of(outer.p, outer.n);

			outer.p[at] ^= (uint8_t)(1u << bit);
			(void)tunnel_open(&r);
			outer.p[at] ^= (uint8_t)(1u << bit);
			ck_assert_uint_le(r.left, outer.n);
		}
}
END_TEST

START_TEST(what_is_no_tunnel_stays)
{
	static const struct {
		const char *p;
		size_t n;
	} all[] = {
		BYTES("\x12\x34\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"),
		BYTES("\x08\0\0\0\0\0\1\0" ETHER4
		      "no packet is here, but text"),
		BYTES(""),
		BYTES("E"),
	};
	static struct bytes body, outer;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct reader r;

		body.n = 0;
		bytes_u32(&body, 0xc00112b5);
		bytes_u16(&body, (unsigned)(8 + all[i].n));
		bytes_u16(&body, 0);
		bytes_add(&body, all[i].p, all[i].n);
		ipv4(&outer, IPPROTO_UDP, 3, 0, body.p, body.n);
		r = reader_of(outer.p, outer.n);
		ck_assert(!tunnel_open(&r));
		ck_assert_uint_eq(r.left, outer.n);
	}
}
END_TEST

/* --- fragments ----------------------------------------------------------- */

#define TEXT "0123456789abcdefghijklmnopqrstuvwxyz"
#define MORE 0x2000

struct piece {
	unsigned id, offset; /* in units of 8 bytes */
	bool more;
	const char *text;
};

static bool take(struct defrag *d, bool v6, const struct piece *p,
		 struct reader *out)
{
	static struct bytes b, body;

	body.n = 0;
	if (v6) {
		bytes_u16(&body, IPPROTO_ICMPV6 << 8);
		bytes_u16(&body, p->offset << 3 | p->more);
		bytes_u32(&body, p->id);
		bytes_text(&body, p->text);
		ipv6(&b, IPPROTO_FRAGMENT, body.p, body.n);
	} else {
		ipv4(&b, IPPROTO_ICMP, p->id, p->offset | (p->more ? MORE : 0),
		     p->text, strlen(p->text));
	}
	*out = reader_of(b.p, b.n);
	return defrag_take(d, out);
}

#define FIRST                                  \
	{                                      \
		7, 0, true, "0123456789abcdef" \
	}
#define SECOND                         \
	{                              \
		7, 2, true, "ghijklmn" \
	}
#define LAST                                \
	{                                   \
		7, 3, false, "opqrstuvwxyz" \
	}

static const struct {
	struct piece pieces[6];
	size_t n;
	bool whole;
} orders[] = {
	{{FIRST, SECOND, LAST}, 3, true},
	{{LAST, SECOND, FIRST}, 3, true},
	{{SECOND, FIRST, FIRST, SECOND, LAST}, 5, true},
	{{FIRST, LAST}, 2, false},
	{{FIRST, SECOND, {8, 3, false, "opqrstuvwxyz"}}, 3, false},
	/* contradictions: all of it is forgotten */
	{{FIRST, {7, 1, true, "XXXXXXXX"}, SECOND, LAST}, 4, false},
	{{LAST, {7, 2, false, "ghijklmn"}, FIRST, SECOND}, 4, false},
	{{LAST, {7, 5, true, "beyond.."}, FIRST, SECOND}, 4, false},
	{{{7, 0, true, "odd"}, FIRST, SECOND}, 3, false},
	{{{7, 0x1fff, false, "far beyond"}, FIRST, SECOND}, 3, false},
};

static void put_together(bool v6, size_t i)
{
	struct defrag *d = defrag_new();
	static struct bytes want;
	struct reader r = {0};

	ck_assert_ptr_nonnull(d);
	for (size_t j = 0; j < orders[i].n; j++) {
		bool last = j + 1 == orders[i].n;

		ck_assert_int_eq(take(d, v6, &orders[i].pieces[j], &r),
				 last && orders[i].whole);
	}
	if (orders[i].whole) {
		if (v6)
			ipv6(&want, IPPROTO_ICMPV6, TEXT, sizeof(TEXT) - 1);
		else
			ipv4(&want, IPPROTO_ICMP, 7, 0, TEXT, sizeof(TEXT) - 1);
		ck_assert_uint_eq(r.left, want.n);
		ck_assert_mem_eq(r.p, want.p, want.n);
	}
	defrag_free(d);
}

START_TEST(puts_together)
{
	put_together(false, (size_t)_i);
	put_together(true, (size_t)_i);
}
END_TEST

START_TEST(what_is_whole_stays)
{
	static struct bytes b;
	struct defrag *d = defrag_new();
	struct reader r;

	ck_assert_ptr_nonnull(d);
	ipv4(&b, IPPROTO_ICMP, 1, 0x4000, PING, 8);
	for (size_t n = 0; n <= b.n; n++) {
		r = reader_of(b.p, n);
		ck_assert(defrag_take(d, &r));
		ck_assert_uint_eq(r.left, n);
	}
	defrag_free(d);
}
END_TEST

/* Beginnings without an end take the places of each other only. */
START_TEST(is_bounded)
{
	struct defrag *d = defrag_new();
	struct piece p = {0, 0, true, "01234567"};
	struct reader r;

	ck_assert_ptr_nonnull(d);
	for (p.id = 0; p.id < 1000; p.id++)
		ck_assert(!take(d, false, &p, &r));
	p = (struct piece){999, 1, false, "end"};
	ck_assert(take(d, false, &p, &r));
	p.id = 0;
	ck_assert(!take(d, false, &p, &r));
	defrag_free(d);
}
END_TEST

/* --- link layers --------------------------------------------------------- */

#define LLC  "\xaa\xaa\3\0\0\0\x08\0"
#define DATA "\0\0" ETHER "\2\0\0\0\0\3\0\0"

static const struct {
	int type;
	bool is_ip;
	struct {
		const char *p;
		size_t n;
	} before;
} links[] = {
	{DLT_EN10MB, true, BYTES(ETHER4)},
	{DLT_EN10MB, true, BYTES(ETHER "\x88\xa8\0\1\x81\0\0\2\x08\0")},
	{DLT_EN10MB, true, BYTES(ETHER "\x88\x64\x11\0\0\1\0\x1e\0\x21")},
	{DLT_EN10MB, false, BYTES(ETHER "\x08\6")},
	{DLT_IEEE802_11, true, BYTES("\x08\1" DATA LLC)},
	{DLT_IEEE802_11, true, BYTES("\x88\2" DATA "\0\0" LLC)},
	{DLT_IEEE802_11, true, BYTES("\x08\3" DATA "\2\0\0\0\0\4" LLC)},
	{DLT_IEEE802_11, false, BYTES("\x08\x41" DATA LLC)}, /* encrypted */
	{DLT_IEEE802_11, false, BYTES("\x80\0" DATA LLC)},   /* a beacon */
	{DLT_IEEE802_11, false, BYTES("\x48\1" DATA LLC)},   /* no data */
	{DLT_IEEE802_11, false, BYTES("\x88\1" DATA "\x80\0" LLC)},
	{DLT_IEEE802_11_RADIO, true,
	 BYTES("\0\0\x0a\0\0\0\0\0\0\0\x08\1" DATA LLC)},
	{DLT_IEEE802_11_RADIO, false, BYTES("\0\0\xff\xff\0\0\0\0")},
	{DLT_FRELAY, true, BYTES("\x18\x41\3\xcc")},
	{DLT_FRELAY, true, BYTES("\x18\x40\x41\3\0\xcc")},
	{DLT_FRELAY, true, BYTES("\x18\x41\x08\0")},
	{DLT_FRELAY, false, BYTES("\x18\x41\3\x80")},
};

START_TEST(strips_link_layers)
{
	static struct bytes b, inner;
	struct reader r;

	ck_assert(pcap_link_is_known(links[_i].type));
	b.n = 0;
	ipv4(&inner, IPPROTO_ICMP, 1, 0, PING, 8);
	bytes_add(&b, links[_i].before.p, links[_i].before.n);
	bytes_add(&b, inner.p, inner.n);
	r = reader_of(b.p, b.n);
	ck_assert_int_eq(pcap_link_strip(links[_i].type, &r), links[_i].is_ip);
	if (links[_i].is_ip)
		ck_assert_uint_eq(r.left, inner.n);
	for (size_t n = 0; n < b.n; n++) {
		r = reader_of(b.p, n);
		(void)pcap_link_strip(links[_i].type, &r);
		ck_assert_uint_le(r.left, n);
	}
}
END_TEST

#define N(all) (int)(sizeof(all) / sizeof(*(all)))

static void add(TCase *tc)
{
	tcase_add_loop_test(tc, opens, 0, N(tunnels));
	tcase_add_loop_test(tc, must_fit_to_the_byte, 0, N(tunnels));
	tcase_add_loop_test(tc, survives_what_is_cut_or_wrong, 0, N(tunnels));
	tcase_add_test(tc, what_is_no_tunnel_stays);
	tcase_add_loop_test(tc, puts_together, 0, N(orders));
	tcase_add_test(tc, what_is_whole_stays);
	tcase_add_test(tc, is_bounded);
	tcase_add_loop_test(tc, strips_link_layers, 0, N(links));
}

int main(void)
{
	return run_suite("tunnel", add);
}
