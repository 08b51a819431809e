/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the ruleset's log statements report: prefix and the packet's head. */
#pragma once

#include "policy/base/err.h"
#include "policy/base/reader.h"

struct klog;

struct klog_packet {
	const char *prefix; /* NUL-terminated; borrowed */
	uint8_t hook;       /* enum nf_inet_hooks */
	uint32_t indev, outdev;
	struct reader
		payload; /* from the IP header on, cut at the snap length */
};

typedef void klog_fn(void *ctx, const struct klog_packet *pkt);

/* FW_ERR_EXIST: another program holds this group.  Owned: klog_close. */
FW_MUST_CHECK enum fw_err klog_open(uint16_t group, struct klog **out_log);
void klog_close(struct klog *l);

int klog_fd(const struct klog *l);

/* Read what is there (never blocks), `most` messages at most.  *out_lost counts
 * overruns. */
FW_MUST_CHECK enum fw_err klog_read(struct klog *l, klog_fn *fn, void *ctx,
				    unsigned most, unsigned *out_lost);
