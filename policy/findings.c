/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/findings.h"

#include "policy/facts.h"
#include "policy/region.h"

#include <netinet/in.h>

/* A rule is held against so many earlier ones together, in so many boxes. */
#define TOGETHER_MAX 32
#define BOXES_MAX    512

/* Rules that overlap: the first are named. */
#define OVERLAPS_NAMED 20

/* What is found of one rule over all pairs of zones. */
struct finding {
	unsigned pairs, covered; /* pairs where it can match; where it cannot
				    decide */
	const struct ir_rule *by[TOGETHER_MAX]; /* what decides before it */
	size_t n_by;
	bool overlaps; /* said once */
};

struct finder {
	const struct ir *ir;
	struct diag_list *diags;
	struct arena scratch; /* for one pair of zones */
	struct finding *of;   /* by rule id */
	unsigned overlaps;
	bool failed;
};

static const char *quote(struct finder *f, const struct ir_rule *rule)
{
	return diag_quote(f->diags, str_of(rule->name));
}

/* --- does an earlier rule leave anything? -----------------------------------
 */

/* Are all addresses of `late` among those of `early`? */
static bool addresses_cover(struct finder *f, const struct ipset *early,
			    const struct ipset *not_early,
			    const struct ipset *late)
{
	struct ipset rest;

	if (not_early)
		return false;
	if (!early || !late)
		return !early;
	if (ipset_subtract(&f->scratch, late, early, &rest) != FW_OK) {
		f->failed = true;
		return false;
	}
	return rest.n == 0;
}

static bool services_cover(const struct ir_rule *early,
			   const struct ir_rule *late)
{
	for (size_t i = 0; i < late->n_services; i++) {
		bool found = early->n_services == 0;

		for (size_t j = 0; j < early->n_services; j++)
			found |=
				early->services[j].l4 == late->services[i].l4 &&
				early->services[j].lo <= late->services[i].lo &&
				late->services[i].hi <= early->services[j].hi;
		if (!found)
			return false;
	}
	return late->n_services || early->n_services == 0;
}

static bool has_word(const struct ir_rule *rule, struct str word)
{
	for (size_t i = 0; i < rule->n_host_words; i++)
		if (str_eq(rule->host_words[i], word))
			return true;
	return false;
}

/* Is there a wildcard above the name or wildcard `word`? */
static bool has_wildcard_above(const struct ir_rule *rule, struct str word)
{
	for (size_t i = 0; i < rule->n_host_words; i++) {
		struct str end = str_skip(rule->host_words[i], 1);

		if (str_starts(rule->host_words[i], "*.") &&
		    word.len > end.len &&
		    str_eq(str_skip(word, word.len - end.len), end))
			return true;
	}
	return false;
}

/* Every name that fits `late` fits `early`; by the patterns as written. */
static bool hosts_cover(const struct ir_rule *early, const struct ir_rule *late)
{
	if (!early->has_hosts)
		return true;
	if (!late->has_hosts)
		return false;
	for (size_t i = 0; i < late->n_host_words; i++) {
		struct str word = late->host_words[i];

		/* No wildcard holds for an address. */
		if (!has_word(early, word) &&
		    (name_is_address(word) ||
		     !(has_word(early, str_of("*")) ||
		       has_wildcard_above(early, word))))
			return false;
	}
	return true;
}

/* Does `early` decide whatever its own conditions leave open of `late`? */
static bool conditions_cover(const struct ir_rule *early,
			     const struct ir_rule *late)
{
	if (ir_rule_takes_all(early))
		return true;
	return ir_rule_asks_names_only(early) &&
	       (!early->apps || (late->apps && !(late->apps & ~early->apps))) &&
	       hosts_cover(early, late);
}

static bool arm_covers(struct finder *f, const struct arm *early,
		       const struct arm *late)
{
	return conditions_cover(early->rule, late->rule) &&
	       services_cover(early->rule, late->rule) &&
	       addresses_cover(f, early->src, early->not_src, late->src) &&
	       addresses_cover(f, early->dst, early->not_dst, late->dst);
}

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

/* An exception is narrower at both ends. */
static bool is_exception(struct finder *f, const struct arm *early,
			 const struct arm *late)
{
	return addresses_cover(f, late->src, late->not_src, early->src) &&
	       addresses_cover(f, late->dst, late->not_dst, early->dst);
}

/* An allow that takes a part of what a later rule means to refuse. */
static void note_overlap(struct finder *f, const struct arm *early,
			 const struct arm *late)
{
	struct finding *of = &f->of[late->rule->id];

	if (early->rule->action != IR_ALLOW || late->rule->action == IR_ALLOW ||
	    of->overlaps || !ir_rule_takes_all(early->rule) ||
	    !ir_rule_takes_all(late->rule) || is_exception(f, early, late))
		return;
	of->overlaps = true;
	if (f->overlaps++ >= OVERLAPS_NAMED)
		return;
	diag_warning(f->diags, late->rule->place, "overlap",
		     "rule %s refuses less than it says: %s before it allows a "
		     "part",
		     quote(f, late->rule), quote(f, early->rule));
	diag_note(f->diags, early->rule->place, "that rule stands here");
}

static void look_at(struct finder *f, struct arm_list *arms, size_t i)
{
	const struct arm *late = &arms->items[i];
	struct finding *of = &f->of[late->rule->id];
	size_t earlier[TOGETHER_MAX], n = 0;

	of->pairs++;
	arms_meeting (j, arms, i) {
		const struct arm *early = &arms->items[j];

		if (arm_covers(f, early, late)) {
			note_cover(of, arms->items, &j, 1);
			return;
		}
		if (ir_rule_takes_all(early->rule) && n < TOGETHER_MAX)
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
	if (arms_between(f->ir, from, to, ir_cleans(f->ir, HYGIENE_SPOOFED),
			 &f->scratch, &arms) != FW_OK)
		f->failed = true;
	else
		for (size_t i = 0; i < arms.n; i++)
			look_at(f, &arms, i);
	f->failed |= f->scratch.failed;
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

/* True when there was something. */
static bool report_unreachable(struct finder *f, const struct ir_rule *rule)
{
	const struct finding *of = &f->of[rule->id];

	if (of->pairs == 0) {
		diag_error(f->diags, rule->place, "never-matches",
			   "rule %s can never match: no zone of its list sends "
			   "or takes such flows",
			   quote(f, rule));
		return true;
	}
	if (of->covered < of->pairs)
		return false;
	/* It leads on what comes to another port, and is decided alike. */
	if (rule->forward && !ir_rule_asks_engine(rule) &&
	    !strcmp(decides(of), "allows"))
		return false;
	if (of->n_by == 1)
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
	return true;
}

static void report_guarded(struct finder *f, const struct ir_rule *rule)
{
	if (rule->action == IR_ALLOW && rule->apps == 1U << APP_SOCKS &&
	    (f->ir->guards >> IR_GUARD_SOCKS & 1))
		diag_error(f->diags, rule->place, "guarded",
			   "rule %s can never allow: 'socks' of 'application' "
			   "is \"deny\", which it is where nothing is said",
			   quote(f, rule));
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
		report_guarded(&f, &ir->all[i]);
		report_open_door(&f, &ir->all[i]);
	}
	if (f.overlaps > OVERLAPS_NAMED)
		diag_warning(diags, ir->all[0].place, "overlap",
			     "and %u more rules that refuse less than they say",
			     f.overlaps - OVERLAPS_NAMED);
	return diags->errors ? FW_ERR_POLICY : FW_OK;
}
