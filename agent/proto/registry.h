/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table made from protos.def. */
#pragma once

#include "agent/proto/proto.h"

struct registry_row {
	const struct proto *proto;
	const char *told_by; /* what it is told by, for people */
};

/* Row i of a transport, as below; NULL behind the last. */
const struct registry_row *registry_row(uint8_t l4, unsigned i);

/* Row i of a transport (IPPROTO_TCP, IPPROTO_UDP; ICMP has one) in order of
 * probing; static. NULL behind the last. */
const struct proto *registry_get(uint8_t l4, unsigned i);
