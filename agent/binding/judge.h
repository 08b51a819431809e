/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does what a flow names fit what its client was told? */
#pragma once

#include "agent/binding/answer.h"
#include "agent/verdict/decide.h"

struct binding_case {
	const struct ir *ir;
	const struct facts *facts;
	const struct outcome *allowed; /* what the rules say */
	uint32_t now;
};

/* Whom an answer is for that a flow's resolver gives: what leads a client's
 * flows back to it.  An address of IPv4 that it was told over IPv4 is for its
 * own address of IPv4; for the rest it is known by its Ethernet address, where
 * that is known, as it may have several of IPv6. */
struct binding_askers binding_askers_of(const struct facts *facts);

/* What is used is kept for as long as ir->binding_ttl says. */
enum binding_result binding_judge(struct bindings *b,
				  const struct binding_case *c);
