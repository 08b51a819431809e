/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A flow is a stack of protocols: HTTP and SOCKS may carry another inside.  A
 * rule and the guards over it each say which stacks they let pass; when no
 * stack is left that the rule would allow, it can never allow.
 */
#include "policy/findings_guard.h"

#include "policy/facts.h"
#include "policy/findings_cover.h"

#include <netinet/in.h>

/* Guards over one rule: so many are named. */
#define GUARDS_NAMED 4

/* What may pass: protocols at the bottom of the stack, and anywhere in it. */
struct stacks {
	app_mask first, any;
	bool tunnels; /* HTTP may carry another */
};

/* What is found of one rule or guard over all pairs of zones. */
struct overruled {
	bool possible; /* somewhere it could match if there were no guards */
	bool looked, open, told;
	const struct ir_protocol *by[GUARDS_NAMED];
	size_t n_by;
	bool by_socks, by_connect; /* of `application` */
};

/* Between one pair of zones: all guards, and what they are held against. */
struct looker {
	const struct ir *ir;
	struct cover cover;
	struct overruled *of; /* by rule id, then by guard */
	struct arm *arms;     /* guards, and then guards again, and rules */
	size_t n_arms, n_guards;
	struct reach_index index; /* of the guards */
};

/* --- stacks ----------------------------------------------------------------
 */

/* Protocols that may carry a name. */
static app_mask naming_apps(void)
{
	app_mask apps = 0;

	for (enum app a = 0; a < APP_COUNT; a++)
		if (app_carries_name(a))
			apps |= APP_BIT(a);
	return apps;
}

static app_mask apps_over(uint8_t l4)
{
	app_mask apps = 0;

	for (enum app a = 0; a < APP_COUNT; a++)
		if (app_is_over(a, l4))
			apps |= APP_BIT(a);
	return apps;
}

static struct stacks stacks_of(const struct ir_rule *rule, uint8_t l4)
{
	app_mask apps = rule->apps ? rule->apps : APP_ALL;

	if (rule->has_hosts)
		apps &= naming_apps();
	apps &= apps_over(l4);
	return (struct stacks){.first = apps, .any = apps, .tunnels = true};
}

static void keep_by(struct stacks *s, const struct ir_protocol *guard)
{
	if (guard->require)
		s->first &= guard->require;
	s->any &= ~guard->deny;
}

/* What must be somewhere in the stack for the rule to hold; 0: anything. */
static app_mask needed_app(const struct ir_rule *rule)
{
	if (rule->sni_words.n || rule->alpns.n || rule->ja4s.n)
		return APPS_WITH_HELLO;
	if (rule->methods.n || rule->paths.n)
		return APPS_WITH_REQUEST;
	if (rule->qname_words.n)
		return APPS_WITH_QUESTIONS;
	return rule->banners.n ? APP_BIT(APP_SSH) : 0;
}

static bool stacks_left(const struct stacks *s, app_mask needed)
{
	app_mask first = s->first & s->any;
	bool carries = (first & APP_BIT(APP_SOCKS)) ||
		       ((first & APP_BIT(APP_HTTP)) && s->tunnels);

	if (!needed)
		return first != 0;
	return (first & needed) || (carries && (s->any & needed));
}

/* --- one arm and the guards over it ----------------------------------------
 */

/* The match is the first member of a guard. */
static const struct ir_protocol *guard_of(const struct ir_rule *match)
{
	return (const struct ir_protocol *)(const void *)match;
}

static struct overruled *overruled_of(const struct looker *l,
				      const struct ir_rule *rule)
{
	if (rule->list != AST_LISTS)
		return &l->of[rule->id];
	return &l->of[l->ir->n_all +
		      (size_t)(guard_of(rule) - l->ir->protocols)];
}

static bool guard_speaks(struct looker *l, const struct arm *guard,
			 const struct arm *arm, const struct service *service)
{
	const struct ir_rule one = {.services = service, .n_services = 1};

	return cover_services(guard->rule, &one) &&
	       cover_end(&l->cover, arm_src(guard), arm_src(arm)) &&
	       cover_end(&l->cover, arm_dst(guard), arm_dst(arm));
}

static void note_guard(struct overruled *of, const struct ir_protocol *guard)
{
	for (size_t i = 0; i < of->n_by; i++)
		if (of->by[i] == guard)
			return;
	if (of->n_by < GUARDS_NAMED)
		of->by[of->n_by++] = guard;
}

static void keep_by_guards(struct looker *l, const struct arm *arm,
			   const struct service *service, struct stacks *s,
			   struct overruled *of)
{
	reach_index_look(&l->index, &arm->reach, l->n_guards);
	for (size_t j = reach_index_next(&l->index, 0); j != SIZE_MAX;
	     j = reach_index_next(&l->index, j + 1)) {
		const struct arm *guard = &l->arms[j];
		struct stacks before = *s;

		if (!reach_meets(&guard->reach, &arm->reach) ||
		    !guard_speaks(l, guard, arm, service))
			continue;
		keep_by(s, guard_of(guard->rule));
		if (before.first != s->first || before.any != s->any)
			note_guard(of, guard_of(guard->rule));
	}
}

static void keep_by_application(const struct looker *l, app_mask needed,
				struct stacks *s, struct overruled *of)
{
	app_mask first = s->first & s->any;

	if (l->ir->guards >> IR_GUARD_SOCKS & 1) {
		of->by_socks |= (first & APP_BIT(APP_SOCKS)) != 0;
		s->any &= ~APP_BIT(APP_SOCKS);
	}
	if (l->ir->guards >> IR_GUARD_CONNECT & 1) {
		of->by_connect |= needed && (first & APP_BIT(APP_HTTP));
		s->tunnels = false;
	}
}

/* Can flows of one service pass the rule, and then its guards? */
static void look_at_service(struct looker *l, const struct arm *arm,
			    const struct service *service, struct overruled *of)
{
	app_mask needed = needed_app(arm->rule);
	struct stacks s = stacks_of(arm->rule, service->l4);

	if (!stacks_left(&s, needed))
		return;
	of->possible = true;
	if (service->l4 == IPPROTO_TCP || service->l4 == IPPROTO_UDP)
		keep_by_guards(l, arm, service, &s, of);
	if (service->l4 == IPPROTO_TCP)
		keep_by_application(l, needed, &s, of);
	of->open |= stacks_left(&s, needed);
}

static void look_at(struct looker *l, const struct arm *arm)
{
	static const struct service any[] = {{IPPROTO_TCP, 0, UINT16_MAX},
					     {IPPROTO_UDP, 0, UINT16_MAX}};
	const struct ir_rule *rule = arm->rule;
	struct overruled *of = overruled_of(l, rule);

	of->looked = true;
	/* What it takes beside TCP and UDP has no guard. */
	if (!rule->n_services && !ir_rule_asks_engine(rule))
		of->possible = of->open = true;
	for (size_t i = 0; !of->open && i < rule->n_services; i++)
		look_at_service(l, arm, &rule->services[i], of);
	for (size_t i = 0; !of->open && !rule->n_services && i < 2; i++)
		look_at_service(l, arm, &any[i], of);
}

/* --- all between two zones -------------------------------------------------
 */

static void add_guards(struct looker *l, unsigned from, unsigned to)
{
	for (size_t i = 0; i < l->ir->n_protocols; i++) {
		const struct ir_rule *match = &l->ir->protocols[i].match;

		if (!match->observe)
			l->n_arms += arm_of(match, from, to, NULL,
					    &l->arms[l->n_arms]);
	}
}

static void add_rules(struct looker *l, unsigned from, unsigned to)
{
	enum ast_list list = ir_list_of(l->ir, (int)from, (int)to);

	for (size_t i = 0; list != AST_LISTS && i < l->ir->n_all; i++)
		if (l->ir->all[i].list == list)
			l->n_arms += arm_of(&l->ir->all[i], from, to, NULL,
					    &l->arms[l->n_arms]);
}

static bool look_between(struct looker *l, unsigned from, unsigned to)
{
	const struct ir *ir = l->ir;
	size_t room = 2 * ir->n_protocols + ir->n_all + 1;

	l->n_arms = 0;
	l->arms = arena_calloc(l->cover.arena, room, sizeof(*l->arms));
	if (!l->arms)
		return false;
	add_guards(l, from, to);
	l->n_guards = l->n_arms;
	/* Guards are held against each other too. */
	add_guards(l, from, to);
	add_rules(l, from, to);
	if (!reach_prepare(&l->arms->reach, l->n_arms, sizeof(*l->arms),
			   l->cover.arena) ||
	    !reach_index_make(&l->index, &l->arms->reach, l->n_guards,
			      sizeof(*l->arms), l->cover.arena))
		return false;
	for (size_t i = l->n_guards; i < l->n_arms; i++)
		look_at(l, &l->arms[i]);
	return !l->cover.failed && !l->cover.arena->failed;
}

/* --- what was found ---------------------------------------------------------
 */

static void note_guards(struct diag_list *diags, const struct overruled *of,
			const struct ir_rule *but)
{
	for (size_t i = 0; i < of->n_by; i++)
		if (&of->by[i]->match != but)
			diag_note(diags, of->by[i]->match.place,
				  "guard %s stands here",
				  diag_quote(diags,
					     str_of(of->by[i]->match.name)));
}

static void report_rule(struct diag_list *diags, const struct ir_rule *rule,
			const struct overruled *of)
{
	const char *name = diag_quote(diags, str_of(rule->name));

	if (!of->possible) {
		diag_error(diags, rule->place, "never-matches",
			   "rule %s can never match: what it asks for is told "
			   "by TCP alone, and its services have none",
			   name);
		return;
	}
	if (of->open || rule->action != IR_ALLOW || rule->observe)
		return;
	if (of->by_socks && !of->n_by)
		diag_error(diags, rule->place, "guarded",
			   "rule %s can never allow: 'socks' of 'application' "
			   "is \"deny\", which it is where nothing is said",
			   name);
	else if (of->by_connect && !of->n_by)
		diag_error(diags, rule->place, "guarded",
			   "rule %s can never allow: 'connect' of "
			   "'application' is \"deny\", which it is where "
			   "nothing is said",
			   name);
	else if (of->n_by == 1)
		diag_error(diags, rule->place, "guarded",
			   "rule %s can never allow: guard %s refuses all that "
			   "it lets pass",
			   name,
			   diag_quote(diags, str_of(of->by[0]->match.name)));
	else
		diag_error(diags, rule->place, "guarded",
			   "rule %s can never allow: the guards over it leave "
			   "nothing of what it lets pass",
			   name);
	note_guards(diags, of, NULL);
}

/* Of guards against each other the first found is told. */
static void report_guard(const struct looker *l, struct diag_list *diags,
			 size_t i)
{
	const struct ir_rule *match = &l->ir->protocols[i].match;
	struct overruled *of = &l->of[l->ir->n_all + i];

	if (!of->looked || of->open)
		return;
	for (size_t j = 0; j < of->n_by; j++)
		if (overruled_of(l, &of->by[j]->match)->told)
			return;
	of->told = true;
	diag_error(diags, match->place, "contradiction",
		   "guard %s lets no protocol pass at all%s",
		   diag_quote(diags, str_of(match->name)),
		   of->n_by > 1 ? ", with the others over its flows" : "");
	note_guards(diags, of, match);
}

static void report(const struct looker *l, struct diag_list *diags)
{
	for (size_t i = 0; i < l->ir->n_protocols; i++)
		report_guard(l, diags, i);
	for (size_t i = 0; i < l->ir->n_all; i++)
		if (l->of[i].looked)
			report_rule(diags, &l->ir->all[i], &l->of[i]);
}

enum fw_err find_guard_faults(const struct ir *ir, struct diag_list *diags)
{
	struct looker l = {.ir = ir};
	size_t before = diags->errors;
	struct arena scratch;
	bool good = true;

	l.of = arena_calloc(diags->arena, ir->n_all + ir->n_protocols + 1,
			    sizeof(*l.of));
	if (!l.of)
		return FW_ERR_NOMEM;
	for (unsigned i = 0; good && i < ir->n_zones * ir->n_zones; i++) {
		arena_init(&scratch, 0, 0);
		l.cover = (struct cover){.arena = &scratch};
		good = look_between(&l, i / ir->n_zones, i % ir->n_zones);
		arena_done(&scratch);
	}
	if (!good)
		return FW_ERR_NOMEM;
	report(&l, diags);
	return diags->errors != before ? FW_ERR_POLICY : FW_OK;
}
