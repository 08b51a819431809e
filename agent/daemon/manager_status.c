/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/daemon/manager_priv.h"

#include "agent/daemon/boot.h"
#include "agent/daemon/worker_queue.h"
#include "agent/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Silent for longer, the engine counts as not alive. */
#define SILENT_NS 3000000000ULL

static json_t *counters_json(const struct stats *s)
{
	json_t *o = json_object();

	for (enum stats_counter i = 0; i < STAT_COUNT; i++)
		json_object_set_new(o, stat_name(i),
				    json_integer((json_int_t)s->counters[i]));
	return o;
}

static json_t *reasons_json(const struct stats *s)
{
	json_t *o = json_object();

	for (enum reason r = 0; r < REASON_COUNT; r++)
		if (s->by_reason[r])
			json_object_set_new(
				o, reason_name(r),
				json_integer((json_int_t)s->by_reason[r]));
	return o;
}

/* Columns of /proc/net/netfilter/nfnetlink_queue for our queues: number, port
 * id, waiting, copy mode, copy range, dropped, user dropped, last id. */
static json_t *queues_json(const struct manager *m)
{
	FILE *f = fopen("/proc/net/netfilter/nfnetlink_queue", "re");
	json_t *list = json_array();
	unsigned v[8];
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		char *at = line;
		size_t n = 0;

		for (char *end; n < 8; n++, at = end) {
			v[n] = (unsigned)strtoul(at, &end, 10);
			if (end == at)
				break;
		}
		if (n < 8 || v[0] < m->policy->ir.queue ||
		    v[0] >= (unsigned)m->policy->ir.queue +
				    m->policy->ir.queues)
			continue;
		json_array_append_new(
			list, json_pack("{s:i, s:I, s:I, s:I, s:I}", "number",
					(int)v[0], "waiting", (json_int_t)v[2],
					"dropped", (json_int_t)v[5],
					"user_dropped", (json_int_t)v[6],
					"packets", (json_int_t)v[7]));
	}
	if (f)
		(void)fclose(f);
	return list;
}

/* All engines together, and the client that has most in one of them. */
static json_t *fill_json(const struct manager *m)
{
	unsigned queues = m->policy->ir.queues;
	struct stats_fill all = {0}, f;
	char top[IPADDR_TEXT_MAX] = "";
	json_t *o;

	for (unsigned i = 0; i < queues && i < STATS_QUEUES; i++) {
		f = m->stats->fill[i];
		all.flows += f.flows;
		all.undecided += f.undecided;
		all.held += f.held;
		if (f.top_flows + f.top_held <= all.top_flows + all.top_held)
			continue;
		all.top_flows = f.top_flows;
		all.top_held = f.top_held;
		all.top = f.top;
	}
	o = json_pack("{s:I, s:I, s:I, s:I, s:I}", "flows",
		      (json_int_t)all.flows, "flows_most",
		      (json_int_t)queues * LIMIT_FLOWS, "undecided",
		      (json_int_t)all.undecided, "held", (json_int_t)all.held,
		      "held_most", (json_int_t)queues * LIMIT_HELD_TOTAL);
	if (all.top.family == IP_NONE)
		return o;
	(void)ipaddr_print(&all.top, top);
	json_object_set_new(o, "top_client",
			    json_pack("{s:s, s:I, s:I}", "address", top,
				      "undecided", (json_int_t)all.top_flows,
				      "held", (json_int_t)all.top_held));
	return o;
}

/* Which generation is in force, by whom, and what is pending. */
static json_t *generation_json(const struct manager *m)
{
	struct generation g;
	json_t *o;

	if (!manager_in_force(m, &g))
		return json_null();
	o = generation_to_json(&g);
	if (m->pending.generation) {
		json_object_set_new(o, "deadline",
				    json_integer(m->pending.deadline));
		json_object_set_new(o, "left",
				    json_integer(manager_time_left(m)));
		json_object_set_new(o, "previous",
				    json_integer(m->pending.previous));
		json_object_set_new(o, "trouble",
				    json_string(m->rollback_trouble));
	}
	return o;
}

/* By the kernel, not by what the daemon remembers. */
static bool table_stands(const struct manager *m)
{
	bool there;

	return !nft_table_present(&m->nft, MANAGER_TABLE, &there) && there;
}

static json_t *table_json(const struct manager *m)
{
	json_t *o =
		json_pack("{s:s, s:b, s:b, s:I}", "name", MANAGER_TABLE,
			  "present", table_stands(m), "owner",
			  m->table_flags != 0, "healed", (json_int_t)m->healed);

	manager_foreign_tell(o);
	manager_listeners_tell(m, o);
	return o;
}

json_t *manager_policy_json(const struct manager *m)
{
	const struct policy *p = m->policy;

	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:i}", "digest", p->digest,
			 "gateway", p->ir.name, "mode",
			 p->ir.observe ? "observe" : "enforce", "fail",
			 p->ir.fail_open ? "open" : "closed", "since",
			 (json_int_t)(m->since_ns / 1000000000), "rules",
			 (int)p->ir.n_all);
}

json_t *manager_status(const struct manager *m)
{
	uint64_t now = steady_now();
	json_t *o =
		json_pack("{s:b, s:i, s:s, s:I}", "ok", 1, "exit", 0, "version",
			  FWAGENT_VERSION, "pid", (json_int_t)getpid());
	uint64_t alive = stats_alive_oldest(m->stats);

	if (m->panic)
		json_object_set(o, "panic", m->panic);
	json_object_set_new(o, "table", table_json(m));
	json_object_set_new(o, "counters", counters_json(m->stats));
	json_object_set_new(o, "reasons", reasons_json(m->stats));
	json_object_set_new(o, "engine",
			    json_pack("{s:b, s:I, s:I, s:I}", "alive",
				      m->verdict.pid && now - alive < SILENT_NS,
				      "pid", (json_int_t)m->verdict.pid,
				      "restarts", (json_int_t)m->restarts,
				      "events_unwritten",
				      (json_int_t)evelog_lost(&m->log)));
	if (!m->policy)
		return o;
	json_object_set_new(o, "generation", generation_json(m));
	json_object_set_new(o, "policy", manager_policy_json(m));
	json_object_set_new(o, "fill", fill_json(m));
	json_object_set_new(o, "queue",
			    json_pack("{s:s, s:o}", "target",
				      !m->policy->ruleset.queues ? "none"
				      : m->queue == QUEUE_NATIVE ? "native"
								 : "xt",
				      "queues", queues_json(m)));
	return o;
}
