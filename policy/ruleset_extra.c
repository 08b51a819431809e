/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a rule asks of a packet beside zones, addresses and services, in a chain
 * w_NAME before the rule's own: nft rules that return what does not fit, and
 * one (or one for each time of the week) that goes on in r_NAME.  So the chain
 * of a pair jumps here, and goes on with its next rule when this one does not
 * hold.
 */
#include "policy/ruleset_priv.h"

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

/* --- the chain ------------------------------------------------------------ */

/* What the rule asks at these hours (NULL: at all), and on to `target`. */
static void go_on(struct rs_build *b, struct rs_chain *chain,
		  const struct ir_rule *rule, const struct hours *h,
		  const char *target)
{
	struct rs_rule *nft = rs_rule_new(b->arena, chain);

	if (h)
		match_hours(b, nft, h);
	rs_build_add(b, nft, (struct rs_stmt){.op = RS_GOTO, .name = target});
	if (nft)
		nft->place = rule->place;
}

struct rs_stmt rs_build_way(struct rs_build *b, const struct ir_rule *rule,
			    const char *prefix, const char *target)
{
	const char *name =
		rs_build_name(b, prefix, rs_rule_label(b, rule), NULL);
	const struct rs_stmt jump = {.op = RS_JUMP, .name = name};
	struct rs_chain *chain = ruleset_chain_find(b->rs, name);
	hours_list hours;

	if (!asks_more(rule))
		return (struct rs_stmt){.op = RS_GOTO, .name = target};
	if (chain)
		return jump;
	chain = rs_build_chain(b, name);
	return_except(b, chain, rule, &rule->from, RS_SADDR_IN);
	return_except(b, chain, rule, &rule->to, RS_DADDR_IN);
	hours = hours_of(b, &rule->times);
	vec_foreach (h, &hours)
		go_on(b, chain, rule, h, target);
	if (!rule->times.n)
		go_on(b, chain, rule, NULL, target);
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
