/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/fwctl/tunnel.h"

#include "agent/fwctl/pcap_link.h"
#include "agent/packet/packet.h"
#include "agent/packet/packet_sum.h"

#include <netinet/in.h>

#define TYPE_ETHERNET   0x6558
#define TYPE_PPP        0x880b
#define TYPE_ERSPAN     0x88be
#define TYPE_ERSPAN_III 0x22eb
#define ETHERNET_ENDS   12 /* the two addresses before the type */
#define EXTENSIONS_MAX  8
#define IPPROTO_ETHERIP 97

/* What is being opened; `missing`: bytes that a short capture has cut off. */
struct opening {
	struct reader in;
	size_t missing;
	bool padded; /* an Ethernet frame's padding may stand behind it */
};

/* An IP packet of just the length that is there? */
static bool is_whole_ip(const struct opening *o)
{
	struct reader r = o->in, header;
	size_t len, there = o->in.left + o->missing;

	switch (reader_peek(&r, 0) >> 4) {
	case 4:
		header = reader_sub(&r, (size_t)(reader_peek(&r, 0) & 15) * 4);
		if (header.left < 20 ||
		    !packet_sum_is_good(packet_sum(0, header)))
			return false;
		reader_skip(&header, 2);
		len = reader_u16(&header);
		break;
	case 6:
		reader_skip(&r, 4);
		len = (size_t)reader_u16(&r) + 40;
		break;
	default:
		return false;
	}
	return len == there || (o->padded && len < there);
}

static bool open_type(struct opening *o, uint16_t type)
{
	if (type == TYPE_ETHERNET) {
		o->padded = true;
		reader_skip(&o->in, ETHERNET_ENDS);
		type = reader_u16(&o->in);
	}
	if (type == TYPE_PPP)
		return pcap_link_ppp(&o->in) && is_whole_ip(o);
	return pcap_link_type(type, &o->in) && is_whole_ip(o);
}

static bool open_ip(struct opening *o)
{
	return is_whole_ip(o);
}

static bool open_mpls(struct opening *o)
{
	return open_type(o, PCAP_TYPE_MPLS);
}

static bool open_etherip(struct opening *o)
{
	return reader_u16(&o->in) == 0x3000 && open_type(o, TYPE_ETHERNET);
}

static bool open_gre(struct opening *o)
{
	uint16_t flags = reader_u16(&o->in), type = reader_u16(&o->in);
	size_t words = (flags & 0x8000 ? 1u : 0) + (flags & 0x2000 ? 1u : 0) +
		       (flags & 0x1000 ? 1u : 0);

	if (flags & 0x4000 || (flags & 7) > 1)
		return false;
	if ((flags & 7) == 1) /* RFC 2637: the acknowledgement too */
		words += flags & 0x0080 ? 1 : 0;
	reader_skip(&o->in, words * 4);
	if (type == TYPE_ERSPAN) {
		/* Type II has a header of its own, and numbers; type I not. */
		reader_skip(&o->in, flags & 0x1000 ? 8 : 0);
		type = TYPE_ETHERNET;
	} else if (type == TYPE_ERSPAN_III) {
		reader_skip(&o->in, reader_peek(&o->in, 11) & 1 ? 20 : 12);
		type = TYPE_ETHERNET;
	}
	return open_type(o, type);
}

/* And its generic protocol extension (draft-ietf-nvo3-vxlan-gpe). */
static bool open_vxlan(struct opening *o)
{
	static const uint16_t types[] = {TYPE_ETHERNET, PCAP_TYPE_IPV4,
					 PCAP_TYPE_IPV6, TYPE_ETHERNET};
	uint8_t flags = reader_u8(&o->in), next;

	reader_skip(&o->in, 2);
	next = reader_u8(&o->in);
	reader_skip(&o->in, 3);
	if (!(flags & 0x08) || reader_u8(&o->in) != 0)
		return false;
	if (!(flags & 0x04))
		next = 0;
	return next < sizeof(types) / sizeof(*types) &&
	       open_type(o, types[next]);
}

static bool open_geneve(struct opening *o)
{
	uint8_t first = reader_u8(&o->in), flags = reader_u8(&o->in);
	uint16_t type = reader_u16(&o->in);

	reader_skip(&o->in, 3);
	if (first >> 6 != 0 || flags & 0x3f || reader_u8(&o->in) != 0)
		return false;
	reader_skip(&o->in, (size_t)(first & 0x3f) * 4);
	return open_type(o, type);
}

static bool open_gtp(struct opening *o)
{
	uint8_t flags = reader_u8(&o->in), type = reader_u8(&o->in);
	size_t len = reader_u16(&o->in);
	uint8_t next = 0;

	reader_skip(&o->in, 4);
	if ((flags & 0xf0) != 0x30 || type != 255 ||
	    len != o->in.left + o->missing)
		return false;
	if (flags & 7) {
		reader_skip(&o->in, 3);
		next = reader_u8(&o->in);
	}
	for (unsigned i = 0; (flags & 4) && next && i < EXTENSIONS_MAX; i++) {
		size_t words = reader_u8(&o->in);

		if (words == 0)
			return false;
		reader_skip(&o->in, words * 4 - 2);
		next = reader_u8(&o->in);
	}
	return is_whole_ip(o);
}

static bool is_teredo_address(struct reader r, size_t at)
{
	reader_skip(&r, at);
	return reader_u32(&r) == 0x20010000;
}

static bool open_teredo(struct opening *o)
{
	uint16_t what = (uint16_t)(reader_peek(&o->in, 0) << 8 |
				   reader_peek(&o->in, 1));

	if (what == 1) { /* authentication */
		size_t n =
			(size_t)reader_peek(&o->in, 2) + reader_peek(&o->in, 3);

		reader_skip(&o->in, 4 + n + 9);
		what = (uint16_t)(reader_peek(&o->in, 0) << 8 |
				  reader_peek(&o->in, 1));
	}
	if (what == 0) /* where it came from */
		reader_skip(&o->in, 8);
	return reader_peek(&o->in, 0) >> 4 == 6 && is_whole_ip(o) &&
	       (is_teredo_address(o->in, 8) || is_teredo_address(o->in, 24));
}

static bool open_ayiya(struct opening *o)
{
	uint8_t identity = reader_u8(&o->in), signature = reader_u8(&o->in);

	reader_skip(&o->in, 1);
	if (reader_u8(&o->in) != IPPROTO_IPV6)
		return false;
	reader_skip(&o->in, 4 + ((size_t)1 << (identity >> 4)) +
				    (size_t)(signature >> 4) * 4);
	return is_whole_ip(o);
}

static bool open_l2tp(struct opening *o)
{
	uint16_t flags = reader_u16(&o->in);

	/* Data of version 2, with or without a length and numbers. */
	if ((flags & 0x800f) != 2)
		return false;
	reader_skip(&o->in,
		    (flags & 0x4000 ? 2 : 0) + 4u + (flags & 0x0800 ? 4 : 0));
	if (flags & 0x0200)
		reader_skip(&o->in, reader_u16(&o->in));
	return open_type(o, TYPE_PPP);
}

static bool open_udp(struct opening *o)
{
	static bool (*const all[])(struct opening *) = {
		open_vxlan, open_gtp,  open_geneve, open_teredo,
		open_ayiya, open_l2tp, open_gre,    open_mpls};
	const struct opening closed = *o;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		*o = closed;
		if (all[i](o) && !o->in.failed)
			return true;
	}
	return false;
}

bool tunnel_open(struct reader *ip)
{
	static const struct {
		uint8_t l4;
		bool (*open)(struct opening *);
	} all[] = {{IPPROTO_IPIP, open_ip},         {IPPROTO_IPV6, open_ip},
		   {IPPROTO_GRE, open_gre},         {IPPROTO_UDP, open_udp},
		   {IPPROTO_ETHERIP, open_etherip}, {IPPROTO_MPLS, open_mpls}};
	struct packet pkt;
	struct opening o;

	if (packet_parse(*ip, (struct packet_options){.allow_cut = true},
			 &pkt) != PACKET_OK)
		return false;
	o = (struct opening){.in = pkt.payload,
			     .missing = pkt.wire_payload - pkt.payload.left};
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (all[i].l4 != pkt.l4 || !all[i].open(&o) || o.in.failed)
			continue;
		*ip = o.in;
		return true;
	}
	return false;
}
