/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a rule of the policy does, in a chain of its own: r_NAME.  Its counter
 * is called n_NAME, so that it is known again in the next ruleset.
 */
#include "policy/ruleset_priv.h"

#include "policy/base/hash.h"
#include "policy/eval.h"
#include "policy/split.h"

#include <inttypes.h>
#include <netinet/in.h>

/* nft takes more characters for a name, but these cannot be mistaken. */
#define LABEL_PLAIN_MAX 64

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       ascii_is_digit(c) || c == '_' || c == '-';
}

/* The rule's name as part of an nft name: a blank becomes a dot; a name with
 * other signs gets a hash, so that no two rules share a label. */
const char *rs_rule_label(struct rs_build *b, const struct ir_rule *rule)
{
	char text[LABEL_PLAIN_MAX + 1] = {0};
	bool plain = true;
	size_t n = strlen(rule->name);

	for (size_t i = 0; i < n && i < LABEL_PLAIN_MAX; i++) {
		char c = rule->name[i];

		plain &= is_plain(c) || c == ' ';
		text[i] = c == ' ' ? '.' : is_plain(c) ? c : '_';
	}
	if (plain && n <= LABEL_PLAIN_MAX)
		return rs_build_name(b, text, "", NULL);
	return arena_printf(b->arena, "%s.%08" PRIx32, text,
			    (uint32_t)hash_text(rule->name, n));
}

/* "NAME: COMMENT", cut where a character begins. */
static const char *text_of(struct rs_build *b, const struct ir_rule *rule)
{
	struct str text, rest;

	if (!rule->comment)
		return rule->name;
	text = str_of(
		arena_printf(b->arena, "%s: %s", rule->name, rule->comment));
	rest = text;
	while (rest.len &&
	       text.len - rest.len + str_utf8(rest) <= RS_COMMENT_MAX)
		rest = str_skip(rest, str_utf8(rest));
	text = arena_str(b->arena, str_mem(text.p, text.len - rest.len));
	if (!text.p)
		b->failed = true;
	return text.p;
}

static struct rs_rule *body_rule(struct rs_build *b, struct rs_chain *chain,
				 const struct ir_rule *rule)
{
	struct rs_rule *nft = rs_rule_new(b->arena, chain);

	if (nft) {
		nft->comment = text_of(b, rule);
		nft->place = rule->place;
	}
	return nft;
}

/* What connection tracking does not know (neighbour discovery, invalid packets)
 * has no mark to be set, where the rule before this one ends: it passes by the
 * packet's own. */
static void pass_unknown(struct rs_build *b, struct rs_chain *chain,
			 const struct ir_rule *rule)
{
	const struct ir *ir = b->ir;
	uint32_t states =
		(ir_cleans(ir, HYGIENE_NEIGHBOURS) ? 0 : RS_CT_UNTRACKED) |
		(ir_cleans(ir, HYGIENE_INVALID) ? 0 : RS_CT_INVALID);
	struct rs_rule *nft;

	/* The frame passes it before all rules. */
	if (!states || ir->observe)
		return;
	nft = body_rule(b, chain, rule);
	rs_build_add(b, nft, (struct rs_stmt){.op = RS_CT_STATE, .n = states});
	rs_build_add(b, nft, (struct rs_stmt){.op = RS_GOTO, .name = "c_pass"});
}

static void body_end(struct rs_build *b, struct rs_chain *chain,
		     struct rs_rule *nft, const struct ir_rule *rule,
		     const char *counter, bool queued)
{
	const char *guards = NULL;

	if (!queued && rule->action == IR_ALLOW)
		guards = rs_build_guards(b);
	rs_build_count(b, nft, counter);
	if (guards) {
		rs_build_add(b, nft,
			     (struct rs_stmt){.op = RS_JUMP, .name = guards});
		nft = body_rule(b, chain, rule);
	}
	if (queued) {
		b->rs->queues = true;
		rs_build_add(
			b, nft,
			(struct rs_stmt){.op = RS_GOTO, .name = "c_queue"});
	} else if (rule->action == IR_ALLOW) {
		rs_build_allow(b, nft, rule->id);
		pass_unknown(b, chain, rule);
	} else {
		rs_build_refuse(b, nft, "deny", rule->id,
				rule->action == IR_DENY);
	}
}

/* Until then it only says what it would do, and the packet goes back to where
 * it came from. */
static void body_observe(struct rs_build *b, struct rs_chain *chain,
			 const struct ir_rule *rule, const char *counter)
{
	struct rs_rule *nft = body_rule(b, chain, rule);

	if (rule->until)
		rs_build_add(b, nft,
			     (struct rs_stmt){.op = RS_TIME_BEFORE,
					      .n = (uint32_t)rule->until});
	rs_build_count(b, nft, counter);
	rs_build_log(b, nft, "observe", rule->id);
	if (!rule->until)
		return;
	nft = body_rule(b, chain, rule);
	rs_build_add(b, nft,
		     (struct rs_stmt){.op = RS_TIME_BEFORE,
				      .n = (uint32_t)rule->until});
	rs_build_add(b, nft, (struct rs_stmt){.op = RS_RETURN});
}

/* Kinds of flows that the rule takes, by what becomes of them. */
static void kinds_of(const struct rs_build *b, const struct ir_rule *rule,
		     unsigned out_kinds[SPLIT_QUEUE + 1])
{
	for (enum split_kind k = 0; k < SPLIT_KINDS; k++)
		if (split_rule_takes(rule, k))
			out_kinds[split_rule(b->ir, rule, k)] |= 1U << k;
}

/* UDP that is certain but for a hello: that goes to the queue. */
static void body_listen(struct rs_build *b, struct rs_chain *chain,
			const struct ir_rule *rule, const char *counter,
			bool alone)
{
	const char *guards = rs_build_guards(b);
	const char *const ways[] = {"c_hello", guards, NULL};

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		struct rs_rule *nft;

		if (i == 1 && !guards)
			continue;
		nft = body_rule(b, chain, rule);
		if (!alone)
			rs_build_add(b, nft,
				     (struct rs_stmt){.op = RS_L4PROTO,
						      .n = IPPROTO_UDP});
		if (i == 0)
			rs_build_count(b, nft, counter);
		if (ways[i])
			rs_build_add(b, nft,
				     (struct rs_stmt){.op = RS_JUMP,
						      .name = ways[i]});
		else
			rs_build_listen(b, nft, rule->id);
	}
}

/* Flows of one protocol among others come to the engine. */
static void body_queue(struct rs_build *b, struct rs_chain *chain,
		       const struct ir_rule *rule, const char *counter,
		       uint8_t l4)
{
	struct rs_rule *nft = body_rule(b, chain, rule);

	rs_build_add(b, nft, (struct rs_stmt){.op = RS_L4PROTO, .n = l4});
	body_end(b, chain, nft, rule, counter, true);
}

static void body_fill(struct rs_build *b, struct rs_chain *chain,
		      const struct ir_rule *rule, const char *counter)
{
	unsigned kinds[SPLIT_QUEUE + 1] = {0};
	unsigned taken;

	kinds_of(b, rule, kinds);
	taken = kinds[SPLIT_KERNEL] | kinds[SPLIT_LISTEN] | kinds[SPLIT_QUEUE];
	if (rule->observe && !ir_rule_asks_engine(rule)) {
		body_observe(b, chain, rule, counter);
		if (!rule->until)
			return;
	}
	rs_build_limits(b, chain, rule);
	/* What no guard looks at is certain. */
	if (taken != kinds[SPLIT_QUEUE]) {
		if (kinds[SPLIT_QUEUE] >> SPLIT_TCP & 1)
			body_queue(b, chain, rule, counter, IPPROTO_TCP);
		if (kinds[SPLIT_QUEUE] >> SPLIT_UDP & 1)
			body_queue(b, chain, rule, counter, IPPROTO_UDP);
		taken &= ~kinds[SPLIT_QUEUE];
		kinds[SPLIT_QUEUE] = 0;
	}
	if (kinds[SPLIT_LISTEN]) {
		body_listen(b, chain, rule, counter,
			    taken == kinds[SPLIT_LISTEN]);
		taken &= ~kinds[SPLIT_LISTEN];
	}
	if (taken)
		body_end(b, chain, body_rule(b, chain, rule), rule, counter,
			 kinds[SPLIT_QUEUE] != 0);
}

const char *rs_build_body(struct rs_build *b, const struct ir_rule *rule)
{
	const char **body = &b->bodies[rule->id];
	const char *label, *counter;

	if (*body)
		return *body;
	label = rs_rule_label(b, rule);
	*body = rs_build_name(b, "r_", label, NULL);
	counter = rs_build_name(b, "n_", label, NULL);
	body_fill(b, rs_build_chain(b, *body), rule, counter);
	return *body;
}
