/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a gateway does beside all rules: names and texts, by hygiene.def. */
#pragma once

#include "policy/base/err.h"
#include "policy/base/ipaddr.h"

enum hygiene {
#define X(id, key, on, counter, help) HYGIENE_##id,
#include "policy/hygiene.def"
#undef X
	HYGIENE_COUNT
};

#define HYGIENE_SYN_RATE "200/second burst 400 in all"

const char *hygiene_name(enum hygiene h);
const char *hygiene_text(enum hygiene h);
const char *hygiene_counter(enum hygiene h); /* "" = none */
bool hygiene_usual(enum hygiene h);          /* on where nothing is said */

/* The addresses that a switch of bogons.def stands for, as sources or as
 * destinations; arena. */
FW_MUST_CHECK enum fw_err hygiene_bogons(enum hygiene h, bool source,
					 struct arena *arena,
					 struct ipset *out_set);
