/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Captures (pcap, pcapng) -> the IP packets in them, one by one. */
#pragma once

#include "policy/base/err.h"
#include "policy/base/reader.h"

struct pcap_read;

#define PCAP_READ_ERROR_MAX 320

struct pcap_packet {
	uint64_t ns;      /* since 1970 */
	uint64_t number;  /* in the capture, from 1 */
	struct reader ip; /* from the IP header on; borrowed until the next */
	bool cut;         /* the capture kept less than was on the wire */
};

/* Open a capture, "-" for standard input.  Owned: pcap_read_close().  On
 * failure `error` (PCAP_READ_ERROR_MAX bytes) says why, for people. */
FW_MUST_CHECK enum fw_err pcap_read_open(const char *path, char *error,
					 struct pcap_read **out_pcap);

/* The next IP packet; others are stepped over.  FW_ERR_NOENT at the good end;
 * else the capture cannot be read further: pcap_read_error() says why. */
FW_MUST_CHECK enum fw_err pcap_read_next(struct pcap_read *r,
					 struct pcap_packet *out_packet);

/* Borrowed, "" when all is well. */
const char *pcap_read_error(const struct pcap_read *r);

/* Packets that hold no IP so far. */
uint64_t pcap_read_skipped(const struct pcap_read *r);

void pcap_read_close(struct pcap_read *r);
