/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ruleset -> nft script, in the words `nft list` would use. */
#include "policy/backend.h"
#include "policy/backend_text_priv.h"

#include <stdio.h>

static void print_entry(struct strbuf *out, const struct rs_set *map,
			const struct rs_entry *e)
{
	char src[IPRANGE_TEXT_MAX], dst[IPRANGE_TEXT_MAX], l4[16], port[16];
	const char *const words[] = {src, dst, l4, port};

	(void)iprange_print(&e->src, src);
	(void)iprange_print(&e->dst, dst);
	(void)snprintf(l4, sizeof(l4), "%u", e->l4);
	(void)snprintf(port, sizeof(port),
		       e->ports.lo == e->ports.hi ? "%u" : "%u-%u", e->ports.lo,
		       e->ports.hi);
	backend_text_keys(out, map, words);
	strbuf_addf(out, " : %s %s", e->comes_back ? "jump" : "goto", e->chain);
}

/* nft has no way to write a quotation mark in a string. */
static void print_comment(struct strbuf *out, const char *comment)
{
	strbuf_addz(out, " comment \"");
	for (const char *c = comment; *c; c++)
		strbuf_addf(out, "%c", *c == '"' ? '\'' : *c);
	strbuf_addz(out, "\"");
}

static void print_sources(struct strbuf *out, const struct rs_set *set)
{
	uint32_t timeout = rs_set_timeout(set);

	strbuf_addf(out, "\t\tsize %u\n\t\tflags dynamic%s\n", RS_SOURCES_MAX,
		    timeout ? ",timeout" : "");
	if (timeout)
		strbuf_addf(out, "\t\ttimeout %us\n", timeout);
}

static void print_set_type(struct strbuf *out, const struct rs_set *set)
{
	static const char *const types[] = {
		"ipv4_addr",        "ipv6_addr", "inet_service",
		"ifname : verdict", "",          "ether_addr"};
	static const char *const keys[][4] = {
		{"ipv4_addr", "ipv4_addr", "inet_proto", "inet_service"},
		{"ipv6_addr", "ipv6_addr", "inet_proto", "inet_service"},
	};

	strbuf_addz(out, "\t\ttype ");
	if (set->type == RS_SET_SOURCES) {
		strbuf_addf(out, "%s\n", types[set->family == IP_V6]);
	} else if (set->type == RS_SET_VMAP) {
		backend_text_keys(out, set, keys[set->family == IP_V6]);
		strbuf_addz(out, " : verdict\n");
	} else {
		strbuf_addf(out, "%s\n", types[set->type]);
	}
	if (rs_set_is_interval(set))
		strbuf_addz(out, "\t\tflags interval\n");
	if (set->singles)
		strbuf_addf(out, "\t\tsize %u\n", set->singles);
	if (set->type == RS_SET_SOURCES)
		print_sources(out, set);
}

/* As ranges, or each address of them. */
static void print_addresses(struct strbuf *out, const struct rs_set *set,
			    size_t *n)
{
	char text[IPRANGE_TEXT_MAX];

	for (size_t i = 0; i < set->addrs.n; i++) {
		struct iprange r = set->addrs.items[i];

		if (set->singles)
			r.hi = r.lo;
		do {
			strbuf_addf(out, "%s %s", (*n)++ ? "," : "",
				    iprange_print(&r, text));
			if (ipaddr_cmp(&r.hi, &set->addrs.items[i].hi) == 0)
				break;
		} while (ipaddr_next(&r.lo) && ipaddr_next(&r.hi));
	}
}

static void print_set(struct strbuf *out, const struct rs_set *set)
{
	char text[IPRANGE_TEXT_MAX];
	size_t n = 0;

	strbuf_addf(out, "\t%s %s {\n", rs_set_is_map(set) ? "map" : "set",
		    set->name);
	print_set_type(out, set);
	if (set->type == RS_SET_SOURCES) {
		strbuf_addz(out, "\t}\n\n");
		return;
	}
	strbuf_addz(out, "\t\telements = {");
	print_addresses(out, set, &n);
	vec_foreach (p, &set->ports) {
		strbuf_addz(out, n++ ? ", " : " ");
		backend_text_numbers(out, p->lo, p->hi);
	}
	for (size_t i = 0; i < set->n_macs; i++)
		strbuf_addf(out, "%s %s", n++ ? "," : "",
			    mac_print(&set->macs[i], text));
	vec_foreach (g, &set->gotos)
		strbuf_addf(out, "%s \"%s\" : goto %s", n++ ? "," : "",
			    g->interface, g->chain);
	vec_foreach (e, &set->entries) {
		strbuf_addz(out, n++ ? ",\n\t\t\t" : "\n\t\t\t");
		print_entry(out, set, e);
	}
	strbuf_addz(out, " }\n\t}\n\n");
}

static void print_rule(struct strbuf *out, const struct rs_rule *rule)
{
	const char *between = "\t\t";

	vec_foreach (s, &rule->stmts) {
		strbuf_addz(out, between);
		backend_text_stmt(out, s);
		between = " ";
	}
	if (rule->comment)
		print_comment(out, rule->comment);
	strbuf_addz(out, "\n");
}

static void print_chain(struct strbuf *out, const struct rs_chain *chain)
{
	static const char *const hooks[] = {
		"", "prerouting", "input", "forward", "output", "postrouting"};

	strbuf_addf(out, "\tchain %s {\n", chain->name);
	if (chain->hook != RS_NO_HOOK)
		strbuf_addf(out,
			    "\t\ttype %s hook %s priority %d; policy %s;\n",
			    chain->nat ? "nat" : "filter", hooks[chain->hook],
			    chain->priority,
			    chain->policy_drop ? "drop" : "accept");
	vec_foreach (r, &chain->rules)
		print_rule(out, r);
	strbuf_addz(out, "\t}\n");
}

void backend_text(const struct ruleset *rs, struct strbuf *out)
{
	strbuf_addf(
		out,
		"add table inet %s\ndelete table inet %s\ntable inet %s {\n",
		rs->table, rs->table, rs->table);
	vec_foreach (counter, &rs->counters)
		strbuf_addf(out, "\tcounter %s {\n\t}\n\n", *counter);
	vec_foreach (set, &rs->sets)
		print_set(out, *set);
	vec_foreach (chain, &rs->chains) {
		print_chain(out, *chain);
		strbuf_addz(out, chain + 1 < rs->chains.items + rs->chains.n
					 ? "\n"
					 : "");
	}
	strbuf_addz(out, "}\n");
}
