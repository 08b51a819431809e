/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Each client has a share of what an engine keeps for flows that are undecided.
 * Where all shares together are more than there is, who has most gives up: so a
 * client that floods, or several, or one with many addresses, leaves room for
 * those that do not.
 *
 * What is kept of a decided flow is nobody's share: it goes by age.
 */
#include "agent/engine_priv.h"

/* Of the oldest, so many are looked at: no long search per packet. */
#define LOOKED_AT 64

static size_t share_of(const struct engine *e, size_t all)
{
	/* A capture is read on to its end, whoever is in it. */
	if (e->opt.read_on)
		return SIZE_MAX;
	return (all + LIMIT_CLIENT_PARTS - 1) / LIMIT_CLIENT_PARTS;
}

static const struct client *client_of(const struct engine *e,
				      const struct flow *f)
{
	return clients_at(e->clients, f->client);
}

/* It has more than before.  Who had most, and has no more, is found out when
 * another one grows. */
static void note_top(struct engine *e, const struct flow *f)
{
	const struct client *a = clients_at(e->clients, f->client);
	const struct client *b = clients_at(e->clients, e->top);

	if (f->client == e->top && e->top_address.family)
		return;
	if (a->flows + a->held <= b->flows + b->held && a != b)
		return;
	e->top = f->client;
	e->top_address = f->facts.src;
}

void engine_fill(const struct engine *e, struct stats_fill *out)
{
	const struct client *top = clients_at(e->clients, e->top);

	*out = (struct stats_fill){
		.flows = (uint32_t)flow_table_count(e->flows),
		.undecided = e->n_undecided,
		.held = e->n_held,
		.top_flows = top->flows,
		.top_held = top->held,
	};
	if (top->flows || top->held)
		out->top = e->top_address;
}

/* --- flows --------------------------------------------------------------- */

bool engine_client_may(const struct engine *e, uint16_t client)
{
	size_t most = e->opt.most_flows ? e->opt.most_flows : LIMIT_FLOWS;

	return clients_at(e->clients, client)->flows < share_of(e, most);
}

void engine_client_count(struct engine *e, struct flow *f, uint16_t client)
{
	f->client = client;
	f->counted = true;
	clients_at(e->clients, client)->flows++;
	e->n_undecided++;
	note_top(e, f);
}

void engine_client_uncount(struct engine *e, struct flow *f)
{
	if (!f->counted)
		return;
	clients_at(e->clients, f->client)->flows--;
	e->n_undecided--;
	f->counted = false;
}

/* Refused; or in observe mode passed. */
static void give_up(struct engine *e, struct flow *f, uint64_t now)
{
	e->gave_up = true;
	engine_settle_by(e, f, REASON_CLIENT_LIMIT, DIR_CLIENT, NULL, now);
}

bool engine_client_makes_room(struct engine *e, uint16_t client, uint64_t now)
{
	uint32_t most = clients_at(e->clients, client)->flows;
	struct flow *f = flow_table_oldest(e->flows), *worst = NULL;

	for (unsigned i = 0; f && i < LOOKED_AT; i++, f = f->newer) {
		if (!f->counted || f->delivering ||
		    client_of(e, f)->flows <= most)
			continue;
		worst = f;
		most = client_of(e, f)->flows;
	}
	if (!worst)
		return false;
	give_up(e, worst, now);
	if (worst->delivering)
		return false;
	engine_forget(e, worst);
	return true;
}

/* --- packets ------------------------------------------------------------- */

void engine_client_holds(struct engine *e, const struct flow *f, int packets)
{
	e->n_held += (unsigned)packets;
	clients_at(e->clients, f->client)->held += (unsigned)packets;
	note_top(e, f);
}

bool engine_client_is_full(const struct engine *e, const struct flow *f)
{
	return client_of(e, f)->held >= share_of(e, LIMIT_HELD_TOTAL);
}

/* The one that has waited for longest, of the client that holds most. */
static struct flow *holds_most(const struct engine *e, const struct flow *asks)
{
	uint32_t most = client_of(e, asks)->held;
	struct flow *f = e->waits_first, *worst = NULL;

	for (unsigned i = 0; f && i < LOOKED_AT; i++, f = f->wait_next) {
		if (f->decided || !f->n_held || client_of(e, f)->held <= most)
			continue;
		worst = f;
		most = client_of(e, f)->held;
	}
	return worst;
}

bool engine_client_may_hold(struct engine *e, const struct flow *f,
			    uint64_t now)
{
	struct flow *other;

	if (engine_client_is_full(e, f))
		return false;
	if (e->n_held < LIMIT_HELD_TOTAL)
		return true;
	other = holds_most(e, f);
	if (other)
		give_up(e, other, now);
	return e->n_held < LIMIT_HELD_TOTAL;
}
