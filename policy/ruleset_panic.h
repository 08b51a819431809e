/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ruleset of panic: a table of its own that lets nothing pass but those who
 * manage the gateway. */
#pragma once

#include "policy/ruleset.h"

#define PANIC_TABLE "fwagent_panic"

/* Who may go on: clients, the servers (the gateway itself, or addresses), and
 * the servers' ports. */
struct panic_flow {
	struct iprange from, to;
	bool to_self;
	uint8_t l4;
	uint16_t lo, hi;
};

/* The declared management flows of a policy, at most `room`; how many. */
size_t panic_flows_of(const struct ir *ir, struct panic_flow *out, size_t room);

/* FW_ERR_NOMEM is the only failure but that of a broken frame. */
FW_MUST_CHECK enum fw_err panic_ruleset(const struct panic_flow *flows,
					size_t n, struct diag_list *diags,
					struct ruleset *out);
