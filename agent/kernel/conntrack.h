/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel's connections: look at those of a mark, and change marks. */
#pragma once

#include "policy/base/err.h"
#include "policy/base/ipaddr.h"

/* What names a connection to the kernel: its original direction. */
struct conntrack_tuple {
	struct ipaddr src, dst;
	uint16_t sport, dport;
	uint8_t l4, icmp_type, icmp_code;
	uint16_t icmp_id, zone;
};

/* One connection: who began it, and who answers behind all translation.  For
 * ICMP sport is the id and dport the type. */
struct conntrack_flow {
	struct conntrack_tuple tuple;
	struct ipaddr client, server;
	uint16_t sport, dport;
	uint32_t mark;
};

typedef void conntrack_fn(void *ctx, const struct conntrack_flow *flow);

/* Call `fn` for each with this mark within `mask`. */
FW_MUST_CHECK enum fw_err conntrack_dump(uint32_t mark, uint32_t mask,
					 conntrack_fn *fn, void *ctx);

/* Set the mark within `mask` of each; one that has ended meanwhile is no
 * failure. */
FW_MUST_CHECK enum fw_err conntrack_mark(const struct conntrack_tuple *tuples,
					 size_t n, uint32_t mark,
					 uint32_t mask);

/* End each for the kernel: its next packet begins another. */
FW_MUST_CHECK enum fw_err conntrack_forget(const struct conntrack_tuple *tuples,
					   size_t n);
