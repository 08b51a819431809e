/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/fwctl/pcap_link.h"

#include <pcap/pcap.h>

#define TYPE_VLAN           0x8100
#define TYPE_VLAN_SERVICE   0x88a8
#define TYPE_VLAN_OLD       0x9100
#define TYPE_VLAN_OLDER     0x9200
#define TYPE_MPLS_MULTICAST 0x8848
#define TYPE_PPPOE_SESSION  0x8864
#define TYPE_LENGTH_MAX     1500
#define PPP_IPV4            0x0021
#define PPP_IPV6            0x0057
#define SNAP                0xaaaa03
#define NFLOG_PAYLOAD       9
#define NFLOG_TYPE_MASK     0x7fff
#define NFLOG_TYPE_MAX      64
#define NLPID_IPV4          0xcc
#define NLPID_IPV6          0x8e
/* Frame control of IEEE 802.11: the first byte ... */
#define WIFI_KIND    0x0f
#define WIFI_DATA    0x08
#define WIFI_NO_DATA 0x40
#define WIFI_QOS     0x80
/* ... the second ... */
#define WIFI_TO_DS     0x01
#define WIFI_FROM_DS   0x02
#define WIFI_PROTECTED 0x40
#define WIFI_ORDER     0x80
/* ... and of the QoS field: several packets in one frame. */
#define WIFI_AGGREGATE 0x8000
/* VLAN tags or MPLS labels one in another. */
#define DEPTH_MAX 8

/* The IP header tells its version itself. */
static bool is_ip(const struct reader *r)
{
	uint8_t version = reader_peek(r, 0) >> 4;

	return version == 4 || version == 6;
}

static bool mpls_strip(struct reader *r)
{
	for (int i = 0; i < DEPTH_MAX && r->left > 0; i++)
		if (reader_u32(r) & 0x100) /* bottom of the stack */
			return is_ip(r);
	return false;
}

bool pcap_link_ppp(struct reader *r)
{
	uint16_t protocol;

	if (reader_peek(r, 0) == 0xff && reader_peek(r, 1) == 0x03)
		reader_skip(r, 2);
	protocol = reader_u8(r);
	if (!(protocol & 1)) /* RFC 1661 6.5: compressed when odd */
		protocol = (uint16_t)(protocol << 8 | reader_u8(r));
	return (protocol == PPP_IPV4 || protocol == PPP_IPV6) && is_ip(r);
}

static bool pppoe_strip(struct reader *r)
{
	reader_skip(r, 6);
	return pcap_link_ppp(r);
}

bool pcap_link_type(uint16_t type, struct reader *r)
{
	for (int i = 0; i < DEPTH_MAX; i++) {
		if (type != TYPE_VLAN && type != TYPE_VLAN_SERVICE &&
		    type != TYPE_VLAN_OLD && type != TYPE_VLAN_OLDER)
			break;
		reader_skip(r, 2);
		type = reader_u16(r);
	}
	if (type <= TYPE_LENGTH_MAX && reader_u24(r) == SNAP) {
		reader_skip(r, 3);
		type = reader_u16(r);
	}
	switch (type) {
	case PCAP_TYPE_IPV4:
	case PCAP_TYPE_IPV6:
		return is_ip(r);
	case PCAP_TYPE_MPLS:
	case TYPE_MPLS_MULTICAST:
		return mpls_strip(r);
	case TYPE_PPPOE_SESSION:
		return pppoe_strip(r);
	default:
		return false;
	}
}

/* Netfilter's log: family, version, id, then attributes in the byte order of
 * the machine that wrote them; the payload is one of them. */
static bool nflog_strip(struct reader *r)
{
	reader_skip(r, 4);
	while (r->left >= 4) {
		unsigned len = reader_u8(r);
		unsigned type;

		len |= (unsigned)reader_u8(r) << 8;
		type = reader_u8(r);
		type |= (unsigned)reader_u8(r) << 8;
		if (len < 4 || (type & NFLOG_TYPE_MASK) > NFLOG_TYPE_MAX)
			return false;
		len -= 4;
		if ((type & NFLOG_TYPE_MASK) == NFLOG_PAYLOAD) {
			if (len > r->left)
				return false;
			*r = reader_sub(r, len);
			return is_ip(r);
		}
		reader_skip(r, (len + 3) & ~3u);
	}
	return false;
}

/* IEEE 802.11: data frames that are not encrypted (9.2.3, 9.3.2). */
static bool wifi_strip(struct reader *r)
{
	uint8_t kind = reader_u8(r), flags = reader_u8(r);
	bool four = (flags & WIFI_TO_DS) && (flags & WIFI_FROM_DS);
	uint16_t qos = 0;

	if ((kind & WIFI_KIND) != WIFI_DATA || (flags & WIFI_PROTECTED) ||
	    (kind & WIFI_NO_DATA))
		return false;
	reader_skip(r, four ? 28 : 22);
	if (kind & WIFI_QOS)
		qos = reader_u16(r);
	if (qos & WIFI_AGGREGATE)
		return false;
	if (flags & WIFI_ORDER)
		reader_skip(r, 4);
	if (reader_u24(r) != SNAP)
		return false;
	reader_skip(r, 3);
	return pcap_link_type(reader_u16(r), r);
}

/* Before it stands what the receiver says of the radio. */
static bool radiotap_strip(struct reader *r)
{
	unsigned len = reader_peek(r, 2) | (unsigned)reader_peek(r, 3) << 8;

	reader_skip(r, len);
	return wifi_strip(r);
}

/* RFC 2427: an address of two bytes or more, then what it is. */
static bool frame_relay_strip(struct reader *r)
{
	uint8_t protocol;

	reader_skip(r, 1);
	for (int i = 0; i < 3 && !(reader_u8(r) & 1); i++)
		;
	if (reader_peek(r, 0) != 0x03)
		return pcap_link_type(reader_u16(r), r);
	reader_skip(r, 1);
	protocol = reader_u8(r);
	if (protocol == 0) /* padding */
		protocol = reader_u8(r);
	return (protocol == NLPID_IPV4 || protocol == NLPID_IPV6) && is_ip(r);
}

bool pcap_link_is_known(int type)
{
	switch (type) {
	case DLT_EN10MB:
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
	case DLT_LINUX_SLL:
	case DLT_LINUX_SLL2:
	case DLT_NULL:
	case DLT_LOOP:
	case DLT_PPP:
	case DLT_PPP_SERIAL:
	case DLT_PPP_ETHER:
	case DLT_C_HDLC:
	case DLT_NFLOG:
	case DLT_IEEE802_11:
	case DLT_IEEE802_11_RADIO:
	case DLT_FRELAY:
		return true;
	default:
		return false;
	}
}

bool pcap_link_strip(int type, struct reader *frame)
{
	uint16_t ethertype;

	switch (type) {
	case DLT_EN10MB:
		reader_skip(frame, 12);
		break;
	case DLT_C_HDLC:
		reader_skip(frame, 2);
		break;
	case DLT_LINUX_SLL:
		reader_skip(frame, 14);
		break;
	case DLT_LINUX_SLL2:
		ethertype = reader_u16(frame);
		reader_skip(frame, 18);
		return pcap_link_type(ethertype, frame);
	case DLT_NULL:
	case DLT_LOOP:
		reader_skip(frame, 4);
		return is_ip(frame);
	case DLT_PPP:
	case DLT_PPP_SERIAL:
		return pcap_link_ppp(frame);
	case DLT_PPP_ETHER:
		return pppoe_strip(frame);
	case DLT_NFLOG:
		return nflog_strip(frame);
	case DLT_IEEE802_11:
		return wifi_strip(frame);
	case DLT_IEEE802_11_RADIO:
		return radiotap_strip(frame);
	case DLT_FRELAY:
		return frame_relay_strip(frame);
	default:
		return is_ip(frame);
	}
	return pcap_link_type(reader_u16(frame), frame);
}
