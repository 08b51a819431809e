/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/daemon/worker_klog.h"

#include "agent/kernel/ifname.h"
#include "agent/packet/packet.h"

#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>

struct report {
	char digest[POLICY_DIGEST_LEN + 1];
	char kind[16];
	unsigned number;
};

/* "fw DIGEST KIND N" */
static bool next_word(const char **at, char *out, size_t room)
{
	size_t n = strcspn(*at, " ");

	if (n == 0 || n >= room)
		return false;
	memcpy(out, *at, n);
	out[n] = '\0';
	*at += n;
	*at += strspn(*at, " ");
	return true;
}

static bool parse_prefix(const char *prefix, struct report *out)
{
	char word[16];

	if (!next_word(&prefix, word, sizeof(word)) ||
	    strcmp(word, RS_LOG_PREFIX) != 0 ||
	    !next_word(&prefix, out->digest, sizeof(out->digest)) ||
	    !next_word(&prefix, out->kind, sizeof(out->kind)) ||
	    !next_word(&prefix, word, sizeof(word)))
		return false;
	out->number = 0;
	for (const char *c = word; *c >= '0' && *c <= '9'; c++)
		out->number = out->number * 10 + (unsigned)(*c - '0');
	return true;
}

/* Is the report's number that of a rule? */
static bool is_of_rule(enum reason reason)
{
	return reason == REASON_RULE_ALLOW || reason == REASON_RULE_DENY ||
	       reason == REASON_RULE_OBSERVE || reason == REASON_RULE_LIMIT;
}

static struct outcome outcome_of(const struct report *r, const struct ir *ir,
				 bool current)
{
	static const struct {
		const char *kind;
		enum reason reason;
	} kinds[] = {{"allow", REASON_RULE_ALLOW},
		     {"deny", REASON_RULE_DENY},
		     {"observe", REASON_RULE_OBSERVE},
		     {"limit", REASON_RULE_LIMIT},
		     {"default", REASON_DEFAULT_DENY},
		     {"no-list", REASON_ZONE_NONE},
		     {"no-zone", REASON_ZONE_NONE},
		     {"spoofed", REASON_ZONE_SPOOFED},
		     {"bogon", REASON_ZONE_BOGON}};
	enum reason reason = REASON_ZONE_NONE;
	struct outcome o;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i].kind, r->kind))
			reason = kinds[i].reason;
	o = decide_by_reason(ir, reason, reason == REASON_RULE_ALLOW);
	o.silent = reason == REASON_ZONE_SPOOFED ||
		   reason == REASON_ZONE_BOGON || reason == REASON_ZONE_NONE;
	if (reason == REASON_DEFAULT_DENY && r->number < AST_LISTS)
		o.list = (enum ast_list)r->number;
	/* A number of an earlier policy names no rule of this one. */
	if (!current || r->number >= ir->n_all || !is_of_rule(reason))
		return o;
	if (reason == REASON_RULE_OBSERVE)
		return decide_observed(&ir->all[r->number]);
	o.rule = &ir->all[r->number];
	o.list = o.rule->list;
	o.silent = o.rule->action == IR_DENY;
	if (reason == REASON_RULE_LIMIT)
		o.silent = o.rule->list == AST_INGRESS;
	if (o.rule->action == IR_REJECT)
		o.reason = REASON_RULE_REJECT;
	return o;
}

static int zone_at(const struct worker_klog *k, uint32_t ifindex)
{
	return ifindex ? worker_zone(k->shared, &k->policy->ir, ifindex)
		       : IR_ZONE_SELF;
}

void worker_klog_packet(void *ctx, const struct klog_packet *in)
{
	struct worker_klog *k = ctx;
	char in_iface[IFNAMSIZ] = "";
	struct packet pkt = {0};
	struct facts facts;
	struct report r;
	struct outcome o;
	struct event ev;
	bool allowed, observed;

	if (!parse_prefix(in->prefix, &r))
		return;
	(void)packet_parse(in->payload,
			   (struct packet_options){.allow_cut = true}, &pkt);
	facts_init(&facts, NULL);
	facts.src = pkt.src;
	facts.dst = pkt.dst;
	facts.sport = pkt.sport;
	facts.dport = pkt.dport;
	facts.l4 = pkt.l4;
	facts.zone_src = zone_at(k, in->indev);
	facts.zone_dst = zone_at(k, in->outdev);
	o = outcome_of(&r, &k->policy->ir,
		       !strcmp(r.digest, k->policy->digest));
	if (o.list == AST_LISTS && o.reason == REASON_DEFAULT_DENY)
		o.list = ir_list_of(&k->policy->ir, facts.zone_src,
				    facts.zone_dst);
	observed = o.reason == REASON_RULE_OBSERVE;
	/* What a rule of an earlier policy would do is of no use any more. */
	if (observed && !o.rule)
		return;
	allowed = o.reason == REASON_RULE_ALLOW;
	o.silent |= !o.rule && facts.zone_src >= 0 &&
		    k->policy->ir.zones[facts.zone_src].external;
	if (!observed)
		stats_add(k->shared->stats,
			  allowed ? STAT_KERNEL_ALLOWED : STAT_KERNEL_DENIED,
			  1);
	stats_reason(k->shared->stats, o.reason);
	(void)ifname_get(k->shared->ifnames, in->indev, in_iface);
	ev = (struct event){.kind = observed ? EVENT_OBSERVE : EVENT_VERDICT,
			    .time_ns = worker_now(),
			    .ir = &k->policy->ir,
			    .policy_digest = r.digest,
			    .facts = &facts,
			    .outcome = &o,
			    .in_iface = *in_iface ? in_iface : NULL,
			    .kernel = true};
	if (allowed)
		worker_tell(k->tell, &ev);
	else
		rollup_event(k->rollup, &ev, worker_tell, k->tell);
}
