/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the store keeps of an apply, and what it tells of it; when it is written
 * stands in manager_confirm.c. */
#include "agent/daemon/manager_priv.h"

#include "agent/daemon/boot.h"
#include "agent/daemon/worker_queue.h"
#include "agent/limits.h"
#include "policy/base/log.h"

#include <stdio.h>

void manager_complain(enum fw_err err, const char *what)
{
	if (err)
		log_error("%s could not be stored: %s", what, fw_err_text(err));
}

void manager_unread(enum fw_err err, const char *what)
{
	if (err)
		log_error("%s cannot be read from the store: %s", what,
			  fw_err_text(err));
}

/* The folder may have been taken away since it was opened. */
static void open_store_again(struct manager *m)
{
	struct store again;

	if (store_open(m->opt.state_dir, &again))
		return;
	if (m->store_open)
		store_close(&m->store);
	m->store = again;
	m->store_open = true;
}

static enum fw_err add_generation(struct manager *m, struct transition *t)
{
	const struct str text =
		str_mem(t->policy->canonical.p, t->policy->canonical.len);
	enum fw_err err = FW_ERR_NOENT;

	if (m->store_open)
		err = store_add(&m->store, &t->record, text, &t->policy->files);
	if (err != FW_ERR_NOENT)
		return err;
	open_store_again(m);
	if (m->store_open)
		err = store_add(&m->store, &t->record, text, &t->policy->files);
	return err;
}

static enum fw_err store_pending_of(struct manager *m, struct transition *t)
{
	struct pending *p = &t->pending;
	struct generation back;

	*p = (struct pending){.generation = t->generation,
			      .previous =
				      store_pointer(&m->store, STORE_CONFIRMED),
			      .seconds = t->confirm_s};
	if (p->previous && store_get(&m->store, p->previous, &back)) {
		log_error("generation %u, the way back, is not in %s any more",
			  p->previous, m->opt.state_dir);
		return FW_ERR_NOENT;
	}

	p->deadline_ns = boot_now() + t->confirm_s * 1000000000ULL;
	p->deadline = (int64_t)(worker_now() / 1000000000) + t->confirm_s;
	boot_id(p->boot_id);
	return store_pending_set(&m->store, p);
}

bool manager_store_before(struct manager *m, struct transition *t)
{
	enum fw_err err;

	if (t->generation)
		return true;
	t->record.previous = m->generation;
	t->record.state =
		t->confirm_s ? GENERATION_PENDING : GENERATION_CONFIRMED;
	err = add_generation(m, t);
	if (!err)
		t->generation = t->record.number;
	if (!err && t->confirm_s)
		err = store_pending_of(m, t);
	if (err && t->confirm_s) {
		manager_store_undo(m, t);
		answer_refuse(t->answer, 1,
			      "it cannot be stored in %s (%s), so nothing "
			      "could take it back in time",
			      m->opt.state_dir, fw_err_text(err));
		return false;
	}
	if (err)
		strbuf_addf(&t->answer->text,
			    "in force, but not stored in %s (%s): it will be "
			    "gone after a restart\n",
			    m->opt.state_dir, fw_err_text(err));
	return true;
}

void manager_store_undo(struct manager *m, const struct transition *t)
{
	/* Only what manager_store_before() has added. */
	if (!t->record.number)
		return;
	if (m->pending.generation)
		manager_complain(store_pending_set(&m->store, &m->pending),
				 "what is pending");
	else
		manager_complain(store_pending_clear(&m->store),
				 "what is pending");
	store_forget(&m->store, t->record.number);
}

void manager_set_state(struct manager *m, unsigned generation,
		       enum generation_state state)
{
	if (generation)
		manager_complain(store_set_state(&m->store, generation, state),
				 "what became of a generation");
}

void manager_store_after(struct manager *m, const struct transition *t)
{
	/* What was in the store before is pointed at by who asked for it. */
	if (!t->record.number)
		return;
	if (!t->confirm_s)
		manager_complain(
			store_point(&m->store, STORE_CONFIRMED, t->generation),
			"which generation is confirmed");
	manager_complain(store_point(&m->store, STORE_CURRENT, t->generation),
			 "which generation is in force");
	if (!t->confirm_s)
		return;
	manager_set_state(m, m->pending.generation, GENERATION_ABANDONED);
	m->pending = t->pending;
	m->rollback_ns = m->pending.deadline_ns;
}

bool manager_in_force(const struct manager *m, struct generation *out)
{
	if (!m->policy)
		return false;
	if (m->generation && !store_get(&m->store, m->generation, out))
		return true;
	*out = m->record;
	out->state = GENERATION_UNSTORED;
	return true;
}

json_int_t manager_time_left(const struct manager *m)
{
	uint64_t now = boot_now(), until = m->pending.deadline_ns;

	return until > now ? (json_int_t)((until - now) / 1000000000) + 1 : 0;
}

json_t *manager_history(const struct manager *m)
{
	unsigned all[LIMIT_GENERATIONS * 2];
	size_t n = store_list(&m->store, all, sizeof(all) / sizeof(*all));
	json_t *list = json_array();
	struct generation g;

	if (manager_in_force(m, &g) && g.state == GENERATION_UNSTORED)
		json_array_append_new(list, generation_to_json(&g));
	for (size_t i = 0; i < n; i++)
		if (store_get(&m->store, all[i], &g) == FW_OK)
			json_array_append_new(list, generation_to_json(&g));
	return json_pack("{s:b, s:i, s:i, s:i, s:I, s:I, s:o}", "ok", 1, "exit",
			 0, "current", (int)m->generation, "pending",
			 (int)m->pending.generation, "deadline",
			 (json_int_t)m->pending.deadline, "left",
			 manager_time_left(m), "generations", list);
}
