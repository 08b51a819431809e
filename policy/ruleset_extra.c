/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a rule asks of a packet beside zones, addresses and services, in a chain
 * w_NAME before the rule's own: nft rules that return what does not fit, and
 * one (or one for each time of the week) that goes on in r_NAME.  So the chain
 * of a pair jumps here, and goes on with its next rule when this one does not
 * hold.
 */
#include "policy/ruleset_priv.h"

#include <stdlib.h>

/* Addresses are left out of the side's own already. */
static bool side_asks_more(const struct ir_side *side)
{
	return side->except.n && (side->any || side->zones);
}

/* What was taken away from one end, by family. */
static void return_except(struct rs_build *b, struct rs_chain *chain,
			  const struct ir_rule *rule,
			  const struct ir_side *side, enum rs_op op)
{
	static const enum ip_family families[] = {IP_V4, IP_V6};

	if (!side_asks_more(side))
		return;
	for (size_t i = 0; i < 2; i++) {
		struct rs_rule *nft;

		if (!ipset_family(&side->except, families[i]).n)
			continue;
		nft = rs_rule_new(b->arena, chain);
		rs_build_add(b, nft,
			     (struct rs_stmt){
				     .op = op,
				     .set = rs_build_addr_set(b, families[i],
							      &side->except,
							      rule->place)});
		rs_build_add(b, nft, (struct rs_stmt){.op = RS_RETURN});
		if (nft)
			nft->place = rule->place;
	}
}

static bool asks_more(const struct ir_rule *rule)
{
	return ir_rule_asks_more(rule) || side_asks_more(&rule->from) ||
	       side_asks_more(&rule->to);
}

/* --- times ---------------------------------------------------------------- */

/* The same seconds of some days in a row. */
struct hours {
	unsigned day, last_day, from, to; /* seconds, both inclusive */
};

typedef VEC(struct hours) hours_list;

/* To the days that have the same hours and end the day before. */
static void add_hours(struct rs_build *b, hours_list *list, struct hours h)
{
	struct hours *slot;

	vec_foreach (known, list) {
		if (known->from != h.from || known->to != h.to ||
		    known->last_day + 1 != h.day)
			continue;
		known->last_day = h.day;
		return;
	}
	slot = vec_push(b->arena, list);
	if (slot)
		*slot = h;
	else
		b->failed = true;
}

/* Windows of the week -> hours of days, in the kernel's own time. */
static hours_list hours_of(struct rs_build *b, const window_list *times)
{
	hours_list list = {0};
	window_list kernel;

	if (!window_list_shift(b->arena, times, -b->ir->tz_minuteswest,
			       &kernel)) {
		b->failed = true;
		return list;
	}
	for (unsigned day = 0; day < 7; day++) {
		unsigned begin = day * DAY_MINUTES, end = begin + DAY_MINUTES;

		vec_foreach (w, &kernel) {
			unsigned from = w->from > begin ? w->from : begin;
			unsigned to = w->to < end ? w->to : end;

			if (from < to)
				add_hours(b, &list,
					  (struct hours){
						  day, day, (from - begin) * 60,
						  (to - begin) * 60 - 1});
		}
	}
	return list;
}

static void match_hours(struct rs_build *b, struct rs_rule *nft,
			const struct hours *h)
{
	bool all_days = h->day == 0 && h->last_day == 6;
	bool all_day = h->from == 0 && h->to == DAY_MINUTES * 60 - 1;

	if (!all_days)
		rs_build_add(b, nft,
			     (struct rs_stmt){.op = RS_DAY,
					      .n = h->day,
					      .m = h->last_day});
	if (!all_day)
		rs_build_add(b, nft,
			     (struct rs_stmt){
				     .op = RS_HOUR, .n = h->from, .m = h->to});
}

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct mac));
}

/* Each address once, sorted: the set is named by its content. */
static void match_mac(struct rs_build *b, struct rs_rule *nft,
		      const struct ir_rule *rule)
{
	struct mac *macs = arena_calloc(b->arena, rule->n_macs, sizeof(*macs));
	struct rs_set set = {
		.type = RS_SET_ETHER, .macs = macs, .place = rule->place};

	if (!macs) {
		b->failed = true;
		return;
	}
	memcpy(macs, rule->macs, rule->n_macs * sizeof(*macs));
	qsort(macs, rule->n_macs, sizeof(*macs), by_bytes);
	for (size_t i = 0; i < rule->n_macs; i++)
		if (!set.n_macs || by_bytes(&macs[set.n_macs - 1], &macs[i]))
			macs[set.n_macs++] = macs[i];
	rs_build_add(b, nft,
		     (struct rs_stmt){.op = RS_ETHER_IN,
				      .set = rs_build_set(b, &set)});
}

/* --- the chain ------------------------------------------------------------ */

/* One of each kind of thing that the rule asks; NULL: it does not. */
struct asked {
	const uint32_t *uid;
	const struct ir_cgroup *cgroup;
	const struct hours *hours;
};

static void go_on(struct rs_build *b, struct rs_chain *chain,
		  const struct ir_rule *rule, const struct asked *asked,
		  const char *target)
{
	struct rs_rule *nft = rs_rule_new(b->arena, chain);

	if (rule->n_macs)
		match_mac(b, nft, rule);
	if (asked->uid)
		rs_build_add(b, nft,
			     (struct rs_stmt){.op = RS_USER, .n = *asked->uid});
	if (asked->cgroup)
		rs_build_add(b, nft, rs_match_cgroup(asked->cgroup));
	if (asked->hours)
		match_hours(b, nft, asked->hours);
	rs_build_add(b, nft, (struct rs_stmt){.op = RS_GOTO, .name = target});
	if (nft)
		nft->place = rule->place;
}

/* At each of the hours, or at all. */
static void go_on_at(struct rs_build *b, struct rs_chain *chain,
		     const struct ir_rule *rule, struct asked asked,
		     const char *target)
{
	hours_list hours = hours_of(b, &rule->times);

	if (!rule->times.n)
		go_on(b, chain, rule, &asked, target);
	vec_foreach (h, &hours) {
		asked.hours = h;
		go_on(b, chain, rule, &asked, target);
	}
}

/* For each of the users, or for anybody. */
static void go_on_for(struct rs_build *b, struct rs_chain *chain,
		      const struct ir_rule *rule, struct asked asked,
		      const char *target)
{
	if (!rule->n_uids)
		go_on_at(b, chain, rule, asked, target);
	for (size_t i = 0; i < rule->n_uids; i++) {
		asked.uid = &rule->uids[i];
		go_on_at(b, chain, rule, asked, target);
	}
}

struct rs_stmt rs_build_way(struct rs_build *b, const struct ir_rule *rule,
			    const char *prefix, const char *target)
{
	const char *name =
		rs_build_name(b, prefix, rs_rule_label(b, rule), NULL);
	const struct rs_stmt jump = {.op = RS_JUMP, .name = name};
	struct rs_chain *chain = ruleset_chain_find(b->rs, name);

	if (!asks_more(rule))
		return (struct rs_stmt){.op = RS_GOTO, .name = target};
	if (chain)
		return jump;
	chain = rs_build_chain(b, name);
	return_except(b, chain, rule, &rule->from, RS_SADDR_IN);
	return_except(b, chain, rule, &rule->to, RS_DADDR_IN);
	if (!rule->cgroups)
		go_on_for(b, chain, rule, (struct asked){0}, target);
	for (unsigned i = 0; i < b->ir->n_cgroups; i++)
		if (rule->cgroups >> i & 1)
			go_on_for(b, chain, rule,
				  (struct asked){.cgroup = &b->ir->cgroups[i]},
				  target);
	return jump;
}

struct rs_stmt rs_build_entry(struct rs_build *b, const struct ir_rule *rule)
{
	/* A translation goes by its own chain: a rule may have its name. */
	bool translation = rule->id >= b->ir->n_all;
	const char *body = rs_build_body(b, rule);
	const char *prefix =
		translation ? arena_printf(b->arena, "w%.2s", body) : "w_";
	struct rs_stmt way =
		rs_build_way(b, rule, prefix ? prefix : "w_", body);

	/* Who only observes lets it go on, and so does who speaks of one family
	 * alone. */
	if (translation || (rule->observe && !ir_rule_asks_engine(rule)))
		way.op = RS_JUMP;
	return way;
}
