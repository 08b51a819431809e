/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/findings.h"

#include "policy/findings_cover.h"
#include "policy/region.h"

#include <netinet/in.h>

/* A rule is held against so many earlier ones together, in so many boxes. */
#define TOGETHER_MAX 32
#define BOXES_MAX    512

/* Sets with so many ranges may be meant to overlap. */
#define CROSSING_MAX 64

/* So many pairs of rules that meet are looked at, which takes seconds. */
#define WORK_MAX 20000000UL

/* Rules that overlap: the first are named. */
#define OVERLAPS_NAMED 20

/* What is found of one rule over all pairs of zones. */
struct finding {
	unsigned pairs, covered; /* pairs where it can match; where it cannot
				    decide */
	const struct ir_rule *by[TOGETHER_MAX]; /* what decides before it */
	size_t n_by;
	unsigned alike;     /* pairs where it takes the same flows */
	bool two_versions;  /* it can match nowhere for its IP versions ... */
	bool icmp_versions; /* ... those of its ICMP */
	bool overlaps;      /* said once */
};

struct finder {
	const struct ir *ir;
	struct diag_list *diags;
	struct arena scratch; /* for one pair of zones */
	struct cover cover;
	struct finding *of; /* by rule id */
	unsigned overlaps;
	size_t work; /* pairs of rules looked at */
	bool failed;
};

static const char *quote(struct finder *f, const struct ir_rule *rule)
{
	return diag_quote(f->diags, str_of(rule->name));
}

/* --- does an earlier rule leave anything? -----------------------------------
 */

/* Do the earlier rules leave nothing, all together? */
static bool nothing_left(struct finder *f, const struct arm *arms,
			 const size_t *earlier, size_t n,
			 const struct arm *late)
{
	struct region rest;

	region_of_arm(late, BOXES_MAX, &f->scratch, &rest);
	for (size_t i = 0; i < n && !rest.too_big; i++) {
		struct region cut;

		region_of_arm(&arms[earlier[i]], BOXES_MAX, &f->scratch, &cut);
		if (!cut.too_big)
			region_cut_all(&rest, &cut, &f->scratch);
	}
	return !rest.too_big && rest.boxes.n == 0;
}

/* --- IP versions -----------------------------------------------------------
 */

#define V4 1U
#define V6 2U

static unsigned versions_of_end(struct arm_end end)
{
	if (end.set)
		return (ipset_family(end.set, IP_V4).n ? V4 : 0) |
		       (ipset_family(end.set, IP_V6).n ? V6 : 0);
	return (end.but && ipset_is_all(end.but, IP_V4) ? 0 : V4) |
	       (end.but && ipset_is_all(end.but, IP_V6) ? 0 : V6);
}

static unsigned versions_of_services(const struct ir_rule *rule)
{
	unsigned versions = rule->n_services ? 0 : V4 | V6;

	for (size_t i = 0; i < rule->n_services; i++) {
		bool v4 = rule->services[i].l4 != IPPROTO_ICMPV6;
		bool v6 = rule->services[i].l4 != IPPROTO_ICMP;

		versions |= (v4 ? V4 : 0) | (v6 ? V6 : 0);
	}
	return versions;
}

static unsigned versions_of_ends(const struct arm *arm)
{
	return versions_of_end(arm_src(arm)) & versions_of_end(arm_dst(arm));
}

/* Is there an IP version that all of the rule has here? */
static bool has_version(const struct arm *arm)
{
	return versions_of_ends(arm) & versions_of_services(arm->rule);
}

/* --- one rule between two zones ---------------------------------------------
 */

static void note_cover(struct finding *of, const struct arm *arms,
		       const size_t *earlier, size_t n)
{
	of->covered++;
	for (size_t i = 0; i < n; i++) {
		bool known = false;

		for (size_t j = 0; j < of->n_by; j++)
			known |= of->by[j] == arms[earlier[i]].rule;
		if (!known && of->n_by < TOGETHER_MAX)
			of->by[of->n_by++] = arms[earlier[i]].rule;
	}
}

static bool services_cross(const struct arm *a, const struct arm *b)
{
	return !cover_services(a->rule, b->rule) &&
	       !cover_services(b->rule, a->rule);
}

/* An exception is narrower at both ends; between the same ends it is of fewer
 * services. */
static bool is_exception(struct finder *f, const struct arm *early,
			 const struct arm *late)
{
	struct cover *c = &f->cover;

	if (!cover_end(c, arm_src(late), arm_src(early)) ||
	    !cover_end(c, arm_dst(late), arm_dst(early)))
		return false;
	return !services_cross(early, late) ||
	       !cover_end(c, arm_src(early), arm_src(late)) ||
	       !cover_end(c, arm_dst(early), arm_dst(late));
}

/* Does each of two sets that meet have what the other has not?  Long lists are
 * not written with each other in mind. */
static bool sets_cross(struct finder *f, struct arm_end a, struct arm_end b)
{
	return a.set && b.set && a.set->n <= CROSSING_MAX &&
	       b.set->n <= CROSSING_MAX && !cover_end(&f->cover, a, b) &&
	       !cover_end(&f->cover, b, a);
}

/* A refusal before an allow is what one writes, unless neither is a part of the
 * other at one of their ends or in their services.  One of all services is a
 * list of whom to keep away. */
static bool is_crossing(struct finder *f, const struct arm *a,
			const struct arm *b)
{
	return a->rule->n_services &&
	       (sets_cross(f, arm_src(a), arm_src(b)) ||
		sets_cross(f, arm_dst(a), arm_dst(b)) || services_cross(a, b));
}

/* Is there a flow that both take?  Told by all that the kernel sees of one,
 * where that is not too much. */
static bool shares_flow(struct finder *f, const struct arm *a,
			const struct arm *b)
{
	struct region of_a, of_b, both;

	region_of_arm(a, BOXES_MAX, &f->scratch, &of_a);
	region_of_arm(b, BOXES_MAX, &f->scratch, &of_b);
	if (of_a.too_big || of_b.too_big)
		return true;
	region_common(&of_a, &of_b, &f->scratch, &both);
	return both.boxes.n || both.too_big;
}

/* A rule that takes a part of what a later one means to do otherwise. */
static void note_overlap(struct finder *f, const struct arm *early,
			 const struct arm *late)
{
	struct finding *of = &f->of[late->rule->id];
	bool allows = early->rule->action == IR_ALLOW;

	if (allows == (late->rule->action == IR_ALLOW) || of->overlaps ||
	    !ir_rule_takes_all(late->rule) || is_exception(f, early, late) ||
	    (!allows && !is_crossing(f, early, late)) ||
	    !shares_flow(f, early, late))
		return;
	of->overlaps = true;
	if (f->overlaps++ >= OVERLAPS_NAMED)
		return;
	diag_warning(f->diags, late->rule->place, "overlap",
		     "rule %s %s less than it says: %s before it %s a part",
		     quote(f, late->rule), allows ? "refuses" : "allows",
		     quote(f, early->rule), allows ? "allows" : "refuses");
	diag_note(f->diags, early->rule->place, "that rule stands here");
}

/* Counts; what is looked at no more is told once. */
static bool is_too_much(struct finder *f, const struct ir_rule *rule)
{
	if (++f->work == WORK_MAX)
		diag_warning(
			f->diags, rule->place, "too-many",
			"too many rules meet: from %s on not all are held "
			"against those before them, and one that can never "
			"decide is not told",
			quote(f, rule));
	return f->work >= WORK_MAX;
}

static void look_at(struct finder *f, struct arm_list *arms, size_t i)
{
	const struct arm *late = &arms->items[i];
	struct finding *of = &f->of[late->rule->id];
	size_t earlier[TOGETHER_MAX], n = 0;

	if (!has_version(late)) {
		of->two_versions = true;
		of->icmp_versions |= versions_of_ends(late) != 0;
		return;
	}
	of->pairs++;
	arms_meeting (j, arms, i) {
		const struct arm *early = &arms->items[j];

		if (is_too_much(f, late->rule))
			return;
		if (cover_arm(&f->cover, early, late)) {
			note_cover(of, arms->items, &j, 1);
			of->alike += cover_arm(&f->cover, late, early);
			return;
		}
		if (ir_rule_takes_all(early->rule) && has_version(early) &&
		    n < TOGETHER_MAX)
			earlier[n++] = j;
	}
	if (n > 1 && nothing_left(f, arms->items, earlier, n, late)) {
		note_cover(of, arms->items, earlier, n);
		return;
	}
	for (size_t j = 0; j < n; j++)
		note_overlap(f, &arms->items[earlier[j]], late);
}

static void look_between(struct finder *f, unsigned from, unsigned to)
{
	struct arm_list arms;

	arena_init(&f->scratch, 0, 0);
	f->cover = (struct cover){.arena = &f->scratch};
	if (arms_between(f->ir, from, to, ir_cleans(f->ir, HYGIENE_SPOOFED),
			 &f->scratch, &arms) != FW_OK)
		f->failed = true;
	else
		for (size_t i = 0; i < arms.n; i++)
			look_at(f, &arms, i);
	f->failed |= f->scratch.failed || f->cover.failed;
	arena_done(&f->scratch);
}

/* --- what was found ----------------------------------------------------------
 */

static const char *decides(const struct finding *of)
{
	for (size_t i = 1; i < of->n_by; i++)
		if ((of->by[i]->action == IR_ALLOW) !=
		    (of->by[0]->action == IR_ALLOW))
			return "decides";
	return of->by[0]->action == IR_ALLOW ? "allows" : "refuses";
}

static void report_no_match(struct finder *f, const struct ir_rule *rule,
			    const struct finding *of)
{
	diag_error(f->diags, rule->place, "never-matches",
		   !of->two_versions
			   ? "rule %s can never match: no zone of its list "
			     "sends or takes such flows"
		   : of->icmp_versions
			   ? "rule %s can never match: its addresses are of "
			     "one IP version, its ICMP is of the other"
			   : "rule %s can never match: its 'from' is of one IP "
			     "version, its 'to' of the other",
		   quote(f, rule));
}

/* The same flows, but another action? */
static bool is_contradiction(const struct finder *f, const struct ir_rule *rule)
{
	const struct finding *of = &f->of[rule->id];

	return of->n_by == 1 && of->alike == of->pairs &&
	       f->of[of->by[0]->id].pairs == of->pairs &&
	       rule->action != of->by[0]->action;
}

static void report_covered(struct finder *f, const struct ir_rule *rule)
{
	const struct finding *of = &f->of[rule->id];

	if (is_contradiction(f, rule))
		diag_error(f->diags, rule->place, "contradiction",
			   "rule %s contradicts %s: the same flows, another "
			   "action; the first decides",
			   quote(f, rule), quote(f, of->by[0]));
	else if (of->n_by == 1)
		diag_error(f->diags, rule->place, "unreachable",
			   "rule %s can never decide: %s before it %s all its "
			   "flows",
			   quote(f, rule), quote(f, of->by[0]), decides(of));
	else
		diag_error(f->diags, rule->place, "unreachable",
			   "rule %s can never decide: %zu rules before it "
			   "leave it no flow",
			   quote(f, rule), of->n_by);
	for (size_t i = 0; i < of->n_by && i < 3; i++)
		diag_note(f->diags, of->by[i]->place, "rule %s stands here",
			  quote(f, of->by[i]));
	if (of->n_by > 3)
		diag_note(f->diags, rule->place, "and %zu more", of->n_by - 3);
}

/* True when there was something. */
static bool report_unreachable(struct finder *f, const struct ir_rule *rule)
{
	const struct finding *of = &f->of[rule->id];

	if (of->pairs == 0) {
		report_no_match(f, rule, of);
		return true;
	}
	if (of->covered < of->pairs)
		return false;
	/* It leads on what comes to another port, and is decided alike. */
	if (rule->forward && !ir_rule_asks_engine(rule) &&
	    !strcmp(decides(of), "allows"))
		return false;
	report_covered(f, rule);
	return true;
}

/* Could it carry a tunnel? */
static bool carries_data(const struct ir_rule *rule)
{
	for (size_t i = 0; i < rule->n_services; i++)
		if (rule->services[i].l4 != IPPROTO_ICMP &&
		    rule->services[i].l4 != IPPROTO_ICMPV6)
			return true;
	return rule->n_services == 0;
}

static void report_open_door(struct finder *f, const struct ir_rule *rule)
{
	if (rule->list == AST_EGRESS && rule->action == IR_ALLOW &&
	    (rule->to.any || rule->to.zones) && !ir_rule_asks_names(rule) &&
	    carries_data(rule))
		diag_warning(f->diags, rule->place, "open-door",
			     "rule %s lets flows out to any address and any "
			     "name: give it 'host' (\"*\" to insist on a "
			     "name) or addresses in 'to'",
			     quote(f, rule));
}

enum fw_err find_faults(const struct ir *ir, struct diag_list *diags)
{
	struct finder f = {.ir = ir, .diags = diags};

	f.of = arena_calloc(diags->arena, ir->n_all + 1, sizeof(*f.of));
	if (!f.of)
		return FW_ERR_NOMEM;
	for (unsigned from = 0; from < ir->n_zones; from++)
		for (unsigned to = 0; to < ir->n_zones; to++)
			look_between(&f, from, to);
	if (f.failed)
		return FW_ERR_NOMEM;
	for (size_t i = 0; i < ir->n_all; i++) {
		if (report_unreachable(&f, &ir->all[i]))
			continue;
		report_open_door(&f, &ir->all[i]);
	}
	if (f.overlaps > OVERLAPS_NAMED)
		diag_warning(diags, ir->all[0].place, "overlap",
			     "and %u more rules that do less than they say",
			     f.overlaps - OVERLAPS_NAMED);
	return diags->errors ? FW_ERR_POLICY : FW_OK;
}
