/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Our table in the kernel: changed by us, healed when others change it, found
 * again after a start.
 *
 * Where the kernel can, the table belongs to our socket: nobody else may change
 * it, and it stays when we go.  Elsewhere every change by others is noticed and
 * undone within a second.
 */
#include "agent/daemon/manager_priv.h"

#include "agent/daemon/aside.h"
#include "agent/daemon/boot.h"
#include "agent/daemon/worker_queue.h"
#include "policy/base/hash.h"
#include "policy/base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#define ERRORS_NAMED 20
/* How often a batch is made anew that somebody has overtaken. */
#define TRIES 8
/* Some tens of thousands of elements. */
#define LARGE_BATCH (1UL * 1024 * 1024)
#define HEAL_NS     1000000000ULL
#define COUNTERS_NS 5000000000ULL
#define LOADED_FILE "loaded.json"

/* --- what the kernel does not take -----------------------------------------
 */

static const struct nl_source *source_of(const struct nl_batch *batch,
					 const struct nft_error *e)
{
	static const struct nl_source whole = {.what = "the batch", .name = ""};

	if (e->seq < 1 || e->seq > batch->sources.n)
		return &whole;
	return &batch->sources.items[e->seq - 1];
}

/* One rule of a policy may stand in many chains: it is named once. */
static bool was_named(const struct nl_batch *batch,
		      const struct nft_errors *errors, size_t i)
{
	const struct nl_source *s = source_of(batch, &errors->items[i]);

	for (size_t j = 0; j < i; j++) {
		const struct nl_source *t = source_of(batch, &errors->items[j]);

		if (errors->items[j].errnum == errors->items[i].errnum &&
		    !strcmp(s->what, t->what) && !strcmp(s->name, t->name))
			return true;
	}
	return false;
}

/* The kernel's errors, by the rule or set that each stands for. */
static void explain_batch(struct answer *a, const struct nl_batch *batch,
			  const struct nft_errors *errors)
{
	size_t named = 0;

	if (errors->n == 0)
		answer_refuse(a, 1,
			      "the ruleset could not be sent to the kernel: %s",
			      strerror(errno));
	for (size_t i = 0; i < errors->n; i++) {
		const struct nl_source *s = source_of(batch, &errors->items[i]);

		if (was_named(batch, errors, i) || ++named > ERRORS_NAMED)
			continue;
		answer_refuse(a, 1, "the kernel refuses %s '%s': %s", s->what,
			      s->name, nft_error_text(errors->items[i].errnum));
	}
	if (named > ERRORS_NAMED)
		answer_refuse(a, 1, "and %zu more", named - ERRORS_NAMED);
}

/* --- what a start needs to know of the one before ---------------------------
 */

/* Another program may make another ruleset of the same policy. */
static void program_id(char *out, size_t room)
{
	struct stat st = {0};

	(void)stat("/proc/self/exe", &st);
	(void)snprintf(out, room, "%s %" PRIu64 ".%" PRIu64 ".%" PRId64,
		       FWAGENT_VERSION, (uint64_t)st.st_ino,
		       (uint64_t)st.st_size, (int64_t)st.st_mtime);
}

/* What the compile was told by the system, but for the time. */
static uint64_t env_sum(const struct sysenv *env)
{
	return hash_text(env->names, env->n_names * sizeof(*env->names)) ^
	       (uint64_t)(int64_t)env->env.utc_offset;
}

static json_t *loaded_json(const struct manager *m, const struct policy *p,
			   uint32_t genid)
{
	char boot[BOOT_ID_MAX], program[120], env[32];

	boot_id(boot);
	program_id(program, sizeof(program));
	(void)snprintf(env, sizeof(env), "%" PRIx64, env_sum(&m->env));
	return json_pack("{s:s, s:s, s:s, s:s, s:i, s:I, s:i}", "boot_id", boot,
			 "program", program, "env", env, "digest", p->digest,
			 "generation", (int)p->ir.generation, "genid",
			 (json_int_t)genid, "queue", (int)m->queue);
}

/* False, too, when it is not known. */
static bool is_as_we_left_it(const struct manager *m, const struct policy *p)
{
	json_t *now;
	uint32_t genid;
	bool same;

	if (!m->loaded || nft_genid(&m->nft, &genid) != FW_OK)
		return false;
	now = loaded_json(m, p, genid);
	same = json_equal(now, m->loaded);
	json_decref(now);
	return same;
}

unsigned manager_loaded_generation(const struct manager *m)
{
	json_int_t n =
		json_integer_value(json_object_get(m->loaded, "generation"));

	return n >= 1 && n <= 31 ? (unsigned)n : 1;
}

bool manager_was_loaded(const struct manager *m, const struct policy *p)
{
	const char *digest =
		json_string_value(json_object_get(m->loaded, "digest"));

	return digest && !strcmp(digest, p->digest);
}

/* `expected`: the genid, when nobody else has changed anything while nobody
 * listened; 0: somebody did all the time. */
static void note_loaded(struct manager *m, const struct policy *p,
			uint32_t expected)
{
	uint32_t genid = 0;

	/* A table that is ours alone needs no fingerprint. */
	m->table_known =
		nft_genid(&m->nft, &genid) == FW_OK &&
		(m->table_flags || nft_fingerprint(&m->nft, MANAGER_TABLE,
						   &m->table_sum) == FW_OK);
	m->change = (struct nft_change){
		.touched = !m->table_flags && expected && genid != expected};
	if (m->store_open &&
	    store_record_set(&m->store, LOADED_FILE, loaded_json(m, p, genid)))
		log_warning("%s/" LOADED_FILE " cannot be written: the next "
			    "start will load the ruleset anew",
			    m->opt.state_dir);
}

/* --- send -------------------------------------------------------------------
 */

/* One try, aside. */
struct sending {
	struct manager *m;
	struct answer *answer;
	struct policy *policy;
	enum queue_target queue;
	bool last; /* whoever comes between */
	bool large;
	struct nft_errors errors;
	enum fw_err err;
	uint32_t genid; /* of what it was made for */
};

/* What is known to be there, or NULL. */
static const struct ruleset *known_ruleset(struct manager *m)
{
	nft_watch(&m->nft, MANAGER_TABLE, &m->change);
	if (!m->policy || !m->table_known || m->change.touched ||
	    m->change.lost)
		return NULL;
	return &m->policy->ruleset;
}

/* The batch from what is there, if that is known, to the policy's. */
static void send_once(void *arg)
{
	struct sending *s = arg;
	struct manager *m = s->m;
	struct policy *p = s->policy;
	const struct ruleset *loaded;
	struct nl_batch batch;

	s->errors.n = s->errors.more = 0;
	s->err = nft_genid(&m->nft, &s->genid);
	if (s->err)
		return;
	loaded = s->last ? NULL : known_ruleset(m);
	p->ruleset.table_flags = m->table_flags;
	/* A table that is made anew goes on counting where this one was. */
	if (!loaded && nft_counters_read(p->ruleset.table, &m->counters))
		log_warning("the counters cannot be read: they may begin "
			    "anew");
	p->ruleset.counted = loaded ? NULL : &m->counters.values;
	s->err = backend_nl(loaded, &p->ruleset, s->queue,
			    s->last ? 0 : s->genid, &p->arena, &batch);
	if (s->err)
		return;
	s->large = batch.len > LARGE_BATCH;
	s->err = nft_send(&m->nft, &batch, &s->errors);
	if (s->err && (s->last || !nft_was_overtaken(&s->errors)))
		explain_batch(s->answer, &batch, &s->errors);
	nl_batch_done(&batch);
}

bool manager_send(struct manager *m, struct answer *a, struct policy *p,
		  enum queue_target queue)
{
	struct sending s = {.m = m,
			    .answer = a,
			    .policy = p,
			    .queue = queue,
			    .err = FW_ERR_AGAIN};

	FW_ASSERT(p);
	/* A socket of ours must own it again. */
	if (!m->policy && is_as_we_left_it(m, p) &&
	    (!m->table_flags || nft_table_claim(&m->nft, MANAGER_TABLE,
						m->table_flags) == FW_OK)) {
		log_info("the ruleset is there as it was left: nothing is "
			 "sent");
		p->ruleset.table_flags = m->table_flags;
		note_loaded(m, p, 0);
		return true;
	}
	for (unsigned i = 0; i < TRIES && s.err; i++) {
		s.last = i + 1 == TRIES;
		manager_aside(m, send_once, &s);
		if (s.err && !nft_was_overtaken(&s.errors))
			break;
	}
	if (s.err && s.errors.n == 0 && !a->exit)
		answer_refuse(a, 1, "the ruleset cannot be made: %s",
			      fw_err_text(s.err));
	if (!s.err && s.large)
		manager_listeners_warn(m, &a->text);
	if (!s.err)
		note_loaded(m, p, s.errors.deaf ? s.genid + 1 : 0);
	return !s.err;
}

void manager_counters_tick(struct manager *m, uint64_t now)
{
	if (m->table_flags || !m->policy || now - m->counters_ns < COUNTERS_NS)
		return;
	m->counters_ns = now;
	if (nft_counters_read(MANAGER_TABLE, &m->counters))
		log_debug("the counters cannot be read");
}

/* --- heal -------------------------------------------------------------------
 */

/* Too many events to read: has the table changed? */
static bool is_changed(const struct manager *m)
{
	uint64_t sum;

	return !m->table_flags &&
	       (nft_fingerprint(&m->nft, MANAGER_TABLE, &sum) != FW_OK ||
		sum != m->table_sum);
}

void manager_heal(struct manager *m)
{
	struct policy *p = m->policy;
	uint64_t now = steady_now();
	struct nft_change who;
	struct answer a = {0};

	nft_watch(&m->nft, MANAGER_TABLE, &m->change);
	if (m->change.lost && !m->change.touched && p) {
		m->change.lost = false;
		m->change.touched = is_changed(m);
	}
	if (!p || !m->change.touched || now < m->heal_ns)
		return;
	who = m->change;
	m->table_known = false;
	m->heal_ns = now + HEAL_NS;
	manager_panic_again(m);
	strbuf_init(&a.text, 0);
	if (manager_send(m, &a, p, m->queue)) {
		m->healed++;
		manager_tell(m, REASON_AGENT_TABLE,
			     "%s (pid %d) changed the table " MANAGER_TABLE
			     ": it is restored; its rates and connection "
			     "limits begin anew",
			     who.program[0] ? who.program : "somebody",
			     (int)who.pid);
	} else {
		m->change.touched = true;
		log_error("the table " MANAGER_TABLE " was changed by %s (pid "
			  "%d) and cannot be restored: %s",
			  who.program[0] ? who.program : "somebody",
			  (int)who.pid, strbuf_text(&a.text));
	}
	strbuf_done(&a.text);
}
