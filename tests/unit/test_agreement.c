/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The theorems of the compiler, over policies and flows by chance: the ruleset
 * decides as eval_flow() with the kernel's view; what that has decided the
 * engine's view decides alike; and a decision stands whatever else is told.
 *
 * The ruleset is walked here as the kernel would: chain by chain, for the first
 * packet of a connection that nothing is known of.
 */
#include "tests/unit/packet_case.h"
#include "tests/unit/support.h"

#include "policy/eval.h"
#include "policy/marks.h"

#include <netinet/in.h>
#include <stdio.h>

#define POLICIES 300
#define PACKETS  100

struct walk {
	const struct ruleset *rs;
	const struct facts *facts;
	const char *iif, *oif;
	const struct ir *ir;
	unsigned minuteswest;
	bool policing; /* packets, not flows */
	uint32_t ct_mark, meta_mark;
	const char *comment, *log; /* of the last rule that ended it */
	bool queued, rejected;
	unsigned steps;
	uint64_t observed; /* rules that said what they would do, by id */
};

static bool ports_have(const struct rs_set *set, uint16_t port)
{
	vec_foreach (r, &set->ports)
		if (port >= r->lo && port <= r->hi)
			return true;
	return false;
}

static bool address_in(const struct rs_stmt *s, const struct ipaddr *a)
{
	return ipset_has(&s->set->addrs, a);
}

static bool of_family(const struct rs_stmt *s, const struct ipaddr *a)
{
	return a->family == (s->set->type == RS_SET_IPV4 ? IP_V4 : IP_V6);
}

/* The kernel's time is late by what it was told of the time zone. */
static uint64_t kernel_second(const struct walk *w)
{
	return (uint64_t)w->facts->time - w->minuteswest * 60;
}

static unsigned kernel_day(const struct walk *w)
{
	return (unsigned)(kernel_second(w) / 86400 + 4) % 7;
}

static bool in_cgroup(const struct walk *w, const struct rs_stmt *s)
{
	for (unsigned i = 0; i < w->ir->n_cgroups; i++)
		if (w->facts->cgroups >> i & 1 &&
		    !strcmp(w->ir->cgroups[i].path, s->name))
			return true;
	return false;
}

static bool in_range(const struct iprange *r, const struct ipaddr *a)
{
	return r->lo.family == a->family && ipaddr_cmp(&r->lo, a) <= 0 &&
	       ipaddr_cmp(a, &r->hi) <= 0;
}

/* A new connection: neither established nor related nor invalid. */
static bool matches(const struct walk *w, const struct rs_stmt *s)
{
	const struct facts *f = w->facts;

	switch ((int)s->op) {
	case RS_FAMILY:
		return f->src.family == s->n;
	case RS_IIFNAME:
		return w->iif && !strcmp(w->iif, s->name);
	case RS_OIFNAME:
		return w->oif && !strcmp(w->oif, s->name);
	case RS_L4PROTO:
		return f->l4 == s->n;
	case RS_SADDR:
		return in_range(s->range, &f->src);
	case RS_DADDR:
		return in_range(s->range, &f->dst);
	case RS_SADDR_IN:
		return of_family(s, &f->src) && address_in(s, &f->src);
	case RS_DADDR_IN:
		return of_family(s, &f->dst) && address_in(s, &f->dst);
	case RS_SADDR_NOT_IN:
		return of_family(s, &f->src) && !address_in(s, &f->src);
	case RS_DPORT:
	case RS_ICMP_TYPE:
		return f->l4 == s->n && f->dport >= s->m && f->dport <= s->m2;
	case RS_SPORT:
		return f->l4 == s->n && f->sport >= s->m && f->sport <= s->m2;
	case RS_DPORT_IN:
		return f->l4 == s->n && ports_have(s->set, f->dport);
	case RS_TIME_BEFORE:
		return f->time < s->n;
	case RS_TIME_FROM:
		return f->time >= s->n;
	case RS_LIMIT_OVER:
	case RS_FLOWS_OVER:
		return f->over_limit && !w->policing &&
		       (!s->set || s->set->family == f->src.family);
	case RS_ETHER_IN:
		for (size_t i = 0; i < s->set->n_macs; i++)
			if (w->iif &&
			    !memcmp(&s->set->macs[i], &f->mac, sizeof(f->mac)))
				return true;
		return false;
	case RS_USER:
		return !w->iif && f->has_uid && f->uid == s->n;
	case RS_CGROUP:
		return !w->iif && in_cgroup(w, s);
	case RS_DAY:
		return kernel_day(w) >= s->n && kernel_day(w) <= s->m;
	case RS_HOUR:
		return kernel_second(w) % 86400 >= s->n &&
		       kernel_second(w) % 86400 <= s->m;
	case RS_CT_STATE:
		return s->n & RS_CT_NEW;
	case RS_TCP_SYN:
		return f->l4 == IPPROTO_TCP;
	case RS_UDP_BITS:
		return true; /* it begins like a hello */
	case RS_TCP_ACK:
	case RS_TCP_SYN_ACK:
	case RS_TCP_URG:
	case RS_TCP_RST:
	case RS_PAYLOAD:
	case RS_CT_REPLY:
		return false;
	case RS_CT_MARK:
		return (w->ct_mark & s->m) == s->n;
	case RS_META_MARK:
		return (w->meta_mark & s->m) == s->n;
	default:
		return true;
	}
}

static enum verdict walk_chain(struct walk *w, const char *name);

static enum verdict walk_map(struct walk *w, const struct rs_stmt *s,
			     const char *interface, bool *out_gone)
{
	vec_foreach (g, &s->set->gotos) {
		if (!interface || strcmp(g->interface, interface) != 0)
			continue;
		*out_gone = true;
		return walk_chain(w, g->chain);
	}
	return V_NONE;
}

static bool entry_has(const struct rs_set *map, const struct rs_entry *e,
		      const struct facts *f)
{
	return (!(map->keys & RS_KEY_SRC) || in_range(&e->src, &f->src)) &&
	       (!(map->keys & RS_KEY_DST) || in_range(&e->dst, &f->dst)) &&
	       (!(map->keys & RS_KEY_L4) || e->l4 == f->l4) &&
	       (!(map->keys & RS_KEY_PORT) ||
		(e->ports.lo <= f->dport && f->dport <= e->ports.hi));
}

static unsigned map_hits;

/* Entries may not meet: the kernel takes any that fits. */
static enum verdict walk_vmap(struct walk *w, const struct rs_set *map,
			      bool *out_gone)
{
	const struct rs_entry *found = NULL;

	vec_foreach (e, &map->entries) {
		if (!entry_has(map, e, w->facts))
			continue;
		ck_assert_msg(!found, "%s: two entries for one packet: %s, %s",
			      map->name, found->chain, e->chain);
		found = e;
	}
	if (!found)
		return V_NONE;
	map_hits++;
	*out_gone = !found->comes_back;
	return walk_chain(w, found->chain);
}

/* "fw DIGEST observe N" */
static void note_observed(struct walk *w, const char *prefix)
{
	const char *at = strstr(prefix, " observe ");

	if (at)
		w->observed |= 1ULL << strtoul(at + 9, NULL, 10);
}

/* What a statement does; V_NONE: go on. */
static enum verdict act(struct walk *w, const struct rs_stmt *s, bool *out_gone)
{
	switch ((int)s->op) {
	case RS_CT_MARK_SET:
		w->ct_mark = (w->ct_mark & ~s->m) | s->n;
		return V_NONE;
	case RS_META_MARK_SET:
		w->meta_mark = (w->meta_mark & ~s->m) | s->n;
		return V_NONE;
	case RS_LOG:
		w->log = s->name;
		note_observed(w, s->name);
		return V_NONE;
	case RS_QUEUE:
		return V_QUEUE;
	case RS_REJECT_TCP:
	case RS_REJECT_ICMP:
		ck_assert(s->op != RS_REJECT_TCP ||
			  w->facts->l4 == IPPROTO_TCP);
		return V_REJECT;
	case RS_ACCEPT:
		return V_ACCEPT;
	case RS_DROP:
		return V_DROP;
	case RS_RETURN:
		*out_gone = true;
		return V_NONE;
	case RS_JUMP:
		return walk_chain(w, s->name);
	case RS_GOTO:
		*out_gone = true;
		return walk_chain(w, s->name);
	case RS_IIFNAME_MAP:
		return walk_map(w, s, w->iif, out_gone);
	case RS_OIFNAME_MAP:
		return walk_map(w, s, w->oif, out_gone);
	case RS_VMAP:
		return walk_vmap(w, s->set, out_gone);
	default:
		return V_NONE;
	}
}

static enum verdict walk_rule(struct walk *w, const struct rs_rule *rule,
			      bool *out_gone)
{
	vec_foreach (s, &rule->stmts) {
		enum verdict v;

		if (!matches(w, s))
			return V_NONE;
		if (rule->comment)
			w->comment = rule->comment;
		v = act(w, s, out_gone);
		if (v != V_NONE || *out_gone)
			return v;
	}
	return V_NONE;
}

static enum verdict walk_chain(struct walk *w, const char *name)
{
	const struct rs_chain *chain = ruleset_chain_find(w->rs, name);

	ck_assert_msg(chain != NULL, "no chain %s", name);
	ck_assert_uint_lt(w->steps++, 64);
	w->policing = str_starts(str_of(name), "yr_");
	vec_foreach (r, &chain->rules) {
		bool gone = false;
		enum verdict v = walk_rule(w, r, &gone);

		if (v != V_NONE || gone)
			return v;
	}
	return V_NONE;
}

/* The base chains of a hook, in the order of their priority. */
static enum verdict walk_hook(struct walk *w, enum rs_hook hook)
{
	enum verdict v = V_NONE;

	for (int priority = 10; priority <= 20; priority += 10) {
		vec_foreach (c, &w->rs->chains) {
			if ((*c)->hook != hook || (*c)->priority != priority)
				continue;
			v = walk_chain(w, (*c)->name);
			if (v == V_NONE)
				v = (*c)->policy_drop ? V_DROP : V_ACCEPT;
			if (v != V_ACCEPT)
				return v;
		}
	}
	/* Its SYN goes by; the next packet with a byte does not. */
	if (mark_state_of(w->ir->marks, w->ct_mark) == MARK_PENDING)
		return V_QUEUE;
	return v;
}

/* --- what should come of it ---------------------------------------------- */

static const char *describe(const struct packet_case *p, const struct walk *w,
			    enum verdict v, const struct decision *d)
{
	static char text[8192];
	char src[IPADDR_TEXT_MAX], dst[IPADDR_TEXT_MAX];

	(void)snprintf(text, sizeof(text),
		       "%s -> %s, %s -> %s l4 %u port %u: walked %d (%s; %s), "
		       "evaluated %d by %d rule %s\n%s",
		       p->iif ? p->iif : "self", p->oif ? p->oif : "self",
		       ipaddr_print(&p->facts.src, src),
		       ipaddr_print(&p->facts.dst, dst), p->facts.l4,
		       p->facts.dport, (int)v, w->comment ? w->comment : "",
		       w->log ? w->log : "", (int)d->kind, (int)d->by,
		       d->rule ? d->rule->name : "",
		       strbuf_text(&p->policy->canonical));
	return text;
}

/* The mark that the connection keeps. */
static enum mark_state expected_mark(const struct packet_case *p,
				     enum verdict v)
{
	switch (v) {
	case V_QUEUE:
		return MARK_PENDING;
	case V_REJECT:
		return MARK_DENIED;
	case V_ACCEPT:
		return case_is_neighbours(p) ? MARK_NEW : MARK_ALLOWED;
	case V_DROP:
	case V_NONE:
		break;
	}
	return MARK_NEW;
}

/* How often each verdict came: a test of one kind alone shows little. */
static unsigned seen[V_REJECT + 1];

/* Rules that only observe and that the kernel is to tell of. */
static uint64_t expected_observed(const struct packet_case *p)
{
	const struct ir *ir = &p->policy->ir;
	const struct ir_rule *rule = NULL;
	uint64_t ids = 0;

	if (case_is_neighbours(p) || case_is_spoofed(p))
		return 0;
	while ((rule = eval_observed(ir, &p->facts, rule, false)))
		ids |= 1ULL << rule->id;
	while ((rule = eval_observed(ir, &p->facts, rule, true)))
		ids &= ~(1ULL << rule->id);
	return ids;
}

static void check_packet(const struct packet_case *p)
{
	struct walk w = {.rs = &p->policy->ruleset,
			 .ir = &p->policy->ir,
			 .facts = &p->facts,
			 .iif = p->iif,
			 .oif = p->oif,
			 .minuteswest = (unsigned)random_env.tz_minuteswest,
			 /* Marks of others are left alone. */
			 .ct_mark = ~p->policy->ir.marks,
			 .meta_mark = ~p->policy->ir.marks};
	struct decision d = eval_flow(&p->policy->ir, &p->facts, EVAL_KERNEL);
	enum verdict v = walk_hook(&w, p->hook), want = case_expected(p, &d);
	const char *comment = case_comment(p, &d);
	uint32_t marks = p->policy->ir.marks;

	seen[v]++;
	ck_assert_msg(v == want, "want %d: %s", (int)want,
		      describe(p, &w, v, &d));
	if (comment)
		ck_assert_msg(w.comment && !strcmp(w.comment, comment),
			      "not by '%s': %s", comment,
			      describe(p, &w, v, &d));
	ck_assert_msg(mark_state_of(marks, w.ct_mark) == expected_mark(p, v),
		      "mark %08x: %s", w.ct_mark, describe(p, &w, v, &d));
	ck_assert_msg(w.observed == expected_observed(p), "observed %llx: %s",
		      (unsigned long long)w.observed, describe(p, &w, v, &d));
	ck_assert_uint_eq(w.ct_mark | marks, ~0U);
	ck_assert_uint_eq(w.meta_mark | marks, ~0U);
}

/* As written, as it is by default, and with all made into maps that can be. */
START_TEST(the_ruleset_decides_as_the_evaluation)
{
	static const unsigned map_from[] = {RS_MAP_NEVER, RS_MAP_FROM, 1};
	struct chance c = {.state = 20260101};

	for (unsigned i = 0; i < POLICIES; i++) {
		struct policy *policy = random_policy(&c);
		struct chance same = c;

		for (size_t k = 0; k < 3; k++) {
			struct policy *as = policy_again(policy, map_from[k]);
			struct packet_case p = {.policy = as};

			c = same;
			for (unsigned j = 0; j < PACKETS; j++) {
				random_case(&c, &p);
				check_packet(&p);
			}
			policy_free(as);
		}
		policy_free(policy);
	}
	for (enum verdict v = V_ACCEPT; v <= V_REJECT; v++)
		ck_assert_uint_gt(seen[v], POLICIES * PACKETS / 100);
	ck_assert_uint_gt(map_hits, POLICIES * PACKETS / 100);
}
END_TEST

static bool same(const struct decision *a, const struct decision *b)
{
	return a->kind == b->kind && a->by == b->by && a->rule == b->rule &&
	       a->guard == b->guard && a->protocol == b->protocol &&
	       a->silent == b->silent && a->list == b->list;
}

/* What a guard refused a rule may refuse as well, once it knows enough. */
static bool stands(const struct decision *before, const struct decision *now)
{
	return before->kind == DECISION_NOT_YET || same(before, now) ||
	       ((before->by == DECISION_BY_GUARD ||
		 before->by == DECISION_BY_PROTOCOL) &&
		now->kind == DECISION_REFUSE);
}

/* Tell one fact after the other; what was decided stays so. */
static void check_growth(struct chance *c, const struct packet_case *p)
{
	const struct ir *ir = &p->policy->ir;
	struct decision kernel = eval_flow(ir, &p->facts, EVAL_KERNEL);
	struct decision before = eval_flow(ir, &p->facts, EVAL_ENGINE);
	struct facts f = p->facts;
	struct arena arena;

	ck_assert(kernel.kind == DECISION_NOT_YET || same(&kernel, &before));
	arena_init(&arena, 0, 0);
	f.arena = &arena;
	while (random_fact(c, &f)) {
		struct decision now = eval_flow(ir, &f, EVAL_ENGINE);
		struct decision blind = eval_flow(ir, &f, EVAL_KERNEL);

		ck_assert(same(&kernel, &blind));
		ck_assert_msg(stands(&before, &now),
			      "decided %d by %d, then %d by %d\n%s",
			      (int)before.kind, (int)before.by, (int)now.kind,
			      (int)now.by, strbuf_text(&p->policy->canonical));
		before = now;
	}
	/* All is told: undecided only where one layer more would follow. */
	ck_assert(before.kind != DECISION_NOT_YET || f.open);
	arena_done(&arena);
}

START_TEST(a_decision_stands_whatever_else_is_told)
{
	struct chance c = {.state = 77};

	for (unsigned i = 0; i < POLICIES; i++) {
		struct policy *policy = random_policy(&c);
		struct packet_case p = {.policy = policy};

		for (unsigned j = 0; j < PACKETS; j++) {
			random_case(&c, &p);
			check_growth(&c, &p);
		}
		policy_free(policy);
	}
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, the_ruleset_decides_as_the_evaluation);
	tcase_add_test(tc, a_decision_stands_whatever_else_is_told);
}

int main(void)
{
	return run_suite("agreement", add);
}
