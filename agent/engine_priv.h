/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the parts of the engine. */
#pragma once

#include "agent/engine.h"
#include "agent/flow/clients.h"
#include "agent/flow/flow_table.h"
#include "agent/flow/record.h"

struct engine {
	struct engine_options opt;
	const struct policy *policy;
	struct flow_table *flows;
	struct records *records; /* NULL in a replay */
	struct clients *clients;
	/* Of those, the one that has most, as far as is known. */
	uint16_t top;
	struct ipaddr top_address;
	uint32_t n_undecided;
	uint64_t now;            /* of the last packet or tick */
	/* Flows that wait for something: a decision, or a server's word that
	 * it has what was vouched for. */
	struct flow *waits_first, *waits_last;
	uint64_t deadline; /* of the first of them; 0: none */
	unsigned n_held;
	uint64_t started; /* the first packet; 0: none yet */
	bool gave_up;     /* an undecided flow: its client may know when */

	/* A resolver's packet that is changed, or waits (engine_answer.c),
	 * until it gets its verdict; those that have it, while the outputs
	 * borrow. */
	struct answer_packet *in_hand, *given;
	struct flow *in_hand_flow;

	struct engine_output *out; /* what is to be taken */
	size_t n_out, taken, out_capacity;
};

void engine_out(struct engine *e, struct engine_output o);
void engine_out_verdict(struct engine *e, enum output_kind kind, uint32_t id);

/* The flow is looked at again at `when` at the latest. */
void engine_wait(struct engine *e, struct flow *f, uint64_t when);
void engine_wait_end(struct engine *e, struct flow *f);

/* Keep the packet until the decision; false at a ceiling. */
bool engine_hold(struct engine *e, struct flow *f, uint32_t id, uint64_t now);

/* All held packets of the flow get this verdict, in order. */
void engine_release(struct engine *e, struct flow *f, enum output_kind kind);

/* Drop what it holds and forget it. */
void engine_forget(struct engine *e, struct flow *f);

/* --- engine_flow.c -------------------------------------------------------- */

/* The flow of a packet, a new one if there is none; NULL at a ceiling, with the
 * reason. */
struct flow *engine_flow_of(struct engine *e, const struct packet *pkt,
			    const struct engine_input *in, uint64_t now,
			    enum reason *out_why);

/* --- engine_clients.c: what each client may have -------------------------- */

/* May the client of this number have one more undecided flow?  And: this is it,
 * until it is decided. */
bool engine_client_may(const struct engine *e, uint16_t client);
void engine_client_count(struct engine *e, struct flow *f, uint16_t client);
void engine_client_uncount(struct engine *e, struct flow *f);

/* So many packets more, or less, wait in this flow. */
void engine_client_holds(struct engine *e, const struct flow *f, int packets);

/* May it hold one more?  If need be, somebody with more has to give up. */
bool engine_client_may_hold(struct engine *e, const struct flow *f,
			    uint64_t now);
bool engine_client_is_full(const struct engine *e, const struct flow *f);

/* The table is full of undecided flows: one of the client that has most of them
 * is refused and forgotten.  False: nobody has more than this one. */
bool engine_client_makes_room(struct engine *e, uint16_t client, uint64_t now);

/* Flows whose beginning an engine before this one has seen: may there be any?
 * Not once a flow was given up, for that looks the same. */
static inline bool engine_may_be_lost(const struct engine *e, uint64_t now)
{
	return now - e->started < LIMIT_LOST_NS && !e->gave_up;
}

/* --- engine_settle.c ------------------------------------------------------ */

/* A replay is told of the end of every flow. */
void engine_tell_end(struct engine *e, struct flow *f, uint64_t now);

/* Tell an event of a flow (or NULL); what the engine knows is filled in. */
void engine_tell(struct engine *e, struct flow *f, struct event ev);

/* Refuse the flow for a reason that no rule has; `in` is the packet in hand, or
 * NULL. */
void engine_settle_by(struct engine *e, struct flow *f, enum reason reason,
		      enum dir dir, const struct engine_input *in,
		      uint64_t now);

/* Settle a flow; `in` is the packet in hand, or NULL. */
void engine_settle(struct engine *e, struct flow *f, const struct outcome *o,
		   enum dir dir, const struct engine_input *in, uint64_t now);

/* From now on nothing is waited for, and no packet of it goes by. */
void engine_refused(struct engine *e, struct flow *f);

/* Count and tell a verdict on a flow that is not in the table; `in` is the
 * packet in hand, or NULL. */
void engine_tell_outcome(struct engine *e, struct facts *facts,
			 const struct outcome *o, const struct engine_input *in,
			 uint64_t now);

/* What costs more to tell is told where a rule asks for it. */
static inline void engine_make_prints(const struct engine *e, struct facts *f)
{
	if (e->policy->ir.asks_prints)
		facts_make(f);
}

/* --- engine_bytes.c: the bytes of a packet ---------------------------------
 */

enum engine_taken {
	TAKEN_OK,
	TAKEN_REPEAT, /* a retransmit of what is known */
	TAKEN_CONFLICT,
	TAKEN_LIMIT,
	TAKEN_URGENT, /* the receiver takes a byte out of the stream */
};

/* Into order, and to the protocol, what of the packet is new. */
enum engine_taken engine_take(struct engine *e, struct flow *f, enum dir dir,
			      const struct packet *pkt);

/* A packet, and what its bytes came to. */
struct arrival {
	const struct engine_input *in;
	const struct packet *pkt;
	enum dir dir;
	enum engine_taken taken;
};

/* The verdict of a packet of an undecided flow, once its bytes are taken. */
void engine_judge(struct engine *e, struct flow *f, const struct arrival *a,
		  uint64_t now);

/* --- engine_watch.c: what the client of an allowed flow says next ----------
 */

/* May the policy refuse what the client asks next?  The flow was allowed. */
bool engine_must_watch(const struct engine *e, const struct flow *f);
void engine_watch_begin(struct engine *e, struct flow *f);

/* Where bytes are not read, nobody knows any more what is a message and what is
 * none: and the policy may refuse some. */
bool engine_hides_messages(const struct engine *e, const struct flow *f);

/* The server has what was judged: nothing of it is needed any more. */
void engine_watch_release(struct flow *f);

/* Near the end of a body the flow is not left to the kernel: before the server
 * has all of it, nobody may answer in its name for what comes next
 * (engine_tcp_stalls). */
bool engine_watch_awaits_end(struct flow *f);

/* Of a flow whose client has to wait: is it a part of a body, or of what was
 * allowed before, that comes late, or again? */
bool engine_watch_comes_late(const struct flow *f, const struct arrival *a);

/* Nothing of it lies behind a hole. */
bool engine_watch_in_order(const struct flow *f, const struct arrival *a);

/* It goes by, in sight of the server's answers. */
void engine_watch_passes(struct engine *e, struct flow *f,
			 const struct arrival *a);

/* It lies behind a hole of what may be of any size: when there is no room for
 * it, it may be dropped, and comes again when the hole is filled. */
bool engine_watch_comes_again(const struct flow *f, const struct packet *pkt);

/* What a packet tells of how the kernel watches its flow. */
void engine_watch_note(struct flow *f, enum dir dir, const struct packet *pkt,
		       const struct engine_input *in);

/* A flow that an engine before this one has allowed so far, and is in the
 * middle of: false once a message begins, which is judged. */
bool engine_watch_resync(struct engine *e, struct flow *f,
			 const struct arrival *a);

/* A packet of a flow that is allowed so far gets its verdict. */
void engine_watch_packet(struct engine *e, struct flow *f, struct arrival *a,
			 uint64_t now);

/* The same in a replay, which has no verdicts on packets. */
void engine_watch_read_on(struct engine *e, struct flow *f, enum dir dir,
			  const struct engine_input *in, uint64_t now);

/* --- engine_hello.c: what names a server, behind what was allowed ----------
 */

/* May the policy refuse what a hello asks for?  The flow was allowed. */
bool engine_must_listen(const struct engine *e, const struct flow *f);
void engine_listen_begin(struct engine *e, struct flow *f);

/* A packet of such a flow gets its verdict. */
void engine_listen_packet(struct engine *e, struct flow *f, struct arrival *a,
			  uint64_t now);

/* A flow that the kernel knows as such, and that is not known here any more:
 * true when the packet holds no hello; it goes by, and the flow is forgotten.
 */
bool engine_listen_lost(struct engine *e, struct flow *f,
			const struct arrival *a);

/* --- engine_binding.c: what clients were told by their resolvers ----------
 */

/* What the rules say, and then what the client was told. */
struct outcome engine_decide(struct engine *e, const struct flow *f);
struct outcome engine_decide_hurried(struct engine *e, const struct flow *f);

/* Does this flow tell its client addresses?  It is never left to the kernel. */
bool engine_binding_taps(const struct engine *e, const struct flow *f);

/* A packet that the flow's beginning is not known of: does it come from a
 * resolver? */
bool engine_binding_answers(const struct engine *e, const struct packet *pkt,
			    const struct engine_input *in);

/* Learn what a packet says before it gets its verdict.  False: it answers what
 * nobody has asked, or is ahead of what can be kept, and is dropped. */
bool engine_binding_listen(struct engine *e, struct flow *f,
			   const struct arrival *a);

/* --- engine_answer.c: answers that are changed on their way ---------------
 */

/* Are this flow's answers changed? */
bool engine_answers_change(const struct engine *e, const struct flow *f);

/* A message of the resolver; over TCP the first `have` of its bytes, at `seq`.
 * Returns how many of them are final. */
size_t engine_answer_take(struct engine *e, struct flow *f, uint32_t seq,
			  struct reader message, size_t total);

/* Those that waited go on, as far as `to`, and the packet in hand is changed,
 * or waits.  False: it is dropped. */
bool engine_answers_go(struct engine *e, struct flow *f,
		       const struct arrival *a, uint32_t to);

/* The same over UDP. */
bool engine_answer_datagram(struct engine *e, struct flow *f,
			    const struct arrival *a);

/* What the client has needs no second copy. */
void engine_answers_acked(struct flow *f, uint32_t ack);

/* The packet in hand gets its verdict. */
void engine_answer_passes(struct engine *e, enum output_kind kind);

/* Those of a flow that is forgotten. */
void engine_answers_drop(struct engine *e, struct flow *f);

/* What outputs had borrowed. */
void engine_answers_free(struct engine *e);

/* How an allowed flow goes on: to the kernel, unless it must be seen. */
enum output_kind engine_allow_kind(const struct engine *e,
				   const struct flow *f);

/* --- engine_again.c: judged again, by another policy ----------------------
 */

/* It is left to the kernel. */
void engine_remember(struct engine *e, const struct flow *f);

/* A flow whose beginning is not in the table, but remembered: its facts come
 * back.  False: it is not. */
bool engine_recall(const struct engine *e, struct flow *f);
void engine_judge_recalled(struct engine *e, struct flow *f, enum dir dir,
			   const struct engine_input *in, uint64_t now);

/* It was decided by the policy before this one, and is not left to the kernel
 * yet. */
void engine_judge_decided(struct engine *e, struct flow *f);

/* --- engine_tcp.c: segments in the name of a flow's ends ------------------ */

/* Was something acknowledged in the server's name that it has not yet? */
bool engine_tcp_owes(const struct flow *f);

/* Remember what the server says that it has. */
void engine_tcp_note_ack(struct flow *f, const struct arrival *a);

/* Of a packet that comes again, and whose end has to wait: the server gets what
 * lies before the undecided message (a body's end). */
void engine_tcp_hand_on(struct engine *e, const struct flow *f,
			const struct packet *pkt);

/* Remember what this side's header says. */
void engine_tcp_note(struct flow *f, enum dir dir, const struct packet *pkt);

/* What the other end will have been given once this packet passes. */
void engine_tcp_passed(struct flow *f, enum dir dir, const struct packet *pkt);

/* The reset that tells `to` that its peer is gone, as if the peer sent it. */
void engine_tcp_reset(struct engine *e, const struct flow *f, enum dir to);

/* Has the client come to a stop because nobody acknowledges what is held? */
bool engine_tcp_stalls(const struct flow *f, bool repeat);

/* Acknowledge in the server's name what is there in order; from now on the
 * stream's copy stands for the held packets, which are dropped. */
void engine_tcp_vouch(struct engine *e, struct flow *f);

/* Has the client gone on behind what its server has to answer first (a request
 * for a tunnel, and what is to go through it in the same packet)?  And: the
 * server gets what it has to answer, from us; the rest is kept until it has.
 * `id`: the packet in hand, which gets its verdict. */
bool engine_tcp_runs_ahead(const struct flow *f);
void engine_tcp_let_ahead(struct engine *e, struct flow *f, uint32_t id,
			  uint64_t now);

/* The server may have what was vouched for, up to there: send it, and again
 * whenever f->deliver_next has come, until it says that it has it. */
void engine_tcp_deliver_begin(struct engine *e, struct flow *f, uint32_t to,
			      uint64_t now);
void engine_tcp_deliver(struct engine *e, struct flow *f, uint64_t now);

/* What a packet of the server says of that. */
void engine_tcp_acked(struct engine *e, struct flow *f,
		      const struct packet *pkt);

/* A packet of a decided flow that is being delivered gets its verdict. */
void engine_tcp_deliver_packet(struct engine *e, struct flow *f, enum dir dir,
			       const struct packet *pkt, uint32_t id);

/* --- engine_confirm.c: does the server have what was judged? ---------------
 */

/* The flow was allowed for its bytes; false when there are none. */
bool engine_confirm_begin(struct flow *f);

/* A packet of a flow that is being confirmed gets its verdict. */
void engine_confirm_packet(struct engine *e, struct flow *f, struct arrival *a,
			   uint64_t now);

/* A packet by the server's address: did it come from the server's side? */
bool engine_is_from_server(const struct flow *f, const struct engine_input *in);

/* Is sequence number a before b?  They wrap. */
static inline bool engine_tcp_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}
