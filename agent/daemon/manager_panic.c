/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The request `panic`, and panic over a start. */
#include "agent/daemon/manager_priv.h"

#include "agent/daemon/author.h"
#include "agent/daemon/worker_queue.h"
#include "agent/panic/panic.h"
#include "policy/base/log.h"

static void turn_on(struct manager *m, const json_t *request,
		    const struct server_peer *peer, struct answer *a)
{
	char author[80], told[160];
	const struct panic_order order = {
		.ir = m->policy ? &m->policy->ir : NULL,
		.flows = json_object_get(request, "flows"),
		.before = m->panic,
		.author = author,
		.told = told,
		.now = (int64_t)(worker_now() / 1000000000)};
	json_t *record;
	enum fw_err err;

	author_name(peer->uid, author, sizeof(author));
	author_text(json_string_value(json_object_get(request, "told")), told,
		    sizeof(told));
	record = panic_record(&order);
	err = panic_load(&m->nft, record, m->table_flags);
	if (err) {
		answer_refuse(a, 1, "the kernel does not take it: %s",
			      fw_err_text(err));
		json_decref(record);
		return;
	}
	json_decref(m->panic);
	m->panic = record;
	log_warning("panic is on, by %s", author);
	if (panic_lets_nobody_in(record))
		strbuf_addf(&a->text, PANIC_NOBODY);
	err = store_record_set(&m->store, PANIC_RECORD, json_incref(record));
	if (err)
		strbuf_addf(&a->text,
			    "panic is on, but could not be stored (%s): it "
			    "will be gone after a restart\n",
			    fw_err_text(err));
}

static void turn_off(struct manager *m, struct answer *a)
{
	enum fw_err err = panic_unload(&m->nft);

	if (err) {
		answer_refuse(a, 1, "the kernel does not let go of it: %s",
			      fw_err_text(err));
		return;
	}
	err = store_record_set(&m->store, PANIC_RECORD, NULL);
	if (err)
		strbuf_addf(&a->text, "it comes back after a restart: %s\n",
			    fw_err_text(err));
	if (m->panic)
		log_warning("panic is off");
	json_decref(m->panic);
	m->panic = NULL;
}

json_t *manager_panic(struct manager *m, const json_t *request,
		      const struct server_peer *peer)
{
	struct answer a = {0};

	strbuf_init(&a.text, 0);
	if (json_is_true(json_object_get(request, "on")))
		turn_on(m, request, peer, &a);
	else
		turn_off(m, &a);
	return answer_end(&a);
}

void manager_panic_learn(struct manager *m)
{
	if (!m->panic)
		manager_unread(store_record(&m->store, PANIC_RECORD, &m->panic),
			       "whether panic is on");
}

void manager_panic_again(struct manager *m)
{
	enum fw_err err;

	if (!m->panic)
		return;
	err = panic_load(&m->nft, m->panic, m->table_flags);
	if (err)
		log_error("panic is on, and the kernel does not take it: %s",
			  fw_err_text(err));
}
