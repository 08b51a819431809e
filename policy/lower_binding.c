/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What binds names to addresses: `binding` and `cdn` of the group
 * `application`.  The flows that they are about must come to the engine even
 * where a rule that only the kernel needs to see allows them: such flows are
 * listed as `looks`, which the ruleset takes for guards.
 */
#include "policy/lower_priv.h"

#include "policy/base/duration.h"
#include "policy/binding.h"

#include <netinet/in.h>

static const struct service tcp[] = {{IPPROTO_TCP, 0, UINT16_MAX}};
static const struct service both[] = {{IPPROTO_TCP, 0, UINT16_MAX},
				      {IPPROTO_UDP, 0, UINT16_MAX}};

static enum ir_binding lower_mode(const struct word *w)
{
	if (str_is(w->text, "enforce"))
		return IR_BINDING_ENFORCE;
	return str_is(w->text, "log") ? IR_BINDING_LOG : IR_BINDING_OFF;
}

static uint32_t lower_ttl(const struct word *w)
{
	long seconds = BINDING_TTL_USUAL;

	if (w->text.p && !duration_parse(w->text.p, true, &seconds))
		FW_ASSERT(!"a time that was checked");
	return (uint32_t)seconds;
}

static struct ipset lower_networks(struct lowering *l, const word_list *words)
{
	struct gather all = {0};

	vec_foreach (w, words) {
		if (str_starts(w->text, "@"))
			gather_set(&l->sets, &all,
				   lower_sets_addresses(&l->sets,
							str_skip(w->text, 1)));
		else
			gather_word(&l->sets, &all, w->text);
	}
	return gather_done(&all);
}

static void lower_cdns(struct lowering *l, struct ir *ir)
{
	const cdn_list *in = &l->ast->application.cdns;
	struct ir_cdn *all = arena_calloc(l->arena, in->n + 1, sizeof(*all));
	size_t n = 0;

	if (!all) {
		l->failed = true;
		return;
	}
	vec_foreach (c, in) {
		struct lower_names hosts =
			lower_sets_names(&l->sets, &c->hosts);

		all[n++] = (struct ir_cdn){
			.name = lower_text(l, c->name),
			.place = c->name.place,
			.networks = lower_networks(l, &c->networks),
			.hosts = hosts.set,
			.host_words = {hosts.words, hosts.n},
		};
	}
	ir->cdns = all;
	ir->n_cdns = n;
}

/* No name that a user can give begins with a blank. */
static struct ir_rule look(const char *name, enum ast_list list)
{
	return (struct ir_rule){.name = name,
				.list = list,
				.from = {.any = true},
				.to = {.any = true},
				.services = both,
				.n_services = 2};
}

static struct ir_rule look_at(struct lowering *l, const char *name,
			      const struct ipset *addrs)
{
	struct ir_rule rule = look(name, AST_LISTS);

	if (!name)
		l->failed = true;
	rule.to = (struct ir_side){.addrs = *addrs};
	return rule;
}

/* Behind the guards that are there. */
static void lower_looks(struct lowering *l, struct ir *ir)
{
	size_t n = ir->n_protocols;
	struct ir_protocol *all =
		arena_calloc(l->arena, n + ir->n_cdns + 4, sizeof(*all));

	if (!all) {
		l->failed = true;
		return;
	}
	for (size_t i = 0; i < n; i++)
		all[i] = ir->protocols[i];
	if (ir->resolvers.n)
		all[n++].match = look_at(l, " resolvers", &ir->resolvers);
	if (ir->binding) {
		all[n++].match = look(" egress", AST_EGRESS);
		/* A proxy may be inside. */
		all[n].match = look(" segment", AST_SEGMENT);
		all[n].match.services = tcp;
		all[n++].match.n_services = 1;
	}
	for (size_t i = 0; i < ir->n_cdns; i++)
		all[n++].match = look_at(
			l, arena_printf(l->arena, " cdn %s", ir->cdns[i].name),
			&ir->cdns[i].networks);
	ir->protocols = all;
	ir->n_looks = n - ir->n_protocols;
}

static void push_word(struct lowering *l, word_list *out, struct word w)
{
	struct word *slot = vec_push(l->arena, out);

	if (slot)
		*slot = w;
	else
		l->failed = true;
}

static void lower_ech(struct lowering *l, struct ir *ir)
{
	const struct ast_application *a = &l->ast->application;
	struct word usual = {.text = str_of(BINDING_ECH_OUTER)};
	const word_list all = {.items = &usual, .n = 1};
	struct lower_names outer = lower_sets_names(
		&l->sets, a->ech_outer.n ? &a->ech_outer : &all);

	ir->strips_ech = str_is(a->ech.text, "strip");
	ir->ech_outer = outer.set;
	ir->ech_outer_words = (struct ir_words){outer.words, outer.n};
}

/* Those that everybody knows, and what the policy has beside them. */
static void lower_foreign(struct lowering *l, struct ir *ir)
{
	static const struct {
		bool is_name;
		const char *text;
	} known[] = {
#define NAME              true
#define ADDRESS           false
#define X(kind, text, of) {kind, text},
#include "policy/public_dns.def"
#undef X
#undef NAME
#undef ADDRESS
	};
	const word_list *own = &l->ast->application.foreign_names;
	struct gather addresses = {0};
	word_list names = {0};
	struct lower_names all;

	if (!(ir->guards >> IR_GUARD_FOREIGN_DNS & 1))
		return;
	vec_foreach (w, own)
		push_word(l, &names, *w);
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		struct word w = {.text = str_of(known[i].text)};

		if (known[i].is_name)
			push_word(l, &names, w);
		else
			gather_word(&l->sets, &addresses, w.text);
	}
	all = lower_sets_names(&l->sets, &names);
	ir->foreign_dns = all.set;
	ir->foreign_dns_words = (struct ir_words){all.words, all.n};
	ir->foreign_dns_addrs = gather_done(&addresses);
}

void lower_binding(struct lowering *l, struct ir *ir)
{
	const struct ast_application *a = &l->ast->application;

	ir->binding = lower_mode(&a->binding);
	ir->binding_ttl = lower_ttl(&a->binding_ttl);
	lower_ech(l, ir);
	lower_foreign(l, ir);
	if (ir->binding || ir->strips_ech ||
	    ir->guards >> IR_GUARD_FOREIGN_DNS & 1)
		ir->resolvers = *lower_sets_addresses(
			&l->sets, str_of(BINDING_RESOLVERS));
	lower_cdns(l, ir);
	lower_looks(l, ir);
}
