/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Send TCP resets in the name of a flow's ends, over raw sockets. */
#pragma once

#include "policy/base/err.h"
#include "policy/base/ipaddr.h"

/* Opened while there is CAP_NET_RAW; used without. */
struct inject {
	int v4, v6;
};

FW_MUST_CHECK enum fw_err inject_open(struct inject *out);
void inject_close(struct inject *i);

struct inject_reset {
	struct ipaddr src, dst;
	uint16_t sport, dport;
	uint32_t seq, ack;
};

/* One segment RST|ACK; what the network does with it is not waited for. */
enum fw_err inject_reset_send(const struct inject *i,
			      const struct inject_reset *reset);

/* The packet alone, for tests: bytes written to `buf` (INJECT_ROOM). */
#define INJECT_ROOM 60
size_t inject_reset_build(const struct inject_reset *reset, uint8_t *buf);
