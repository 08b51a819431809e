/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IR + frame -> nftables model.
 *
 * The kernel's half of a policy is the evaluation with all engine fields "not
 * yet" (split.h): what is certain is accepted or refused here, the rest goes to
 * c_queue.  The chains of zones: ruleset_zone.c; what a rule asks of a packet:
 * ruleset_rule.c; what it does: ruleset_body.c.
 */
#include "policy/ruleset_priv.h"

#include "policy/base/digest.h"
#include "policy/frame.h"
#include "policy/marks.h"
#include "policy/split.h"

#include <inttypes.h>

struct rs_chain *ruleset_chain_find(const struct ruleset *rs, const char *name)
{
	return map_get(&rs->chain_map, str_of(name));
}

struct rs_set *ruleset_set_find(const struct ruleset *rs, const char *name)
{
	return map_get(&rs->set_map, str_of(name));
}

bool ruleset_counter_has(const struct ruleset *rs, const char *name)
{
	return map_get(&rs->counter_map, str_of(name)) != NULL;
}

struct rs_chain *ruleset_chain(struct arena *a, struct ruleset *rs,
			       const char *name)
{
	struct rs_chain *chain = arena_alloc(a, sizeof(*chain));
	struct rs_chain **slot;

	if (!chain || !name ||
	    !map_put(a, &rs->chain_map, str_of(name), chain) ||
	    !(slot = vec_push(a, &rs->chains)))
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

struct rs_chain *rs_build_chain(struct rs_build *b, const char *name)
{
	struct rs_chain *chain = ruleset_chain(b->arena, b->rs, name);

	if (chain)
		return chain;
	b->failed = true;
	/* What is put there is thrown away with the rest. */
	chain = arena_alloc(b->arena, sizeof(*chain));
	if (!chain)
		chain = &b->nowhere;
	chain->name = "p_nowhere";
	return chain;
}

void rs_build_add(struct rs_build *b, struct rs_rule *rule, struct rs_stmt stmt)
{
	rs_rule_add(b->arena, rule, stmt);
	b->failed |= !rule || b->arena->failed;
}

void rs_build_count(struct rs_build *b, struct rs_rule *rule, const char *name)
{
	const char **slot;

	if (!ruleset_counter_has(b->rs, name)) {
		slot = vec_push(b->arena, &b->rs->counters);
		if (slot)
			*slot = name;
		if (!slot ||
		    !map_put(b->arena, &b->rs->counter_map, str_of(name), slot))
			b->failed = true;
	}
	rs_build_add(b, rule, (struct rs_stmt){.op = RS_COUNTER, .name = name});
}

const char *rs_build_name(struct rs_build *b, const char *prefix, const char *x,
			  const char *y)
{
	const char *name = arena_printf(b->arena, "%s%s%s%s", prefix, x,
					y ? "/" : "", y ? y : "");

	if (!name)
		b->failed = true;
	return name ? name : "nowhere";
}

/* With its end, so that two texts are not another two. */
static void add_text(struct digest *d, const char *text)
{
	digest_add(d, text, strlen(text) + 1);
}

/* What it holds, as a number. */
static uint64_t rs_set_hash(struct rs_build *b, const struct rs_set *set)
{
	const uint32_t kind[] = {set->type, set->keys, set->family};
	struct digest d;
	uint64_t addrs, hash;

	b->failed |= !ipset_name(&set->addrs, &addrs);
	digest_begin(&d);
	digest_add(&d, kind, sizeof(kind));
	digest_add(&d, &addrs, sizeof(addrs));
	digest_add(&d, set->ports.items,
		   set->ports.n * sizeof(*set->ports.items));
	vec_foreach (g, &set->gotos) {
		add_text(&d, g->interface);
		add_text(&d, g->chain);
	}
	digest_add(&d, set->macs, set->n_macs * sizeof(*set->macs));
	if (set->type == RS_SET_SOURCES)
		digest_add(&d, &set->limit, sizeof(set->limit));
	vec_foreach (e, &set->entries) {
		digest_add(&d, &e->src, sizeof(e->src));
		digest_add(&d, &e->dst, sizeof(e->dst));
		digest_add(&d, &e->l4, sizeof(e->l4));
		digest_add(&d, &e->ports, sizeof(e->ports));
		digest_add(&d, &e->comes_back, sizeof(e->comes_back));
		add_text(&d, e->chain);
	}
	b->failed |= !digest_end(&d, &hash);
	return hash;
}

static struct rs_set *set_new(struct rs_build *b, const char *name)
{
	struct rs_set *set = arena_alloc(b->arena, sizeof(*set));
	struct rs_set **slot;

	if (!set || !map_put(b->arena, &b->rs->set_map, str_of(name), set) ||
	    !(slot = vec_push(b->arena, &b->rs->sets))) {
		b->failed = true;
		return NULL;
	}
	set->name = name;
	*slot = set;
	return set;
}

struct rs_set *rs_build_map(struct rs_build *b, const char *name)
{
	struct rs_set *set = set_new(b, name);

	if (set)
		set->type = RS_SET_IFMAP;
	return set;
}

/* What it holds is the kernel's: its name must not change with the rest. */
const struct rs_set *rs_build_sources(struct rs_build *b, const char *name,
				      enum ip_family family,
				      const struct limit *limit,
				      struct place place)
{
	struct rs_set *set = ruleset_set_find(b->rs, name);

	if (set)
		return set;
	set = rs_build_map(b, name);
	if (set) {
		set->type = RS_SET_SOURCES;
		set->family = family;
		set->limit = *limit;
		set->place = place;
	}
	return set;
}

const struct rs_set *rs_build_set(struct rs_build *b, const struct rs_set *set)
{
	static const char *const kinds[] = {
		[RS_SET_IPV4] = "s_ip4",    [RS_SET_IPV6] = "s_ip6",
		[RS_SET_PORTS] = "s_ports", [RS_SET_IFMAP] = "m",
		[RS_SET_VMAP] = "m",        [RS_SET_ETHER] = "s_ether",
	};
	uint64_t hash = rs_set_hash(b, set);
	const char *name = arena_printf(b->arena, "%s_%016" PRIx64,
					kinds[set->type], hash);
	struct rs_set *made;

	if (!name) {
		b->failed = true;
		return NULL;
	}
	made = ruleset_set_find(b->rs, name);
	if (made)
		return made;
	made = set_new(b, name);
	if (made) {
		*made = *set;
		made->name = name;
		made->hash = hash;
	}
	return made;
}

/* Short sets are read more easily as they were written. */
#define SINGLES_MIN 64

/* A hash of single addresses is loaded and asked faster than ranges are.  How
 * many there are when nearly all stand alone; 0: there are too many ranges. */
static uint32_t count_singles(const struct ipset *set)
{
	uint64_t n = set->n >= SINGLES_MIN ? ipset_size(set) : UINT64_MAX;

	return n <= 2 * (uint64_t)set->n ? (uint32_t)n : 0;
}

const struct rs_set *rs_build_addr_set(struct rs_build *b,
				       enum ip_family family,
				       const struct ipset *all,
				       struct place place)
{
	struct rs_set set = {
		.type = family == IP_V4 ? RS_SET_IPV4 : RS_SET_IPV6,
		.addrs = ipset_family(all, family),
		.place = place,
	};

	set.singles = count_singles(&set.addrs);
	return rs_build_set(b, &set);
}

static struct rs_stmt mark_set(struct rs_build *b, enum rs_op op,
			       enum mark_state state)
{
	return (struct rs_stmt){.op = op,
				.n = mark_value(b->ir->marks, state),
				.m = mark_bits(b->ir->marks)};
}

void rs_build_log(struct rs_build *b, struct rs_rule *rule, const char *kind,
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

static void pass(struct rs_build *b, struct rs_rule *rule)
{
	rs_build_add(b, rule, mark_set(b, RS_CT_MARK_SET, MARK_ALLOWED));
	rs_build_add(b, rule, (struct rs_stmt){.op = RS_ACCEPT});
}

void rs_build_allow(struct rs_build *b, struct rs_rule *rule, unsigned id)
{
	if (b->ir->log_allow != IR_LOG_NONE)
		rs_build_log(b, rule, "allow", id);
	pass(b, rule);
}

void rs_build_listen(struct rs_build *b, struct rs_rule *rule, unsigned id)
{
	if (b->ir->log_allow != IR_LOG_NONE)
		rs_build_log(b, rule, "allow", id);
	rs_build_add(b, rule, mark_set(b, RS_CT_MARK_SET, MARK_LISTENED));
	rs_build_add(b, rule,
		     (struct rs_stmt){.op = RS_GOTO, .name = "c_pass"});
}

void rs_build_refuse(struct rs_build *b, struct rs_rule *rule, const char *kind,
		     unsigned number, bool silent)
{
	if (b->ir->log_deny != IR_LOG_NONE)
		rs_build_log(b, rule, kind, number);
	if (b->ir->observe) {
		pass(b, rule);
	} else if (silent) {
		rs_build_add(b, rule, (struct rs_stmt){.op = RS_DROP});
	} else {
		rs_build_add(
			b, rule,
			(struct rs_stmt){.op = RS_GOTO, .name = "c_refuse"});
	}
}

/* The copy by which the engine knows where a connection begins. */
static void fill_answer(struct rs_build *b, struct rs_chain *chain)
{
	rs_build_add(b, rs_rule_new(b->arena, chain),
		     (struct rs_stmt){.op = RS_LOG,
				      .name = RS_ANSWER_PREFIX,
				      .n = ir_answer_group(b->ir)});
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
	else if (b->ir->observe)
		pass(b, rule);
	else
		rs_build_add(b, rule, (struct rs_stmt){.op = RS_DROP});
}

/* What neither the kernel nor the engine has decided. */
static void fill_undecided(struct rs_build *b, struct rs_chain *chain)
{
	struct rs_rule *rule = rs_rule_new(b->arena, chain);

	rs_build_count(b, rule, "n_undecided");
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
		{"input", rs_build_input},     {"forward", rs_build_forward},
		{"output", rs_build_output},   {"queue", fill_queue},
		{"undecided", fill_undecided}, {"police", rs_build_police},
		{"spoofed", rs_build_spoofed}, {"dnat", rs_build_dnat},
		{"srcnat", rs_build_srcnat},   {"invalid", rs_build_invalid},
		{"answer", fill_answer},
	};

	for (size_t i = 0; i < sizeof(slots) / sizeof(*slots); i++) {
		if (strcmp(slots[i].name, slot) != 0)
			continue;
		slots[i].fill(ctx, chain);
		return true;
	}
	return false;
}

/* Does the policy need the parts of the frame that are marked so? */
static bool frame_has(void *ctx, const char *word)
{
	const struct rs_build *b = ctx;

	if (!strcmp(word, "nat"))
		return rs_build_has_nat(b->ir);
	if (!strcmp(word, "observe"))
		return b->ir->observe;
	if (!strcmp(word, "enforce"))
		return !b->ir->observe;
	if (!strcmp(word, "engine"))
		return b->rs->queues;
	if (!strcmp(word, "begins"))
		return b->rs->queues && !b->ir->asks_sender;
	if (!strcmp(word, "no-engine"))
		return !b->rs->queues;
	if (!strcmp(word, "no-helpers"))
		return !ir_cleans(b->ir, HYGIENE_HELPERS);
	/* Where it only observes, what is known of a flow stays as it is. */
	if (!strcmp(word, "spoofed-known"))
		return ir_cleans(b->ir, HYGIENE_SPOOFED) && !b->ir->observe;
	if (!strcmp(word, "spoofed-new"))
		return ir_cleans(b->ir, HYGIENE_SPOOFED) && b->ir->observe;
	for (enum hygiene h = 0; h < HYGIENE_COUNT; h++)
		if (!strcmp(word, hygiene_name(h)))
			return ir_cleans(b->ir, h);
	FW_ASSERT(!"a word of the frame");
	return false;
}

/* Maps with names of their own are full now; and the ruleset says what it was
 * made of. */
static void finish(struct rs_build *b)
{
	struct rs_chain *about = rs_build_chain(b, RS_ABOUT_CHAIN);
	struct rs_rule *rule = rs_rule_new(b->arena, about);

	vec_foreach (set, &b->rs->sets)
		if (!(*set)->hash)
			(*set)->hash = rs_set_hash(b, *set);
	rs_build_add(b, rule, (struct rs_stmt){.op = RS_RETURN});
	if (rule)
		rule->comment =
			arena_printf(b->arena, RS_ABOUT_PREFIX "%s", b->digest);
}

enum fw_err ruleset_build(const struct ir *ir, const char *digest,
			  unsigned map_from, struct diag_list *diags,
			  struct ruleset *out)
{
	struct rs_build b = {.ir = ir,
			     .digest = digest,
			     .arena = diags->arena,
			     .diags = diags,
			     .rs = out,
			     .map_from =
				     ir->optimize ? map_from : RS_MAP_NEVER};
	struct frame_filler filler = {.fill = fill_slot,
				      .has = frame_has,
				      .ctx = &b,
				      .marks = ir->marks,
				      .generation = ir->generation};
	enum fw_err err;

	*out = (struct ruleset){.queues = split_needs_queue(ir)};
	b.bodies = arena_calloc(b.arena, ir->n_ids + 1, sizeof(*b.bodies));
	if (!b.bodies)
		return FW_ERR_NOMEM;
	err = frame_read(frame_gateway_text, "gateway.nft", &filler, diags,
			 out);
	if (!err && (b.failed || b.arena->failed))
		err = FW_ERR_NOMEM;
	if (err)
		return err;
	finish(&b);
	return b.failed || b.arena->failed ? FW_ERR_NOMEM : FW_OK;
}
