/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/verdict/stats.h"

#include <string.h>

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

uint64_t stats_alive_oldest(const struct stats *s)
{
	uint64_t oldest = 0;

	for (unsigned i = 0; i < STATS_QUEUES; i++) {
		uint64_t at =
			__atomic_load_n(&s->alive_ns[i], __ATOMIC_RELAXED);

		if (at && (!oldest || at < oldest))
			oldest = at;
	}
	return oldest;
}

void stats_alive_forget(struct stats *s)
{
	for (unsigned i = 0; i < STATS_QUEUES; i++)
		stats_alive(s, i, 0);
	memset(s->fill, 0, sizeof(s->fill));
}
