/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/verdict/stats.h"

static const struct {
	const char *name, *help;
} stats[] = {
#define X(id, name, help) {name, help},
#include "agent/verdict/stats.def"
#undef X
};

const char *stat_name(enum stats_counter which)
{
	return which < STAT_COUNT ? stats[which].name : "";
}

const char *stat_help(enum stats_counter which)
{
	return which < STAT_COUNT ? stats[which].help : "";
}
