/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tree -> flat rules.  Words are looked up in the tree's own lists, which
 * check_policy() has found complete, so a word that is not found here is our
 * bug and not the user's.
 */
#include "policy/lower_priv.h"

#include "policy/calendar.h"
#include "policy/facts.h"
#include "policy/service_words.h"

const char *lower_text(struct lowering *l, struct word w)
{
	struct str s = arena_str(l->arena, w.text);

	if (!s.p)
		l->failed = true;
	return s.p ? s.p : "";
}

static int zone_find(const struct lowering *l, struct str name)
{
	for (unsigned z = 0; z < l->n_zones; z++)
		if (str_is(name, l->zones[z].name))
			return (int)z;
	return -1;
}

static void lower_zone(struct lowering *l, const struct ast_zone *in,
		       struct ir_zone *out)
{
	const char **names =
		arena_calloc(l->arena, in->interfaces.n + 1, sizeof(*names));
	struct gather networks = {0};

	vec_foreach (w, &in->networks)
		gather_word(&l->sets, &networks, w->text);
	out->name = lower_text(l, in->name);
	out->external = in->external.set && in->external.value;
	out->networks = gather_done(&networks);
	if (!names) {
		l->failed = true;
		return;
	}
	vec_foreach (w, &in->interfaces)
		names[out->n_interfaces++] = lower_text(l, *w);
	out->interfaces = names;
}

static void lower_zones(struct lowering *l)
{
	static const char *const loopback[] = {"lo"};

	l->zones =
		arena_calloc(l->arena, l->ast->zones.n + 1, sizeof(*l->zones));
	if (!l->zones) {
		l->failed = true;
		return;
	}
	l->zones[l->n_zones++] = (struct ir_zone){
		.name = "self", .interfaces = loopback, .n_interfaces = 1};
	vec_foreach (z, &l->ast->zones)
		lower_zone(l, z, &l->zones[l->n_zones++]);
}

/* A zone or addresses of `from` or `to`. */
static void lower_end_word(struct lowering *l, struct str text, uint64_t *zones,
			   struct gather *addrs)
{
	int zone = zone_find(l, text);

	if (zone >= 0)
		*zones |= (uint64_t)1 << zone;
	else if (str_starts(text, "@"))
		gather_set(&l->sets, addrs,
			   lower_sets_addresses(&l->sets, str_skip(text, 1)));
	else
		gather_word(&l->sets, addrs, text);
}

/* What the words name (any, if they name nothing), less what they take away. */
struct ir_side lower_side(struct lowering *l, const word_list *words)
{
	struct gather named = {0}, taken = {0};
	struct ir_side side = {0};
	bool names_some = false;
	struct ipset all;

	vec_foreach (w, words) {
		names_some |= !word_is_negated(w);
		if (word_is_negated(w))
			lower_end_word(l, word_bare(w), &side.except_zones,
				       &taken);
		else if (str_is(w->text, "any"))
			side.any = true;
		else
			lower_end_word(l, w->text, &side.zones, &named);
	}
	side.any |= !names_some;
	side.zones &= ~side.except_zones;
	side.except = gather_done(&taken);
	all = gather_done(&named);
	if (!side.except.n)
		side.addrs = all;
	else if (ipset_subtract(l->arena, &all, &side.except, &side.addrs))
		l->failed = true;
	return side;
}

void lower_services(struct lowering *l, const word_list *words,
		    const struct service **out, size_t *out_n)
{
	service_list all;
	enum fw_err err = service_words(l->ast, l->arena, words, &all);

	FW_ASSERT(err != FW_ERR_INVAL); /* they were checked */
	l->failed |= err != FW_OK;
	service_list_merge(&all);
	*out = all.items;
	*out_n = all.n;
}

/* Patterns and sets of them: their words, and the set to ask. */
static struct ir_words lower_names(struct lowering *l, const word_list *words,
				   struct nameset *out)
{
	struct lower_names names = lower_sets_names(&l->sets, words);

	*out = names.set;
	return (struct ir_words){names.words, names.n};
}

static void lower_hosts(struct lowering *l, const word_list *words,
			struct ir_rule *rule)
{
	struct ir_words all = lower_names(l, words, &rule->hosts);

	rule->has_hosts = words->n > 0;
	rule->host_words = all.items;
	rule->n_host_words = all.n;
}

/* Words that mean what they say. */
static struct ir_words lower_words(struct lowering *l, const word_list *words)
{
	struct str *items =
		arena_calloc(l->arena, words->n + 1, sizeof(*items));
	size_t n = 0;

	if (!items) {
		l->failed = true;
		return (struct ir_words){0};
	}
	vec_foreach (w, words)
		items[n++] = w->text;
	return (struct ir_words){items, n};
}

static enum ir_action lower_action(struct word w)
{
	if (str_is(w.text, "allow"))
		return IR_ALLOW;
	return str_is(w.text, "deny") ? IR_DENY : IR_REJECT;
}

/* Seconds that the policy's time is ahead of UTC. */
static int32_t zone_offset(const struct lowering *l)
{
	return str_is(l->ast->gateway.timezone.text, "utc")
		       ? 0
		       : l->env->utc_offset;
}

/* They were checked: what is not there has no text. */
static void lower_limits(const struct ast_rule *in, struct ir_rule *out)
{
	if (in->rate.text.p)
		(void)limit_parse_rate(in->rate.text, &out->rate);
	if (in->packets.text.p)
		(void)limit_parse_rate(in->packets.text, &out->packets);
	if (in->connections.text.p)
		(void)limit_parse_count(in->connections.text,
					&out->connections);
}

static void lower_times(struct lowering *l, const word_list *words,
			struct ir_rule *out)
{
	bool local = !str_is(l->ast->gateway.timezone.text, "utc");

	vec_foreach (w, words)
		if (window_parse(l->arena, w->text, local, l->env->utc_offset,
				 &out->times))
			l->failed = true;
	window_list_sort(&out->times);
}

static void lower_observe(struct lowering *l, const struct ast_rule *in,
			  struct ir_rule *out)
{
	int64_t day;

	out->observe = in->observe.set && in->observe.value;
	if (in->until.text.p && calendar_date_parse(in->until.text, &day))
		out->until = (day + 1) * CALENDAR_DAY_SECONDS - zone_offset(l);
}

static void lower_rule(struct lowering *l, const struct ast_rule *in,
		       struct ir_rule *out)
{
	out->name = lower_text(l, in->name);
	out->comment = in->comment.text.p ? lower_text(l, in->comment) : NULL;
	out->place = in->place;
	out->action = lower_action(in->action);
	out->from = lower_side(l, &in->from);
	out->to = lower_side(l, &in->to);
	lower_services(l, &in->service, &out->services, &out->n_services);
	lower_hosts(l, &in->host, out);
	vec_foreach (w, &in->app)
		out->apps |= APP_BIT(app_find(w->text));
	out->sni_words = lower_names(l, &in->sni, &out->snis);
	out->alpns = lower_words(l, &in->alpn);
	out->ja4s = lower_words(l, &in->ja4);
	out->methods = lower_words(l, &in->method);
	out->paths = lower_words(l, &in->path);
	out->qname_words = lower_names(l, &in->qname, &out->qnames);
	out->banners = lower_words(l, &in->banner);
	lower_source(l, in, out);
	lower_limits(in, out);
	lower_times(l, &in->time, out);
	lower_observe(l, in, out);
	if (in->forward.text.p)
		lower_forward(l, in, out);
}

static void lower_rules(struct lowering *l, struct ir *ir)
{
	size_t n = 0, total = 0;
	struct ir_rule *all;

	for (enum ast_list i = 0; i < AST_LISTS; i++)
		total += l->ast->rules[i].n;
	all = arena_calloc(l->arena, total + 1, sizeof(*all));
	if (!all) {
		l->failed = true;
		return;
	}
	for (enum ast_list i = 0; i < AST_LISTS; i++) {
		ir->list_from[i] = n;
		vec_foreach (r, &l->ast->rules[i]) {
			if (r->bad)
				continue;
			all[n].id = (unsigned)n;
			all[n].list = i;
			ir->asks_prints |= r->ja4.n > 0;
			ir->asks_questions |= r->qname.n > 0;
			lower_rule(l, r, &all[n]);
			ir->asks_sender |= all[n].n_macs ||
					   all[n].n_uids ||
					   all[n].cgroups;
			ir->rules_observe |= all[n++].observe;
		}
		ir->list_to[i] = n;
	}
	ir->all = all;
	ir->n_all = n;
	ir->n_ids = n;
}

static enum ir_log lower_log(struct word w, enum ir_log usual)
{
	if (!w.text.p)
		return usual;
	if (str_is(w.text, "none"))
		return IR_LOG_NONE;
	return str_is(w.text, "all") ? IR_LOG_ALL : IR_LOG_FIRST;
}

static uint32_t number_or(struct number n, uint32_t usual)
{
	return n.set ? (uint32_t)n.value : usual;
}

/* What no policy that does not speak of it means to deny. */
static bool is_allowed_unsaid(enum ir_guard guard)
{
	return guard == IR_GUARD_ECH || guard == IR_GUARD_FOREIGN_DNS;
}

static uint32_t lower_guards(const struct ast_application *a)
{
	const struct word words[IR_GUARD_COUNT] = {
		[IR_GUARD_CONNECT] = a->connect,
		[IR_GUARD_SOCKS] = a->socks,
		[IR_GUARD_ECH] = a->ech,
		[IR_GUARD_FOREIGN_DNS] = a->foreign_dns,
		[IR_GUARD_NO_SNI] = a->no_sni,
	};
	uint32_t guards = 0;

	for (enum ir_guard g = 0; g < IR_GUARD_COUNT; g++)
		if (words[g].text.p ? !str_is(words[g].text, "allow")
				    : !is_allowed_unsaid(g))
			guards |= 1U << g;
	return guards;
}

static uint32_t lower_hygiene(const struct ast_hygiene *in)
{
	uint32_t on = 0;

	for (enum hygiene h = 0; h < HYGIENE_COUNT; h++)
		if (in->on[h].set ? in->on[h].value : hygiene_usual(h))
			on |= 1U << h;
	return on;
}

static struct limit lower_syn_rate(const struct word *w)
{
	struct str text = w->text.p ? w->text : str_of(HYGIENE_SYN_RATE);
	struct limit limit;

	if (limit_parse_rate(text, &limit))
		FW_ASSERT(!"a rate that was checked");
	return limit;
}

enum fw_err lower_policy(const struct ast *ast, const struct policy_env *env,
			 struct arena *arena, struct ir *out_ir)
{
	struct lowering l = {.ast = ast, .env = env, .arena = arena};
	const struct ast_gateway *g = &ast->gateway;
	bool observe = str_is(g->mode.text, "observe");
	struct ir ir = {
		.name = g->name.text.p ? lower_text(&l, g->name) : "gateway",
		.observe = observe,
		/* Who only looks on stops nothing by going away. */
		.fail_open = observe || str_is(g->fail.text, "open"),
		.optimize = !g->optimize.set || g->optimize.value,
		.queue = (uint16_t)number_or(g->queue, LOWER_QUEUE_DEFAULT),
		.queues = (uint16_t)number_or(g->queues, LOWER_QUEUES_DEFAULT),
		.marks = number_or(g->marks, LOWER_MARKS_DEFAULT),
		.log_allow = lower_log(ast->log.allow, IR_LOG_FIRST),
		.log_deny = lower_log(ast->log.deny, IR_LOG_ALL),
		.tz_minuteswest = env->tz_minuteswest,
		.guards = lower_guards(&ast->application),
		.hygiene = lower_hygiene(&ast->hygiene),
		.syn_rate = lower_syn_rate(&ast->hygiene.syn_rate),
		.generation = env->generation,
	};

	lower_sets_init(&l.sets, ast, arena);
	if (!l.sets.failed)
		lower_zones(&l);
	lower_cgroups(&l);
	if (!l.sets.failed && !l.failed)
		lower_rules(&l, &ir);
	if (!l.sets.failed && !l.failed)
		lower_protocols(&l, &ir);
	if (!l.sets.failed && !l.failed)
		lower_binding(&l, &ir);
	if (!l.sets.failed && !l.failed)
		lower_nats(&l, &ir);
	if (!l.sets.failed && !l.failed)
		lower_management(&l, &ir);
	if (l.failed || l.sets.failed)
		return FW_ERR_NOMEM;
	ir.zones = l.zones;
	ir.n_zones = l.n_zones;
	ir.cgroups = l.cgroups;
	ir.n_cgroups = l.n_cgroups;
	*out_ir = ir;
	return FW_OK;
}
