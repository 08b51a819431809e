/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ruleset -> nft script, in the words `nft list` would use. */
#include "policy/backend.h"

#include "policy/base/strbuf.h"

#include <netinet/in.h>
#include <stdio.h>

static const char *l4_word(uint32_t l4)
{
	switch (l4) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_SCTP:
		return "sctp";
	case IPPROTO_DCCP:
		return "dccp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "icmpv6";
	default:
		return NULL;
	}
}

static void print_numbers(struct strbuf *out, uint32_t lo, uint32_t hi)
{
	strbuf_addf(out, "%u", lo);
	if (hi != lo)
		strbuf_addf(out, "-%u", hi);
}

static void print_ct_state(struct strbuf *out, uint32_t bits)
{
	static const char *const names[] = {"invalid", "established", "related",
					    "new"};

	strbuf_addz(out, "ct state ");
	for (unsigned i = 0, n = 0; i < 4; i++)
		if (bits >> i & 1)
			strbuf_addf(out, "%s%s", n++ ? "," : "", names[i]);
}

static void print_queue(struct strbuf *out, const struct rs_stmt *s)
{
	strbuf_addz(out, "queue ");
	if (s->m2)
		strbuf_addz(out, "flags bypass ");
	strbuf_addz(out, "to ");
	print_numbers(out, s->n, s->n + s->m - 1);
}

static void print_address(struct strbuf *out, const struct rs_stmt *s,
			  const char *end, const char *op)
{
	strbuf_addf(out, "%s %s %s@%s",
		    s->set->type == RS_SET_IPV4 ? "ip" : "ip6", end, op,
		    s->set->name);
}

static void print_l4(struct strbuf *out, const struct rs_stmt *s)
{
	if (l4_word(s->n))
		strbuf_addf(out, "meta l4proto %s", l4_word(s->n));
	else
		strbuf_addf(out, "meta l4proto %u", s->n);
}

/* The words for a verdict map's keys, in a rule and as a type. */
static void print_keys(struct strbuf *out, const struct rs_set *map,
		       const char *const words[4])
{
	for (unsigned i = 0, n = 0; i < 4; i++)
		if (map->keys >> i & 1)
			strbuf_addf(out, "%s%s", n++ ? " . " : "", words[i]);
}

static void print_vmap(struct strbuf *out, const struct rs_set *map)
{
	static const char *const words[][4] = {
		{"ip saddr", "ip daddr", "meta l4proto", "th dport"},
		{"ip6 saddr", "ip6 daddr", "meta l4proto", "th dport"},
	};

	print_keys(out, map, words[map->family == IP_V6]);
	strbuf_addf(out, " vmap @%s", map->name);
}

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
	print_keys(out, map, words);
	strbuf_addf(out, " : %s %s", e->comes_back ? "jump" : "goto", e->chain);
}

/* The word that a statement begins with, where it is always the same. */
static const char *const words[] = {
	[RS_IIFNAME] = "iifname",
	[RS_OIFNAME] = "oifname",
	[RS_IIFNAME_MAP] = "iifname",
	[RS_OIFNAME_MAP] = "oifname",
	[RS_CT_MARK] = "ct mark",
	[RS_META_MARK] = "meta mark",
	[RS_CT_MARK_SET] = "ct mark",
	[RS_META_MARK_SET] = "meta mark",
	[RS_JUMP] = "jump",
	[RS_GOTO] = "goto",
	/* and these are whole */
	[RS_TCP_RST] = "tcp flags rst",
	[RS_TCP_SYN] = "tcp flags & (fin | syn | rst | ack) == syn",
	[RS_CT_REPLY] = "ct direction reply",
	[RS_CT_ORIGINAL] = "ct direction original",
	[RS_COUNTER] = "counter",
	[RS_REJECT_TCP] = "reject with tcp reset",
	[RS_REJECT_ICMP] = "reject with icmpx admin-prohibited",
	[RS_ACCEPT] = "accept",
	[RS_DROP] = "drop",
	[RS_SADDR_LOCAL] = "fib saddr type local",
	[RS_DADDR_LOCAL] = "fib daddr type local",
	[RS_MASQUERADE] = "masquerade",
	[RS_RETURN] = "return",
};

static void print_mark(struct strbuf *out, const struct rs_stmt *s)
{
	const char *word = words[s->op];

	if (s->op == RS_CT_MARK_SET || s->op == RS_META_MARK_SET)
		strbuf_addf(out, "%s set %s & 0x%08x | 0x%08x", word, word,
			    ~s->m, s->n);
	else
		strbuf_addf(out, "%s & 0x%08x == 0x%08x", word, s->m, s->n);
}

/* A rate is kept up to date with each packet of its source; a flow is added
 * once. */
static void print_limit(struct strbuf *out, const struct rs_stmt *s)
{
	bool rate = s->op == RS_LIMIT_OVER;

	if (s->set)
		strbuf_addf(out, "%s @%s { %s saddr ", rate ? "update" : "add",
			    s->set->name,
			    s->set->family == IP_V4 ? "ip" : "ip6");
	if (rate)
		strbuf_addf(out, "limit rate over %u/%s burst %u packets", s->n,
			    limit_unit(s->m), s->m2);
	else
		strbuf_addf(out, "ct count over %u", s->n);
	if (s->set)
		strbuf_addz(out, " }");
}

/* "dnat ip6 to [2001:db8::5]:8443" */
static void print_nat(struct strbuf *out, const struct rs_stmt *s)
{
	bool v6 = s->addr->family == IP_V6;
	char text[IPADDR_TEXT_MAX];

	strbuf_addf(out, "%s %s to ", s->op == RS_DNAT ? "dnat" : "snat",
		    v6 ? "ip6" : "ip");
	(void)ipaddr_print(s->addr, text);
	if (!s->m)
		strbuf_addz(out, text);
	else
		strbuf_addf(out, v6 ? "[%s]:%u" : "%s:%u", text, s->m);
}

static void print_range(struct strbuf *out, const struct rs_stmt *s)
{
	char text[IPRANGE_TEXT_MAX];

	strbuf_addf(out, "%s %s %s",
		    s->range->lo.family == IP_V4 ? "ip" : "ip6",
		    s->op == RS_SADDR ? "saddr" : "daddr",
		    iprange_print(s->range, text));
}

static void print_stmt(struct strbuf *out, const struct rs_stmt *s)
{
	switch (s->op) {
	case RS_FAMILY:
		strbuf_addf(out, "meta nfproto ipv%u", s->n);
		break;
	case RS_IIFNAME:
	case RS_OIFNAME:
		strbuf_addf(out, "%s \"%s\"", words[s->op], s->name);
		break;
	case RS_IIFNAME_MAP:
	case RS_OIFNAME_MAP:
		strbuf_addf(out, "%s vmap @%s", words[s->op], s->set->name);
		break;
	case RS_VMAP:
		print_vmap(out, s->set);
		break;
	case RS_L4PROTO:
		print_l4(out, s);
		break;
	case RS_SADDR:
	case RS_DADDR:
		print_range(out, s);
		break;
	case RS_SADDR_IN:
		print_address(out, s, "saddr", "");
		break;
	case RS_DADDR_IN:
		print_address(out, s, "daddr", "");
		break;
	case RS_SADDR_NOT_IN:
		print_address(out, s, "saddr", "!= ");
		break;
	case RS_DPORT:
		strbuf_addf(out, "%s dport ", l4_word(s->n));
		print_numbers(out, s->m, s->m2);
		break;
	case RS_SPORT:
		strbuf_addf(out, "%s sport ", l4_word(s->n));
		print_numbers(out, s->m, s->m2);
		break;
	case RS_DPORT_IN:
		strbuf_addf(out, "%s dport @%s", l4_word(s->n), s->set->name);
		break;
	case RS_ICMP_TYPE:
		strbuf_addf(out, "%s type ", l4_word(s->n));
		print_numbers(out, s->m, s->m2);
		break;
	case RS_CT_STATE:
		print_ct_state(out, s->n);
		break;
	case RS_CT_MARK:
	case RS_META_MARK:
	case RS_CT_MARK_SET:
	case RS_META_MARK_SET:
		print_mark(out, s);
		break;
	case RS_TIME_BEFORE:
	case RS_TIME_FROM:
		strbuf_addf(out, "meta time %s %u",
			    s->op == RS_TIME_FROM ? ">=" : "<", s->n);
		break;
	case RS_LIMIT_OVER:
	case RS_FLOWS_OVER:
		print_limit(out, s);
		break;
	case RS_ETHER_IN:
		strbuf_addf(out, "ether saddr @%s", s->set->name);
		break;
	case RS_USER:
		strbuf_addf(out, "meta skuid %u", s->n);
		break;
	case RS_CGROUP:
		strbuf_addf(out, "socket cgroupv2 level %u \"%s\"", s->n,
			    s->name);
		break;
	case RS_DAY:
	case RS_HOUR:
		strbuf_addf(out, "meta %s ", s->op == RS_DAY ? "day" : "hour");
		print_numbers(out, s->n, s->m);
		break;
	case RS_LOG:
		strbuf_addf(out,
			    "log prefix \"%s\" group %u snaplen %u "
			    "queue-threshold 1",
			    s->name, s->n, RS_LOG_SNAPLEN);
		break;
	case RS_QUEUE:
		print_queue(out, s);
		break;
	case RS_JUMP:
	case RS_GOTO:
		strbuf_addf(out, "%s %s", words[s->op], s->name);
		break;
	case RS_COUNTER:
		strbuf_addz(out, words[s->op]);
		if (s->name)
			strbuf_addf(out, " name %s", s->name);
		break;
	case RS_DNAT:
	case RS_SNAT:
		print_nat(out, s);
		break;
	case RS_SADDR_LOCAL:
	case RS_DADDR_LOCAL:
	case RS_MASQUERADE:
	case RS_TCP_RST:
	case RS_TCP_SYN:
	case RS_CT_REPLY:
	case RS_CT_ORIGINAL:
	case RS_REJECT_TCP:
	case RS_REJECT_ICMP:
	case RS_ACCEPT:
	case RS_DROP:
	case RS_RETURN:
		strbuf_addz(out, words[s->op]);
		break;
	}
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
		print_keys(out, set, keys[set->family == IP_V6]);
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
		print_numbers(out, p->lo, p->hi);
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
		print_stmt(out, s);
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
