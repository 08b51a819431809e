/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IR + frame -> nftables model.
 *
 * For each pair of zones there is one chain, p_A/B, with the rules of the one
 * list that judges this pair, in order; verdict maps by interface lead there.
 * No zone's name holds a '/', so generated names never meet.
 *
 * The kernel's half of a policy is the evaluation with all engine fields "not
 * yet" (split.h): what is certain is accepted or refused here, the rest goes to
 * c_queue.  What one rule of the policy becomes: ruleset_rule.c.
 */
#include "policy/ruleset_priv.h"

#include "policy/frame.h"
#include "policy/marks.h"
#include "policy/split.h"

#include <netinet/in.h>

struct rs_chain *ruleset_chain_find(const struct ruleset *rs, const char *name)
{
	vec_foreach (c, &rs->chains)
		if (!strcmp((*c)->name, name))
			return *c;
	return NULL;
}

struct rs_chain *ruleset_chain(struct arena *a, struct ruleset *rs,
			       const char *name)
{
	struct rs_chain *chain = arena_alloc(a, sizeof(*chain));
	struct rs_chain **slot = vec_push(a, &rs->chains);

	if (!chain || !slot || !name)
		return NULL;
	chain->name = name;
	*slot = chain;
	return chain;
}

struct rs_rule *rs_rule_new(struct arena *a, struct rs_chain *chain)
{
	return vec_push(a, &chain->rules);
}

void rs_rule_add(struct arena *a, struct rs_rule *rule, struct rs_stmt stmt)
{
	struct rs_stmt *slot = rule ? vec_push(a, &rule->stmts) : NULL;

	if (slot)
		*slot = stmt;
}

static struct rs_chain *chain_new(struct rs_build *b, const char *name)
{
	struct rs_chain *chain = ruleset_chain(b->arena, b->rs, name);
	static struct rs_chain nowhere;

	if (chain)
		return chain;
	b->failed = true;
	nowhere = (struct rs_chain){.name = "nowhere"};
	return &nowhere;
}

void rs_build_add(struct rs_build *b, struct rs_rule *rule, struct rs_stmt stmt)
{
	rs_rule_add(b->arena, rule, stmt);
	if (!rule || rule->stmts.n == 0)
		b->failed = true;
}

/* "f_lan" of one name, "p_lan/wan" of two. */
static const char *name_of(struct rs_build *b, const char *prefix,
			   const char *x, const char *y)
{
	const char *name = arena_printf(b->arena, "%s%s%s%s", prefix, x,
					y ? "/" : "", y ? y : "");

	if (!name)
		b->failed = true;
	return name ? name : "nowhere";
}

/* A rule that does one thing and ends. */
static void add_simple(struct rs_build *b, struct rs_chain *chain,
		       enum rs_op op, const char *target)
{
	rs_build_add(b, rs_rule_new(b->arena, chain),
		     (struct rs_stmt){.op = op, .name = target});
}

struct rs_set *rs_build_set(struct rs_build *b, const char *name,
			    enum rs_set_type type, struct place place)
{
	struct rs_set *set = arena_alloc(b->arena, sizeof(*set));
	struct rs_set **slot = vec_push(b->arena, &b->rs->sets);

	if (!set || !slot) {
		b->failed = true;
		return NULL;
	}
	set->name = name;
	set->type = type;
	set->place = place;
	*slot = set;
	return set;
}

const struct rs_set *rs_build_addr_set(struct rs_build *b, const char *what,
				       unsigned id, enum ip_family family,
				       const struct ipset *all,
				       struct place place)
{
	const char *name = arena_printf(b->arena, "s_%s%u_%s", what, id,
					family == IP_V4 ? "ip4" : "ip6");
	struct rs_set *set;

	/* Shared by every chain that has the rule. */
	vec_foreach (s, &b->rs->sets)
		if (name && !strcmp((*s)->name, name))
			return *s;
	set = rs_build_set(b, name, family == IP_V4 ? RS_SET_IPV4 : RS_SET_IPV6,
			   place);
	if (set)
		set->addrs = ipset_family(all, family);
	return set;
}

static struct rs_stmt mark_set(struct rs_build *b, enum rs_op op,
			       enum mark_state state)
{
	return (struct rs_stmt){.op = op,
				.n = mark_value(b->ir->marks, state),
				.m = mark_bits(b->ir->marks)};
}

static void add_log(struct rs_build *b, struct rs_rule *rule, const char *kind,
		    unsigned number)
{
	const char *prefix = arena_printf(b->arena, RS_LOG_PREFIX " %s %s %u",
					  b->digest, kind, number);

	if (!prefix)
		b->failed = true;
	else
		rs_build_add(b, rule,
			     (struct rs_stmt){.op = RS_LOG,
					      .name = prefix,
					      .n = b->ir->queue});
}

/* --- what a rule does ---------------------------------------------------- */

static void end_allow(struct rs_build *b, struct rs_rule *rule, unsigned id)
{
	if (b->ir->log_allow != IR_LOG_NONE)
		add_log(b, rule, "allow", id);
	rs_build_add(b, rule, mark_set(b, RS_CT_MARK_SET, MARK_ALLOWED));
	rs_build_add(b, rule, (struct rs_stmt){.op = RS_ACCEPT});
}

/* Refused, or in observe mode said and passed. */
static void end_refuse(struct rs_build *b, struct rs_rule *rule,
		       const char *kind, unsigned id, bool silent)
{
	if (b->ir->log_deny != IR_LOG_NONE)
		add_log(b, rule, kind, id);
	if (b->ir->observe) {
		rs_build_add(b, rule,
			     mark_set(b, RS_CT_MARK_SET, MARK_ALLOWED));
		rs_build_add(b, rule, (struct rs_stmt){.op = RS_ACCEPT});
	} else if (silent) {
		rs_build_add(b, rule, (struct rs_stmt){.op = RS_DROP});
	} else {
		rs_build_add(
			b, rule,
			(struct rs_stmt){.op = RS_GOTO, .name = "c_refuse"});
	}
}

static void end_queue(struct rs_build *b, struct rs_rule *rule)
{
	b->rs->queues = true;
	rs_build_add(b, rule,
		     (struct rs_stmt){.op = RS_GOTO, .name = "c_queue"});
}

void rs_build_end(struct rs_build *b, struct rs_rule *nft,
		  const struct ir_rule *rule, bool queued)
{
	rs_build_add(b, nft, (struct rs_stmt){.op = RS_COUNTER});
	if (queued)
		end_queue(b, nft);
	else if (rule->action == IR_ALLOW)
		end_allow(b, nft, rule->id);
	else
		end_refuse(b, nft, "deny", rule->id, rule->action == IR_DENY);
	if (nft) {
		nft->comment = rule->name;
		nft->place = rule->place;
	}
}

/* --- zones --------------------------------------------------------------- */

/* "p_lan/wan", made at first use. */
static const char *pair_chain(struct rs_build *b, unsigned from, unsigned to)
{
	const struct ir *ir = b->ir;
	const char *name =
		name_of(b, "p_", ir->zones[from].name, ir->zones[to].name);
	enum ast_list list = ir_list_of(ir, (int)from, (int)to);
	struct rs_chain *chain;
	struct rs_rule *last;

	if (ruleset_chain_find(b->rs, name))
		return name;
	chain = chain_new(b, name);
	if (list != AST_LISTS)
		for (size_t i = ir->list_from[list]; i < ir->list_to[list]; i++)
			rs_build_rule(b, chain, &ir->all[i], from, to);
	last = rs_rule_new(b->arena, chain);
	rs_build_add(b, last, (struct rs_stmt){.op = RS_COUNTER});
	end_refuse(b, last, list == AST_LISTS ? "no-list" : "default",
		   (unsigned)list, ir->zones[from].external);
	if (last)
		last->comment = "no rule";
	return name;
}

static void refuse_spoofed(struct rs_build *b, struct rs_chain *chain,
			   struct rs_stmt match, unsigned zone)
{
	struct rs_rule *rule = rs_rule_new(b->arena, chain);

	rs_build_add(b, rule, match);
	rs_build_add(b, rule, (struct rs_stmt){.op = RS_COUNTER});
	end_refuse(b, rule, "spoofed", zone, true);
	if (rule)
		rule->comment = "spoofed source";
}

/* The sources a zone may have: its networks, and what a host says before it has
 * an address of theirs (RFC 1122, 3.2.1.3: 0.0.0.0 in DHCP; RFC 4291, 2.5.6:
 * link-local).  Neither is ever forwarded. */
static struct ipset own_sources(struct rs_build *b, const struct ir_zone *z)
{
	static const char *const more[] = {"0.0.0.0", "fe80::/10"};
	struct iprange *all =
		arena_calloc(b->arena, z->networks.n + 2, sizeof(*all));
	size_t n = z->networks.n;

	if (!all) {
		b->failed = true;
		return z->networks;
	}
	if (n)
		memcpy(all, z->networks.items, n * sizeof(*all));
	for (size_t i = 0; i < 2; i++)
		if (iprange_parse(str_of(more[i]), &all[n]) == FW_OK)
			n++;
	return ipset_of(all, n);
}

/* "z_lan": an address must fit the networks of the zone it comes from,
 * and those of another zone fit no interface but their own. */
static const char *spoof_chain(struct rs_build *b, unsigned zone)
{
	static const enum ip_family families[] = {IP_V4, IP_V6};
	const struct ir_zone *z = &b->ir->zones[zone];
	const char *name = name_of(b, "z_", z->name, NULL);
	struct rs_chain *chain;
	struct ipset own;

	if (ruleset_chain_find(b->rs, name))
		return name;
	chain = chain_new(b, name);
	own = own_sources(b, z);
	for (size_t i = 0; i < 2; i++) {
		struct ipset mine = ipset_family(&z->networks, families[i]);

		if (mine.n)
			refuse_spoofed(
				b, chain,
				(struct rs_stmt){.op = RS_SADDR_NOT_IN,
						 .set = rs_build_addr_set(
							 b, "source", zone,
							 families[i], &own,
							 (struct place){0})},
				zone);
		else if (z->networks.n)
			refuse_spoofed(b, chain,
				       (struct rs_stmt){.op = RS_FAMILY,
							.n = families[i]},
				       zone);
		for (unsigned o = 1; o < b->ir->n_zones && !z->networks.n;
		     o++) {
			const struct ipset *all = &b->ir->zones[o].networks;

			if (o == zone || !ipset_family(all, families[i]).n)
				continue;
			refuse_spoofed(
				b, chain,
				(struct rs_stmt){.op = RS_SADDR_IN,
						 .set = rs_build_addr_set(
							 b, "zone", o,
							 families[i], all,
							 (struct place){0})},
				zone);
		}
	}
	return name;
}

static struct rs_set *if_map(struct rs_build *b, const char *name)
{
	return rs_build_set(b, name, RS_SET_IFMAP, (struct place){0});
}

/* Each interface of a zone leads to `chain`. */
static void if_map_add(struct rs_build *b, struct rs_set *map, unsigned zone,
		       const char *chain)
{
	const struct ir_zone *z = &b->ir->zones[zone];

	for (size_t i = 0; map && i < z->n_interfaces; i++) {
		struct rs_if_goto *slot = vec_push(b->arena, &map->gotos);

		if (slot)
			*slot = (struct rs_if_goto){z->interfaces[i], chain};
		else
			b->failed = true;
	}
}

static void add_map(struct rs_build *b, struct rs_chain *chain, enum rs_op op,
		    struct rs_set *map)
{
	if (map && map->gotos.n)
		rs_build_add(b, rs_rule_new(b->arena, chain),
			     (struct rs_stmt){.op = op, .set = map});
}

/* An interface of no zone: refused without an answer. */
static void add_stray(struct rs_build *b, struct rs_chain *chain)
{
	struct rs_rule *rule = rs_rule_new(b->arena, chain);

	rs_build_add(b, rule, (struct rs_stmt){.op = RS_COUNTER});
	end_refuse(b, rule, "no-zone", 0, true);
	if (rule)
		rule->comment = "interface of no zone";
}

/* "f_lan": checks the source, then goes on by the way out. */
static const char *forward_chain(struct rs_build *b, unsigned from)
{
	const char *zone = b->ir->zones[from].name;
	const char *name = name_of(b, "f_", zone, NULL);
	struct rs_chain *chain = chain_new(b, name);
	struct rs_set *map = if_map(b, name_of(b, "mf_", zone, NULL));

	add_simple(b, chain, RS_JUMP, spoof_chain(b, from));
	for (unsigned to = 1; to < b->ir->n_zones; to++)
		if_map_add(b, map, to, pair_chain(b, from, to));
	add_map(b, chain, RS_OIFNAME_MAP, map);
	add_stray(b, chain);
	return name;
}

static void fill_forward(struct rs_build *b, struct rs_chain *chain)
{
	struct rs_set *map = if_map(b, "m_forward");

	for (unsigned from = 1; from < b->ir->n_zones; from++)
		if_map_add(b, map, from, forward_chain(b, from));
	add_map(b, chain, RS_IIFNAME_MAP, map);
	add_stray(b, chain);
}

static void fill_input(struct rs_build *b, struct rs_chain *chain)
{
	struct rs_set *map = if_map(b, "m_input");

	for (unsigned from = 1; from < b->ir->n_zones; from++) {
		const char *name =
			name_of(b, "i_", b->ir->zones[from].name, NULL);
		struct rs_chain *in = chain_new(b, name);

		add_simple(b, in, RS_JUMP, spoof_chain(b, from));
		add_simple(b, in, RS_GOTO, pair_chain(b, from, IR_ZONE_SELF));
		if_map_add(b, map, from, name);
	}
	add_map(b, chain, RS_IIFNAME_MAP, map);
	add_stray(b, chain);
}

static void fill_output(struct rs_build *b, struct rs_chain *chain)
{
	struct rs_set *map = if_map(b, "m_output");

	for (unsigned to = 1; to < b->ir->n_zones; to++)
		if_map_add(b, map, to, pair_chain(b, IR_ZONE_SELF, to));
	add_map(b, chain, RS_OIFNAME_MAP, map);
	add_stray(b, chain);
}

/* The queue itself: only where a flow can get here at all. */
static void fill_queue(struct rs_build *b, struct rs_chain *chain)
{
	struct rs_rule *rule = rs_rule_new(b->arena, chain);

	if (b->rs->queues)
		rs_build_add(b, rule,
			     (struct rs_stmt){.op = RS_QUEUE,
					      .n = b->ir->queue,
					      .m = b->ir->queues,
					      .m2 = b->ir->fail_open});
	else
		rs_build_add(b, rule, (struct rs_stmt){.op = RS_DROP});
}

/* What neither the kernel nor the engine has decided. */
static void fill_undecided(struct rs_build *b, struct rs_chain *chain)
{
	struct rs_rule *rule = rs_rule_new(b->arena, chain);

	rs_build_add(b, rule, (struct rs_stmt){.op = RS_COUNTER});
	rs_build_add(
		b, rule,
		(struct rs_stmt){.op = b->ir->fail_open ? RS_ACCEPT : RS_DROP});
	if (rule)
		rule->comment = "undecided";
}

static bool fill_slot(void *ctx, const char *slot, struct rs_chain *chain)
{
	static const struct {
		const char *name;
		void (*fill)(struct rs_build *b, struct rs_chain *chain);
	} slots[] = {
		{"input", fill_input},         {"forward", fill_forward},
		{"output", fill_output},       {"queue", fill_queue},
		{"undecided", fill_undecided},
	};

	for (size_t i = 0; i < sizeof(slots) / sizeof(*slots); i++) {
		if (strcmp(slots[i].name, slot) != 0)
			continue;
		slots[i].fill(ctx, chain);
		return true;
	}
	return false;
}

enum fw_err ruleset_build(const struct ir *ir, const char *digest,
			  struct diag_list *diags, struct ruleset *out)
{
	struct rs_build b = {
		.ir = ir, .digest = digest, .arena = diags->arena, .rs = out};
	struct frame_filler filler = {
		.fill = fill_slot, .ctx = &b, .marks = ir->marks};
	enum fw_err err;

	*out = (struct ruleset){.queues = split_needs_queue(ir)};
	err = frame_read(frame_gateway_text, "gateway.nft", &filler, diags,
			 out);
	if (!err && b.failed)
		err = FW_ERR_NOMEM;
	return err;
}
