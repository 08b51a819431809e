/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The request `apply`: who asks, what for, and may it be done now? */
#include "agent/daemon/manager_priv.h"

#include "agent/daemon/author.h"
#include "agent/daemon/worker_queue.h"
#include "policy/base/log.h"

#include <stdio.h>

#define CONFIRM_MAX_S 86400

static unsigned seconds_at(const json_t *request, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(request, key));

	return n < 0 ? 0 : n > CONFIRM_MAX_S ? CONFIRM_MAX_S : (unsigned)n;
}

/* Somebody else's policy is not overwritten unseen. */
static bool may_follow(const struct manager *m, const json_t *request,
		       unsigned confirm_s, struct answer *a)
{
	const json_t *base = json_object_get(request, "base");
	struct generation g;

	if (m->pending.generation && !confirm_s) {
		answer_refuse(a, 1,
			      "generation %u waits to be confirmed: first "
			      "'fwctl confirm' or 'fwctl rollback', or apply "
			      "with --confirm",
			      m->pending.generation);
		return false;
	}
	if (!base || (unsigned)json_integer_value(base) == m->generation)
		return true;
	if (store_get(&m->store, m->generation, &g))
		g = (struct generation){.author = "somebody"};
	answer_refuse(a, 1,
		      "meanwhile generation %u came into force, applied by "
		      "%s: look at it (fwctl history), then apply again",
		      m->generation, g.author);
	return false;
}

/* Who has to be told that his is gone. */
static void tell_of_abandoned(const struct manager *m, unsigned generation,
			      struct answer *a)
{
	struct generation g;

	if (!generation || store_get(&m->store, generation, &g) != FW_OK)
		return;
	strbuf_addf(&a->text,
		    "generation %u, applied by %s, waited to be confirmed: "
		    "this one takes its place\n",
		    generation, g.author);
}

static void fill_record(struct generation *g, const json_t *request,
			const struct policy *p, const struct server_peer *peer)
{
	*g = (struct generation){.time = (int64_t)(worker_now() / 1000000000),
				 .state = GENERATION_CONFIRMED,
				 .rules = (unsigned)p->ir.n_all};
	(void)snprintf(g->digest, sizeof(g->digest), "%s", p->digest);
	author_name(peer->uid, g->author, sizeof(g->author));
	author_text(json_string_value(json_object_get(request, "told")),
		    g->told, sizeof(g->told));
	author_text(json_string_value(json_object_get(request, "comment")),
		    g->comment, sizeof(g->comment));
}

static void say_done(const struct manager *m, json_t *o)
{
	json_object_set_new(o, "policy", manager_policy_json(m));
	json_object_set_new(o, "findings",
			    json_boolean(m->policy->diags.all.n > 0));
	json_object_set_new(o, "generation", json_integer(m->generation));
}

json_t *manager_apply(struct manager *m, const json_t *request,
		      const struct policy_files *files,
		      const struct server_peer *peer)
{
	const json_t *text = json_object_get(request, "policy");
	struct answer a = {0};
	struct transition t = {
		.confirm_s = seconds_at(request, "confirm"),
		.flows = json_object_get(request, "flows"),
		.force = json_is_true(json_object_get(request, "force")),
		.answer = &a};
	json_t *o;

	strbuf_init(&a.text, 0);
	if (!json_is_string(text))
		answer_refuse(&a, 2, "the request holds no policy");
	else if (may_follow(m, request, t.confirm_s, &a))
		t.policy = manager_compile(m, &a, 0,
					   str_mem(json_string_value(text),
						   json_string_length(text)),
					   files);
	if (t.policy && m->panic)
		strbuf_addf(&a.text, "panic is on: the policy decides only "
				     "after 'fwctl panic off'\n");
	if (t.policy) {
		unsigned waited = m->pending.generation;

		fill_record(&t.record, request, t.policy, peer);
		if (manager_put_in_force(m, &t)) {
			log_info("policy %s is in force, generation %u, "
				 "applied by %s",
				 m->policy->digest, m->generation,
				 t.record.author);
			tell_of_abandoned(m, waited, &a);
		}
	}
	if (!a.exit)
		manager_foreign_warn(&a.text);
	o = answer_end(&a);
	if (!a.exit)
		say_done(m, o);
	return o;
}
