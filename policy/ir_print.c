/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A policy in words: what `fwctl compile` and the golden tests show. */
#include "policy/base/strbuf.h"
#include "policy/facts.h"
#include "policy/ir.h"

#include <time.h>

static const char *const guard_names[] = {
#define X(id, key, help) key,
#include "policy/guards.def"
#undef X
};

const char *ir_action_name(enum ir_action action)
{
	switch (action) {
	case IR_ALLOW:
		return "allow";
	case IR_DENY:
		return "deny";
	case IR_REJECT:
		return "reject";
	}
	return "none";
}

const char *ir_nat_name(enum ir_nat_action action)
{
	switch (action) {
	case IR_MASQUERADE:
		return "masquerade";
	case IR_SNAT:
		return "snat";
	case IR_NO_NAT:
		break;
	}
	return "none";
}

const char *ir_binding_name(enum ir_binding binding)
{
	static const char *const names[] = {"off", "log", "enforce"};

	return names[binding];
}

const char *ir_guard_name(enum ir_guard guard)
{
	return guard < IR_GUARD_COUNT ? guard_names[guard] : "none";
}

static void print_ranges(const struct ipset *s, const char *before,
			 struct strbuf *out)
{
	char text[IPRANGE_TEXT_MAX];

	for (size_t i = 0; i < s->n; i++)
		strbuf_addf(out, " %s%s", before,
			    iprange_print(&s->items[i], text));
}

static void print_zones(const struct ir *ir, uint64_t zones, const char *before,
			struct strbuf *out)
{
	for (unsigned z = 0; z < ir->n_zones; z++)
		if (zones >> z & 1)
			strbuf_addf(out, " %s%s", before, ir->zones[z].name);
}

static void print_side(const struct ir *ir, const char *word,
		       const struct ir_side *side, struct strbuf *out)
{
	bool except = side->except_zones || side->except.n;

	if (side->any && !except)
		return;
	strbuf_addf(out, "\t%s", word);
	if (side->any)
		strbuf_addz(out, " any");
	print_zones(ir, side->zones, "", out);
	print_ranges(&side->addrs, "", out);
	print_zones(ir, side->except_zones, "!", out);
	print_ranges(&side->except, "!", out);
	strbuf_addz(out, "\n");
}

static void print_words(const char *key, const struct ir_words *words,
			struct strbuf *out)
{
	if (words->n == 0)
		return;
	strbuf_addf(out, "\t%s", key);
	for (size_t i = 0; i < words->n; i++)
		strbuf_addf(out, " %.*s", STR_ARG(words->items[i]));
	strbuf_addz(out, "\n");
}

static void print_apps(const char *key, app_mask apps, struct strbuf *out)
{
	if (!apps)
		return;
	strbuf_addf(out, "\t%s", key);
	for (enum app a = 0; a < APP_COUNT; a++)
		if (apps & APP_BIT(a))
			strbuf_addf(out, " %s", app_name(a));
	strbuf_addz(out, "\n");
}

/* What the kernel sees of it. */
static void print_match(const struct ir *ir, const struct ir_rule *r,
			struct strbuf *out)
{
	char text[SERVICE_TEXT_MAX];

	print_side(ir, "from", &r->from, out);
	print_side(ir, "to", &r->to, out);
	if (r->n_services)
		strbuf_addz(out, "\tservice");
	for (size_t i = 0; i < r->n_services; i++)
		strbuf_addf(out, " %s", service_print(&r->services[i], text));
	if (r->n_services)
		strbuf_addz(out, "\n");
}

static void print_macs(const struct ir_rule *r, struct strbuf *out)
{
	char text[MAC_TEXT_MAX];

	if (r->n_macs)
		strbuf_addz(out, "\tmac");
	for (size_t i = 0; i < r->n_macs; i++)
		strbuf_addf(out, " %s", mac_print(&r->macs[i], text));
	if (r->n_macs)
		strbuf_addz(out, "\n");
}

static void print_users(const struct ir_rule *r, struct strbuf *out)
{
	if (r->n_uids)
		strbuf_addz(out, "\tuser");
	for (size_t i = 0; i < r->n_uids; i++)
		strbuf_addf(out, " %u", r->uids[i]);
	if (r->n_uids)
		strbuf_addz(out, "\n");
}

static void print_cgroups(const struct ir *ir, const struct ir_rule *r,
			  struct strbuf *out)
{
	if (r->cgroups)
		strbuf_addz(out, "\tcgroup");
	for (unsigned i = 0; i < ir->n_cgroups; i++)
		if (r->cgroups >> i & 1)
			strbuf_addf(out, " %s", ir->cgroups[i].path);
	if (r->cgroups)
		strbuf_addz(out, "\n");
}

static void print_limit(const char *key, const struct limit *limit,
			struct strbuf *out)
{
	char text[LIMIT_TEXT_MAX];

	if (limit->n)
		strbuf_addf(out, "\t%s %s\n", key, limit_print(limit, text));
}

static void print_times(const window_list *times, struct strbuf *out)
{
	char from[WINDOW_TEXT_MAX], to[WINDOW_TEXT_MAX];

	if (!times->n)
		return;
	strbuf_addz(out, "\ttime utc");
	vec_foreach (w, times)
		strbuf_addf(out, "%s %s - %s", w == times->items ? "" : ",",
			    window_print(w->from, from),
			    window_print(w->to, to));
	strbuf_addz(out, "\n");
}

/* In UTC, as all of the IR's times. */
static void print_moment(struct strbuf *out, int64_t seconds)
{
	time_t at = (time_t)seconds;
	char text[32];
	struct tm tm;

	if (gmtime_r(&at, &tm) &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &tm))
		strbuf_addf(out, " until %s", text);
}

static void print_observe(const struct ir_rule *r, struct strbuf *out)
{
	if (!r->observe)
		return;
	strbuf_addz(out, "\tobserve");
	if (r->until)
		print_moment(out, r->until);
	strbuf_addz(out, "\n");
}

void ir_rule_print_conditions(const struct ir *ir, const struct ir_rule *rule,
			      struct strbuf *out)
{
	const struct ir_words hosts = {rule->host_words, rule->n_host_words};

	print_apps("app", rule->apps, out);
	print_words("host", &hosts, out);
	print_words("sni", &rule->sni_words, out);
	print_words("alpn", &rule->alpns, out);
	print_words("ja4", &rule->ja4s, out);
	print_words("method", &rule->methods, out);
	print_words("path", &rule->paths, out);
	print_words("qname", &rule->qname_words, out);
	print_words("banner", &rule->banners, out);
	print_macs(rule, out);
	print_users(rule, out);
	print_cgroups(ir, rule, out);
	print_limit("rate", &rule->rate, out);
	print_limit("packets", &rule->packets, out);
	print_limit("connections", &rule->connections, out);
	print_times(&rule->times, out);
	print_observe(rule, out);
}

static void print_rule(const struct ir *ir, const struct ir_rule *r,
		       struct strbuf *out)
{
	strbuf_addf(out, "%s %u \"%s\" %s\n", ast_list_name(r->list), r->id,
		    r->name, ir_action_name(r->action));
	print_match(ir, r, out);
	ir_rule_print_conditions(ir, r, out);
	if (r->comment)
		strbuf_addf(out, "\tcomment %s\n", r->comment);
}

static void print_protocol(const struct ir *ir, const struct ir_protocol *p,
			   struct strbuf *out)
{
	strbuf_addf(out, "protocol \"%s\"\n", p->match.name);
	print_match(ir, &p->match, out);
	print_apps("require", p->require, out);
	print_apps("deny", p->deny, out);
	print_observe(&p->match, out);
}

static void print_nat(const struct ir *ir, const struct ir_nat *n,
		      struct strbuf *out)
{
	char text[IPADDR_TEXT_MAX];

	strbuf_addf(out, "nat %u \"%s\" %s", n->match.id, n->match.name,
		    ir_nat_name(n->action));
	if (n->action != IR_SNAT)
		strbuf_addf(out, "%s%s", n->v4 ? " ip4" : "",
			    n->v6 ? " ip6" : "");
	if (n->addr4.family)
		strbuf_addf(out, " %s", ipaddr_print(&n->addr4, text));
	if (n->addr6.family)
		strbuf_addf(out, " %s", ipaddr_print(&n->addr6, text));
	strbuf_addz(out, "\n");
	print_match(ir, &n->match, out);
}

static void print_forward(const struct ir *ir, const struct ir_forward *f,
			  struct strbuf *out)
{
	char text[IPADDR_TEXT_MAX];

	strbuf_addf(out, "forward %u \"%s\" %s", f->match.id, f->match.name,
		    ipaddr_print(&f->addr, text));
	if (f->port)
		strbuf_addf(out, " port %u", f->port);
	strbuf_addz(out, "\n");
	print_match(ir, &f->match, out);
}

static void print_translations(const struct ir *ir, struct strbuf *out)
{
	for (size_t i = 0; i < ir->n_nats; i++)
		print_nat(ir, &ir->nats[i], out);
	for (size_t i = 0; i < ir->n_all; i++)
		if (ir->all[i].forward)
			print_forward(ir, ir->all[i].forward, out);
}

static void print_binding(const struct ir *ir, struct strbuf *out)
{
	if (ir->binding)
		strbuf_addf(out, "binding %s ttl %u\n",
			    ir_binding_name(ir->binding), ir->binding_ttl);
	if (ir->resolvers.n) {
		strbuf_addz(out, "resolvers");
		print_ranges(&ir->resolvers, "", out);
		strbuf_addz(out, "\n");
	}
	if (ir->guards >> IR_GUARD_ECH & 1) {
		strbuf_addf(out, "ech%s\n", ir->strips_ech ? " strip" : "");
		print_words("outer-names", &ir->ech_outer_words, out);
	}
	if (ir->foreign_dns_words.n) {
		strbuf_addz(out, "foreign dns");
		print_ranges(&ir->foreign_dns_addrs, "", out);
		strbuf_addz(out, "\n");
		print_words("names", &ir->foreign_dns_words, out);
	}
	for (size_t i = 0; i < ir->n_cdns; i++) {
		strbuf_addf(out, "cdn %s", ir->cdns[i].name);
		print_ranges(&ir->cdns[i].networks, "", out);
		strbuf_addz(out, "\n");
		print_words("hosts", &ir->cdns[i].host_words, out);
	}
	for (size_t i = 0; i < ir->n_looks; i++) {
		const struct ir_rule *match =
			&ir->protocols[ir->n_protocols + i].match;

		strbuf_addf(out, "look \"%s\"%s%s\n", match->name,
			    match->list < AST_LISTS ? " " : "",
			    match->list < AST_LISTS ? ast_list_name(match->list)
						    : "");
		print_match(ir, match, out);
	}
}

void ir_print(const struct ir *ir, struct strbuf *out)
{
	static const char *const logs[] = {"none", "first", "all"};

	strbuf_addf(out,
		    "gateway \"%s\" %s fail-%s queue %u+%u marks 0x%08x%s\n",
		    ir->name, ir->observe ? "observe" : "enforce",
		    ir->fail_open ? "open" : "closed", ir->queue, ir->queues,
		    ir->marks, ir->optimize ? "" : " as written");
	for (unsigned z = 0; z < ir->n_zones; z++) {
		const struct ir_zone *zone = &ir->zones[z];

		strbuf_addf(out, "zone %s%s", zone->name,
			    zone->external ? " external" : "");
		for (size_t i = 0; i < zone->n_interfaces; i++)
			strbuf_addf(out, " %s", zone->interfaces[i]);
		print_ranges(&zone->networks, "", out);
		strbuf_addz(out, "\n");
	}
	for (size_t i = 0; i < ir->n_all; i++)
		print_rule(ir, &ir->all[i], out);
	print_translations(ir, out);
	for (size_t i = 0; i < ir->n_protocols; i++)
		print_protocol(ir, &ir->protocols[i], out);
	for (size_t i = 0; i < ir->n_management; i++) {
		strbuf_addf(out, "management \"%s\"\n", ir->management[i].name);
		print_match(ir, &ir->management[i], out);
	}
	print_binding(ir, out);
	strbuf_addz(out, "guards");
	for (enum ir_guard g = 0; g < IR_GUARD_COUNT; g++)
		if (ir->guards >> g & 1)
			strbuf_addf(out, " %s", ir_guard_name(g));
	strbuf_addz(out, "\nhygiene");
	for (enum hygiene h = 0; h < HYGIENE_COUNT; h++)
		if (ir_cleans(ir, h))
			strbuf_addf(out, " %s", hygiene_name(h));
	strbuf_addf(out, "\nlog allow %s deny %s\n", logs[ir->log_allow],
		    logs[ir->log_deny]);
}
