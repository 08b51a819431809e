/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the parts of the manager. */
#pragma once

#include "agent/control/server.h"
#include "agent/daemon/evelog.h"
#include "agent/daemon/manager.h"
#include "agent/daemon/verdict_process.h"
#include "agent/kernel/nftapply.h"
#include "agent/kernel/nftcounters.h"
#include "agent/store/store.h"
#include "policy/backend.h"

struct manager {
	struct manager_options opt;
	int lock, signals;
	struct server *server;
	struct evelog log;
	struct stats *stats;
	struct store store;
	json_t *panic;  /* it is on, and how; or NULL */
	json_t *loaded; /* what the daemon before us has left in the kernel */
	bool store_open;
	struct nft nft;
	uint32_t table_flags; /* of a table that is ours alone; 0: heal it */
	bool table_known;     /* it is as the policy in force has it */
	uint64_t table_sum;   /* its fingerprint then */
	struct nft_change change; /* not healed yet */
	uint64_t heal_ns;         /* not before */
	uint64_t healed;
	struct nft_counters counters; /* as read last */
	uint64_t counters_ns;         /* when that was */
	uint64_t undecided;           /* of them: packets nobody decided */
	uint64_t died_ns;      /* when the verdict process died; 0: it lives */
	struct policy *policy; /* in force, or NULL */
	unsigned generation;   /* its number in the store; 0: not stored */
	struct generation record;   /* what the store keeps of it, or should */
	struct pending pending;     /* generation 0: nothing is */
	uint64_t rollback_ns;       /* CLOCK_BOOTTIME: go back then; 0: no */
	char rollback_trouble[240]; /* why that failed last, or "" */
	struct verdict_process verdict;
	struct bindfile bindings; /* while the policy binds names */
	struct handshake_log handshakes; /* while it has queues */
	struct sysenv env;        /* of the last compile */
	enum queue_target queue;
	int32_t utc_offset; /* that it was made with */
	uint64_t clock_ns;  /* when that was looked at last */
	uint64_t since_ns;  /* in force since */
	uint64_t retry_ns;  /* start the verdict process then; 0: it runs */
	unsigned restarts;
	char *event_room;
	bool stopping;
};

/* What the answer to a request is made of. */
struct answer {
	int exit;           /* of fwctl */
	struct strbuf text; /* errors, or with exit 0 a warning */
};

void answer_refuse(struct answer *a, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Frees what it holds; the result is owned. */
json_t *answer_end(struct answer *a);

/* manager.c: event lines of the verdict process into the log. */
void manager_take_events(struct manager *m);

/* --- manager_apply.c: a policy on its way into force --------------------- */

struct transition {
	struct policy *policy;    /* taken over; its files are lent */
	unsigned generation;      /* where it is in the store already; or 0 */
	struct generation record; /* else what the store shall keep of it */
	const json_t *flows;      /* of who asks: must not be cut; or NULL */
	bool force;               /* whatever it cuts */
	unsigned confirm_s;       /* it must be confirmed within; 0: it is */
	struct pending pending;   /* with confirm_s: as it was stored */
	struct answer *answer;
};

/* A verdict process with what it shares with the manager. */
enum fw_err manager_start_verdict(struct manager *m, const struct policy *p,
				  struct verdict_process *out);

/* Compile a text with its files; NULL when the answer says why not.  `stored`:
 * which generation's it is, for people; 0: none's yet. */
struct policy *manager_compile(struct manager *m, struct answer *a,
			       unsigned stored, struct str text,
			       const struct policy_files *files);

/* False: the answer says why, and all is as it was. */
bool manager_put_in_force(struct manager *m, struct transition *t);

/* Of a generation of the store. */
bool manager_put_stored(struct manager *m, unsigned generation,
			const json_t *flows, bool force, struct answer *a);

/* Back to having none: the table goes away. */
bool manager_put_none(struct manager *m, struct answer *a);

/* The socket for the ruleset, if it is not open yet. */
enum fw_err manager_open_nft(struct manager *m);

/* How this kernel queues what the policy asks of it; false: the answer says why
 * it cannot. */
bool manager_probe_queue(struct manager *m, struct answer *a,
			 const struct policy *p, enum queue_target *out);

/* --- manager_table.c: our table in the kernel ------------------------------
 */

/* Turn the table into the policy's; false: the answer says why not. */
bool manager_send(struct manager *m, struct answer *a, struct policy *p,
		  enum queue_target queue);

/* Something has happened to the agent itself: for the service manager's log,
 * and for the event log. */
__attribute__((format(printf, 3, 4))) void
manager_tell(struct manager *m, enum reason reason, const char *fmt, ...);

/* Packets that were dropped or passed without a decision, since this was asked
 * last. */
uint64_t manager_undecided(struct manager *m);

/* A table that others may take away: what its counters say, for a new one. */
void manager_counters_tick(struct manager *m, uint64_t now);

/* What others have done to it is undone. */
void manager_heal(struct manager *m);

/* At a start: the generation that the engine has to put in its marks, if the
 * table that is there shall go on; and whether the policy is what it was before
 * the start. */
unsigned manager_loaded_generation(const struct manager *m);
bool manager_was_loaded(const struct manager *m, const struct policy *p);

/* --- manager_request.c: the request `apply`; the answer is owned --------- */

json_t *manager_apply(struct manager *m, const json_t *request,
		      const struct policy_files *files,
		      const struct server_peer *peer);

/* --- manager_store.c: what is kept of it ---------------------------------- */

/* Before the ruleset is sent: what must be on disk by then.  False: it is not,
 * and must be. */
bool manager_store_before(struct manager *m, struct transition *t);

/* The kernel did not take it. */
void manager_store_undo(struct manager *m, const struct transition *t);

/* It is in force. */
void manager_store_after(struct manager *m, const struct transition *t);

/* What is in force, as the store has it, or for want of it as it was applied:
 * then its state says so.  False: nothing is. */
bool manager_in_force(const struct manager *m, struct generation *out);

/* Seconds until what is pending is taken back: by the clock that nobody sets.
 */
json_int_t manager_time_left(const struct manager *m);

/* A failure of the disk that changes nothing of what is in force. */
void manager_complain(enum fw_err err, const char *what);

/* What could not be read when the daemon began. */
void manager_unread(enum fw_err err, const char *what);

/* What became of a generation. */
void manager_set_state(struct manager *m, unsigned generation,
		       enum generation_state state);

json_t *manager_history(const struct manager *m);

/* --- manager_confirm.c --------------------------------------------------- */

/* Open the store and put into force what it says; trouble is logged. */
void manager_start(struct manager *m);

/* A policy is made for one offset of local time, and for the numbers that users
 * and cgroups had: when one changes it is put into force anew. */
void manager_clock_tick(struct manager *m, uint64_t now);

/* What was not confirmed in time is taken back. */
void manager_confirm_tick(struct manager *m);

json_t *manager_confirm(struct manager *m, const json_t *request);
json_t *manager_rollback(struct manager *m, const json_t *request,
			 const struct server_peer *peer);

/* --- manager_panic.c ------------------------------------------------------ */

json_t *manager_panic(struct manager *m, const json_t *request,
		      const struct server_peer *peer);

/* It may have been turned on beside a daemon that did not answer in time. */
void manager_panic_learn(struct manager *m);

/* After a start, or when somebody has meddled: have the kernel do it again. */
void manager_panic_again(struct manager *m);

/* --- manager_foreign.c: others that filter here --------------------------- */

/* Their chains, and whether that is all. */
void manager_foreign_tell(json_t *table);

/* Those that make the policy mean something else, a line each. */
void manager_foreign_warn(struct strbuf *out);

/* Who makes large lists slow to load by listening. */
void manager_listeners_tell(const struct manager *m, json_t *table);
void manager_listeners_warn(const struct manager *m, struct strbuf *out);

/* --- manager_status.c: the request `status`; the answer is owned --------- */

json_t *manager_status(const struct manager *m);

/* What is in force, in short; owned.  There must be a policy. */
json_t *manager_policy_json(const struct manager *m);
