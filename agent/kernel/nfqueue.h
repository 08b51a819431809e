/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One NFQUEUE: bind, read packets, send verdicts. */
#pragma once

#include "policy/base/err.h"
#include "policy/base/reader.h"

struct nfqueue;

struct nfqueue_options {
	uint16_t number;
	uint32_t length; /* packets the kernel may keep waiting */
	bool fail_open; /* full queue: the kernel accepts instead of dropping */
};

/* A packet as the kernel hands it over; borrowed for the call. */
struct nfqueue_packet {
	uint32_t id, mark;
	uint8_t hook; /* enum nf_inet_hooks */
	uint32_t indev, outdev;
	bool checksum_unset;
	bool has_uid; /* of the socket that it comes from, here */
	uint32_t uid;
	bool has_mac; /* the sender's, on an Ethernet link */
	uint8_t mac[6];
	struct reader payload; /* from the IP header on */
};

typedef void nfqueue_fn(void *ctx, const struct nfqueue_packet *pkt);

/* FW_ERR_EXIST: another program holds this queue.  Owned: nfqueue_close. */
FW_MUST_CHECK enum fw_err nfqueue_open(const struct nfqueue_options *options,
				       struct nfqueue **out_queue);
void nfqueue_close(struct nfqueue *q);

int nfqueue_fd(const struct nfqueue *q);

/* Read what is there (never blocks) and call `fn` for each packet.
 * *out_lost counts overruns of the socket. */
FW_MUST_CHECK enum fw_err nfqueue_read(struct nfqueue *q, nfqueue_fn *fn,
				       void *ctx, unsigned *out_lost);

/* Note a verdict (NF_ACCEPT, NF_DROP, NF_REPEAT) with the packet's new mark;
 * nfqueue_flush() sends all that were noted. */
void nfqueue_verdict(struct nfqueue *q, uint32_t id, uint32_t verdict,
		     uint32_t mark);
/* The same, and the packet becomes these bytes, from its IP header on. */
void nfqueue_verdict_with(struct nfqueue *q, uint32_t id, uint32_t verdict,
			  uint32_t mark, struct reader bytes);
void nfqueue_flush(struct nfqueue *q);
