/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The start of the system, before there is a network: the ruleset of the last
 * confirmed policy, as it stands in the store.  What waits to be confirmed is
 * not confirmed by a restart.  The daemon, which comes later, finds the ruleset
 * and goes on with it; until then what only the engine can decide is refused.
 */
#include "agent/daemon/manager_priv.h"

#include "policy/base/log.h"

#include <stdlib.h>

static bool load(struct manager *m, struct policy *p, struct answer *a)
{
	m->queue = QUEUE_NATIVE;
	return manager_probe_queue(m, a, p, &m->queue) &&
	       manager_send(m, a, p, m->queue);
}

static bool load_generation(struct manager *m, unsigned generation)
{
	struct policy_files files;
	struct policy *p;
	struct answer a = {0};
	struct str text;
	enum fw_err err = store_load(&m->store, generation, &text, &files);
	bool done;

	if (err) {
		log_error("generation %u cannot be read: %s", generation,
			  fw_err_text(err));
		return false;
	}
	strbuf_init(&a.text, 0);
	p = manager_compile(m, &a, generation, text, &files);
	done = p && load(m, p, &a);
	if (done)
		log_info("the ruleset of policy %s, generation %u, is loaded",
			 p->digest, generation);
	else
		log_error("generation %u is not loaded: %s", generation,
			  strbuf_text(&a.text));
	policy_free(p);
	str_free(text);
	store_files_free(&files);
	strbuf_done(&a.text);
	return done;
}

/* When it is broken, the newest before it: rather an old policy than none. */
static int load_confirmed(struct manager *m)
{
	unsigned generation = store_pointer(&m->store, STORE_CONFIRMED);

	if (!generation) {
		log_info("no policy was confirmed: nothing is loaded");
		return 0;
	}
	while (generation && !load_generation(m, generation))
		generation = store_confirmed_before(&m->store, generation);
	return generation ? 0 : 1;
}

int manager_boot(const struct manager_options *options)
{
	struct manager *m = calloc(1, sizeof(*m));
	enum fw_err err;
	int status = 1;

	if (!m)
		return 1;
	m->opt = *options;
	err = nft_open(&m->nft);
	if (!err && !options->leave_open)
		err = nft_probe_owner(&m->nft, &m->table_flags);
	if (!err && store_open_read(options->state_dir, &m->store) != FW_OK) {
		log_info("%s: no policy was stored: nothing is loaded",
			 options->state_dir);
		status = 0;
	} else if (!err) {
		m->store_open = true;
		err = store_record(&m->store, "panic.json", &m->panic);
		manager_unread(err, "whether panic is on");
		manager_panic_again(m);
		status = load_confirmed(m);
		if (err)
			status = 1;
		store_close(&m->store);
	} else {
		log_error("nf_tables cannot be asked: %s", fw_err_text(err));
	}
	json_decref(m->panic);
	nft_counters_forget(&m->counters);
	nft_close(&m->nft);
	free(m);
	return status;
}
