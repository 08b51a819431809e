/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Flows over UDP that are allowed for what their client said first, where the
 * policy might refuse a client of QUIC or DTLS for the server that it names, or
 * one of DNS for the name that it asks for.
 *
 * A server of these passes over what is none of its protocol, and a second
 * connection may follow between the same ports: so the kernel queues what
 * begins like a hello or a question (chains c_hello and c_question of
 * nft-templates/gateway.nft), and passes the rest.  That is judged as if
 * nothing had come before; until a hello is whole, its datagrams are held.
 */
#include "agent/engine_priv.h"

#include <netinet/in.h>

/* Nothing but that a hello begins, in place of what there was; or a question,
 * of which there is no more to know where no rule asks for the name in it. */
static struct facts with_hello(const struct engine *e, const struct flow *f,
			       enum app app)
{
	const struct facts_begin *begin = f->facts.begin;
	struct facts later = f->facts;

	later.layers[later.n_layers - 1] = (struct facts_layer){
		.app = (uint8_t)app,
		.settled = (APPS_WITH_QUESTIONS & APP_BIT(app)) &&
			   !e->policy->ir.asks_questions};
	later.values = begin->values;
	later.n_values = begin->n_values;
	later.dropped = begin->dropped;
	return later;
}

bool engine_must_listen(const struct engine *e, const struct flow *f)
{
	static const enum app apps[] = {APP_QUIC, APP_DTLS,  APP_DNS,
					APP_MDNS, APP_LLMNR, APP_NETBIOS};

	if (f->facts.l4 != IPPROTO_UDP || f->facts.n_layers == 0)
		return false;
	/* Without memory it is not known what it would change. */
	if (!f->facts.begin)
		return true;
	for (size_t i = 0; i < sizeof(apps) / sizeof(*apps); i++) {
		struct facts later = with_hello(e, f, apps[i]);

		if (decide_flow(&e->policy->ir, &later).kind != DECISION_ALLOW)
			return true;
	}
	return false;
}

void engine_listen_begin(struct engine *e, struct flow *f)
{
	f->stack.listens = true;
	f->facts.judged = true;
	f->facts.forgets = !e->opt.read_on;
}

/* Another message of a protocol that the policy does not watch is allowed as
 * those before it. */
static bool is_alike(const struct flow *f, struct reader datagram)
{
	const struct proto *p = f->stack.current;

	return p && p->skips && p->is_hello && p->is_hello(datagram);
}

void engine_listen_packet(struct engine *e, struct flow *f, struct arrival *a,
			  uint64_t now)
{
	if (a->dir == DIR_SERVER ||
	    !proto_stack_hears(&f->stack, a->pkt->payload) ||
	    is_alike(f, a->pkt->payload)) {
		engine_out_verdict(e, engine_allow_kind(e, f), a->in->id);
		return;
	}
	a->taken = engine_take(e, f, a->dir, a->pkt);
	f->decided = false;
	engine_judge(e, f, a, now);
}

bool engine_listen_lost(struct engine *e, struct flow *f,
			const struct arrival *a)
{
	if (f->decided || f->stack.state != STACK_PROBING ||
	    proto_stack_hears(&f->stack, a->pkt->payload))
		return false;
	engine_out_verdict(e, OUTPUT_LISTEN, a->in->id);
	engine_forget(e, f);
	return true;
}
