/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Would a policy cut the one who asks for it, or those who manage the gateway?
 */
#pragma once

#include "policy/base/strbuf.h"
#include "policy/policy.h"

#include <jansson.h>

/* `flows`: connections that fwctl was told of, [{what, src, sport, dst,
 * dport}]; may be NULL.  True: it would, and `said` tells each of them and the
 * rule. */
bool lockout_refuses(const struct policy *p, const json_t *flows,
		     struct strbuf *said);
