/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Generations: what is stored of an apply, what has to be confirmed, and the
 * way back.
 *
 * A policy that must be confirmed is on disk as pending before the kernel has
 * it, and `confirmed` points to the one before.  Whatever then dies - fwctl,
 * this daemon, the machine - the way back is known: a daemon that starts again
 * goes on counting; another boot begins with what was confirmed.
 *
 *	before the batch    generation, pending.json
 *	after it            current -> generation (confirmed first, when nothing
 *			    has to be confirmed)
 *	confirmed           confirmed -> generation, then no pending.json
 *	not in time         batch of the previous, current -> previous, then no
 *			    pending.json
 *
 * So `current` and `confirmed` differ only while something is pending: when
 * they differ at a start without a pending.json that still counts, a crash came
 * between, and what is confirmed is put into force.
 */
#include "agent/daemon/manager_priv.h"

#include "agent/daemon/author.h"
#include "agent/daemon/boot.h"
#include "agent/daemon/worker_queue.h"
#include "agent/limits.h"
#include "policy/base/log.h"

#include <stdio.h>

#define RETRY_ROLLBACK_NS 2000000000ULL
#define CLOCK_NS          5000000000ULL

/* --- confirm and go back ------------------------------------------------- */
static void pending_ends(struct manager *m)
{
	manager_complain(store_pending_clear(&m->store), "what is pending");
	m->pending = (struct pending){0};
	m->rollback_ns = 0;
	m->rollback_trouble[0] = '\0';
}

/* `to` (0: no policy at all) into force again, in place of what is. */
static bool go_back(struct manager *m, unsigned to, const json_t *flows,
		    bool force, struct answer *a)
{
	unsigned from = m->generation ? m->generation : m->pending.generation;
	bool done = to ? manager_put_stored(m, to, flows, force, a)
		       : manager_put_none(m, a);

	if (!done)
		return false;
	manager_complain(store_point(&m->store, STORE_CONFIRMED, to),
			 "which generation is confirmed");
	manager_complain(store_point(&m->store, STORE_CURRENT, to),
			 "which generation is in force");
	if (from != to)
		manager_set_state(m, from, GENERATION_ROLLED_BACK);
	manager_set_state(m, to, GENERATION_CONFIRMED);
	pending_ends(m);
	return true;
}

static bool go_back_to(struct manager *m, unsigned to, const char *why)
{
	unsigned from = m->pending.generation;
	struct answer a = {0};
	bool done;

	strbuf_init(&a.text, 0);
	done = go_back(m, to, NULL, true, &a);
	if (done) {
		log_warning("generation %u %s: generation %u is in force "
			    "again",
			    from, why, to);
		strbuf_done(&a.text);
		return true;
	}
	(void)snprintf(m->rollback_trouble, sizeof(m->rollback_trouble), "%.*s",
		       (int)strcspn(strbuf_text(&a.text), "\n"),
		       strbuf_text(&a.text));
	log_error("generation %u %s, but generation %u cannot be put into "
		  "force: %s",
		  from, why, to, strbuf_text(&a.text));
	strbuf_done(&a.text);
	return false;
}

/* Where the way back is broken, an older one is taken. */
static void go_back_alone(struct manager *m, const char *why)
{
	unsigned to = m->pending.previous;
	bool done = go_back_to(m, to, why);

	while (!done && (to = store_confirmed_before(&m->store, to)))
		done = go_back_to(m, to, why);
	if (!done)
		m->rollback_ns = boot_now() + RETRY_ROLLBACK_NS;
}

void manager_confirm_tick(struct manager *m)
{
	if (m->rollback_ns && boot_now() >= m->rollback_ns)
		go_back_alone(m, "was not confirmed in time");
}

static bool has_times(const struct ir *ir)
{
	for (size_t i = 0; i < ir->n_all; i++)
		if (ir->all[i].times.n || ir->all[i].until)
			return true;
	return false;
}

/* What the policy in force was made with is no more; NULL: it is. */
static const char *what_has_changed(const struct manager *m)
{
	int32_t offset =
		sysenv_utc_offset((int64_t)(worker_now() / 1000000000));

	if (offset != m->utc_offset && has_times(&m->policy->ir))
		return "local time";
	return sysenv_is_stale(&m->env) ? "the number of a user or cgroup"
					: NULL;
}

void manager_clock_tick(struct manager *m, uint64_t now)
{
	struct answer a = {0};
	const char *what;

	if (now - m->clock_ns < CLOCK_NS || !m->policy || !m->generation)
		return;
	m->clock_ns = now;
	what = what_has_changed(m);
	if (!what)
		return;
	strbuf_init(&a.text, 0);
	if (manager_put_stored(m, m->generation, NULL, true, &a))
		log_info("%s has changed: generation %u is made anew", what,
			 m->generation);
	else
		log_error("%s has changed, and generation %u cannot be made "
			  "anew: %s",
			  what, m->generation, strbuf_text(&a.text));
	strbuf_done(&a.text);
}

json_t *manager_confirm(struct manager *m, const json_t *request)
{
	unsigned generation = m->pending.generation;
	const json_t *meant = json_object_get(request, "generation");
	struct answer a = {0};
	enum fw_err err;
	json_t *o;

	strbuf_init(&a.text, 0);
	if (!generation) {
		answer_refuse(&a, 1, "nothing waits to be confirmed");
		return answer_end(&a);
	}
	if (meant && json_integer_value(meant) != (json_int_t)generation) {
		answer_refuse(&a, 1,
			      "it is generation %u that waits to be confirmed",
			      generation);
		return answer_end(&a);
	}
	err = store_point(&m->store, STORE_CONFIRMED, generation);
	if (err) {
		answer_refuse(&a, 1,
			      "it cannot be stored that it is confirmed: %s",
			      fw_err_text(err));
		return answer_end(&a);
	}
	manager_set_state(m, generation, GENERATION_CONFIRMED);
	pending_ends(m);
	log_info("generation %u is confirmed", generation);
	o = answer_end(&a);
	json_object_set_new(o, "generation", json_integer(generation));
	return o;
}

/* What was in force before; 0: nothing, or it is forgotten. */
static unsigned in_force_before(const struct manager *m)
{
	struct generation g, before;

	if (!manager_in_force(m, &g) ||
	    store_get(&m->store, g.previous, &before))
		return 0;
	return g.previous;
}

/* Who takes back what is not confirmed yet was there before it: the way back is
 * always open. */
static bool is_the_way_back(const struct manager *m, unsigned to)
{
	return m->pending.generation && to == m->pending.previous;
}

json_t *manager_rollback(struct manager *m, const json_t *request,
			 const struct server_peer *peer)
{
	const json_t *wanted = json_object_get(request, "generation");
	unsigned to = (unsigned)json_integer_value(wanted);
	unsigned from = m->generation;
	struct answer a = {0};
	char author[80];
	bool force;
	json_t *o;

	strbuf_init(&a.text, 0);
	if (!wanted && m->pending.generation)
		to = m->pending.previous;
	else if (!wanted)
		to = in_force_before(m);
	force = is_the_way_back(m, to) ||
		json_is_true(json_object_get(request, "force"));
	if (!to && !m->pending.generation)
		answer_refuse(&a, 1,
			      "there is no earlier generation to go back to");
	else if (to == m->generation && !m->pending.generation)
		answer_refuse(&a, 1, "generation %u is in force", to);
	else if (go_back(m, to, json_object_get(request, "flows"), force, &a)) {
		author_name(peer->uid, author, sizeof(author));
		log_info("generation %u is in force again, by %s", to, author);
	}
	o = answer_end(&a);
	json_object_set_new(o, "generation", json_integer(to));
	json_object_set_new(o, "from", json_integer(from));
	return o;
}

/* --- start --------------------------------------------------------------- */

/* Pending by meta.json, but not by pending.json: a crash came between.
 */
static void settle_leftovers(struct manager *m)
{
	unsigned all[LIMIT_GENERATIONS * 2];
	size_t n = store_list(&m->store, all, sizeof(all) / sizeof(*all));
	unsigned current = store_pointer(&m->store, STORE_CURRENT);
	unsigned confirmed = store_pointer(&m->store, STORE_CONFIRMED);
	struct generation g;

	for (size_t i = 0; i < n; i++) {
		if ((all[i] == current && current != confirmed) ||
		    store_get(&m->store, all[i], &g) ||
		    g.state != GENERATION_PENDING)
			continue;
		manager_set_state(m, all[i],
				  all[i] == confirmed ? GENERATION_CONFIRMED
						      : GENERATION_ABANDONED);
	}
}

/* Why what is in force must not stay, or NULL. */
static const char *why_go_back(const struct manager *m, unsigned current)
{
	const struct pending *p = &m->pending;
	char id[BOOT_ID_MAX];

	boot_id(id);
	if (p->generation != current)
		return "was not put into force in full";
	if (strcmp(id, p->boot_id) != 0)
		return "was not confirmed before the restart of the system";
	return boot_now() >= p->deadline_ns ? "was not confirmed in time"
					    : NULL;
}

static bool load(struct manager *m, unsigned generation)
{
	struct answer a = {0};
	bool done;

	strbuf_init(&a.text, 0);
	done = manager_put_stored(m, generation, NULL, true, &a);
	if (done)
		log_info("policy %s is in force, generation %u",
			 m->policy->digest, generation);
	else
		log_error("generation %u is not in force: %s", generation,
			  strbuf_text(&a.text));
	strbuf_done(&a.text);
	return done;
}

/* That one; when it is broken, the newest before it that was confirmed. */
static void load_newest(struct manager *m, unsigned generation)
{
	while (generation && !load(m, generation))
		generation = store_confirmed_before(&m->store, generation);
}

/* Something is pending, or was. */
static void resume(struct manager *m, unsigned current, unsigned confirmed)
{
	const char *why = why_go_back(m, current);

	m->pending.generation = current;
	m->pending.previous = confirmed;
	m->rollback_ns = m->pending.deadline_ns;
	if (why)
		go_back_alone(m, why);
	else
		load_newest(m, current);
}

void manager_start(struct manager *m)
{
	enum fw_err err = store_open(m->opt.state_dir, &m->store);
	unsigned current, confirmed;

	if (err) {
		log_error("%s: %s", m->opt.state_dir, fw_err_text(err));
		return;
	}
	m->store_open = true;
	manager_unread(store_record(&m->store, "loaded.json", &m->loaded),
		       "what the kernel has");
	manager_unread(store_record(&m->store, "panic.json", &m->panic),
		       "whether panic is on");
	manager_panic_again(m);
	current = store_pointer(&m->store, STORE_CURRENT);
	confirmed = store_pointer(&m->store, STORE_CONFIRMED);
	err = store_pending(&m->store, &m->pending);
	if (!err && current == confirmed)
		pending_ends(m);
	/* What may be pending is taken back, for it is not confirmed. */
	else if (err != FW_ERR_NOENT)
		manager_unread(err, "what is pending");
	settle_leftovers(m);
	if (current != confirmed)
		resume(m, current, confirmed);
	else if (current)
		load_newest(m, current);
	else
		log_info("no policy yet: fwctl apply brings one");
}
