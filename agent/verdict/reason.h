/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The closed list of reasons. */
#pragma once

#include "policy/base/str.h"

enum reason {
#define X(id, name, attack, text) REASON_##id,
#include "agent/verdict/reasons.def"
#undef X
	REASON_COUNT
};

/* All static; "" where there is none. */
const char *reason_name(enum reason reason);
const char *reason_attack(enum reason reason);
const char *reason_text(enum reason reason);

/* REASON_COUNT when there is no such name. */
enum reason reason_find(struct str name);
