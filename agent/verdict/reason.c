/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/verdict/reason.h"

static const struct {
	const char *name, *attack, *text;
} reasons[REASON_COUNT + 1] = {
#define X(id, name, attack, text) {name, attack, text},
#include "agent/verdict/reasons.def"
#undef X
	{"", "", ""},
};

const char *reason_name(enum reason reason)
{
	return reasons[reason < REASON_COUNT ? reason : REASON_COUNT].name;
}

const char *reason_attack(enum reason reason)
{
	return reasons[reason < REASON_COUNT ? reason : REASON_COUNT].attack;
}

const char *reason_text(enum reason reason)
{
	return reasons[reason < REASON_COUNT ? reason : REASON_COUNT].text;
}

enum reason reason_find(struct str name)
{
	for (enum reason r = 0; r < REASON_COUNT; r++)
		if (str_is(name, reasons[r].name))
			return r;
	return REASON_COUNT;
}
