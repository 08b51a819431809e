/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens to the agent itself is told as its verdicts are. */
#include "agent/daemon/manager_priv.h"
#include "agent/daemon/worker_queue.h"
#include "agent/verdict/event_line.h"
#include "policy/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void manager_tell(struct manager *m, enum reason reason, const char *fmt, ...)
{
	char text[400], *line;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* Another program's name may be anything. */
	for (char *p = text; *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	log_warning("%s", text);
	stats_reason(m->stats, reason);
	line = event_agent_line(worker_now(),
				m->policy ? m->policy->digest : NULL, reason,
				text);
	if (line)
		evelog_write(&m->log, line, strlen(line));
	else
		stats_add(m->stats, STAT_EVENTS_LOST, 1);
	free(line);
}

uint64_t manager_undecided(struct manager *m)
{
	const struct rs_counted *c;
	uint64_t more;

	if (nft_counters_read(MANAGER_TABLE, &m->counters))
		return 0;
	c = map_get(&m->counters.values, str_of("n_undecided"));
	if (!c)
		return 0;
	/* A table that is made anew goes on counting, but for who flushed it.
	 */
	more = c->packets >= m->undecided ? c->packets - m->undecided
					  : c->packets;
	m->undecided = c->packets;
	stats_add(m->stats, STAT_UNDECIDED, more);
	return more;
}
