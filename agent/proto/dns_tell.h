/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a DNS message tells: questions, answers, what goes with them. */
#pragma once

#include "agent/proto/dns_message.h"
#include "policy/facts.h"

/* How many there were. */
struct dns_told {
	uint16_t answers;
};

/* `whole` fits (dns_message_fits).  `questions`: tell what is asked, too.
 * A name or type that the flow has told before is not told again; what is asked
 * has the number of the layer's message. */
void dns_tell(struct reader whole, bool questions, struct dns_told *told,
	      struct facts *facts);
