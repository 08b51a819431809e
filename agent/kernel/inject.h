/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Send packets in the name of a flow's ends, over raw sockets. */
#pragma once

#include "policy/base/err.h"
#include "policy/base/ipaddr.h"

/* Opened while there is CAP_NET_RAW; used without. */
struct inject {
	int v4, v6;
};

/* `mark`: of every packet sent, so that the ruleset knows its own. */
FW_MUST_CHECK enum fw_err inject_open(uint32_t mark, struct inject *out);
void inject_close(struct inject *i);

/* A whole IP packet to `dst`; what the network does with it is not waited
 * for. */
enum fw_err inject_send(const struct inject *i, const struct ipaddr *dst,
			const uint8_t *packet, size_t len);
