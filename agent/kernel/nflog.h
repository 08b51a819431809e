/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the ruleset's log statements report: prefix and the packet's head. */
#pragma once

#include "policy/base/err.h"
#include "policy/base/reader.h"

struct nflog;

struct nflog_packet {
	const char *prefix; /* NUL-terminated; borrowed */
	uint32_t indev, outdev;
	struct reader payload; /* from the IP header on, cut at the snap length */
};

typedef void nflog_fn(void *ctx, const struct nflog_packet *pkt);

/* FW_ERR_EXIST: another program holds this group.  Owned: nflog_close. */
FW_MUST_CHECK enum fw_err nflog_open(uint16_t group, struct nflog **out_log);
void nflog_close(struct nflog *l);

int nflog_fd(const struct nflog *l);

/* Read what is there (never blocks).  *out_lost counts overruns. */
FW_MUST_CHECK enum fw_err nflog_read(struct nflog *l, nflog_fn *fn, void *ctx,
				     unsigned *out_lost);
