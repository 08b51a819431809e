/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Link layers of captures: what stands before the IP header. */
#pragma once

#include "policy/base/reader.h"

/* Is this link type (DLT_*) known here? */
bool pcap_link_is_known(int type);

/* EtherTypes. */
#define PCAP_TYPE_IPV4 0x0800
#define PCAP_TYPE_IPV6 0x86dd
#define PCAP_TYPE_MPLS 0x8847

/* The same for what stands behind an EtherType (tags and labels are taken off),
 * and for a PPP frame. */
bool pcap_link_type(uint16_t type, struct reader *r);
bool pcap_link_ppp(struct reader *r);

/* Leave `frame` at its IP header; false when it holds no IP packet. */
bool pcap_link_strip(int type, struct reader *frame);
