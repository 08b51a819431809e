/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A rule's statements as nft words. */
#include "policy/backend_text_priv.h"

#include <netinet/in.h>

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

void backend_text_numbers(struct strbuf *out, uint32_t lo, uint32_t hi)
{
	strbuf_addf(out, "%u", lo);
	if (hi != lo)
		strbuf_addf(out, "-%u", hi);
}

static void print_ct_state(struct strbuf *out, const struct rs_stmt *s)
{
	static const char *const names[] = {"invalid", "established", "related",
					    "new", "untracked"};

	strbuf_addz(out, "ct state ");
	for (unsigned i = 0, n = 0; i < 5; i++)
		if (s->n >> i & 1)
			strbuf_addf(out, "%s%s", n++ ? "," : "", names[i]);
}

static void print_queue(struct strbuf *out, const struct rs_stmt *s)
{
	strbuf_addz(out, "queue ");
	if (s->m2)
		strbuf_addz(out, "flags bypass ");
	strbuf_addz(out, "to ");
	backend_text_numbers(out, s->n, s->n + s->m - 1);
}

static void print_address_in(struct strbuf *out, const struct rs_stmt *s)
{
	strbuf_addf(out, "%s %s %s@%s",
		    s->set->type == RS_SET_IPV4 ? "ip" : "ip6",
		    s->op == RS_DADDR_IN ? "daddr" : "saddr",
		    s->op == RS_SADDR_NOT_IN ? "!= " : "", s->set->name);
}

static void print_l4(struct strbuf *out, const struct rs_stmt *s)
{
	if (l4_word(s->n))
		strbuf_addf(out, "meta l4proto %s", l4_word(s->n));
	else
		strbuf_addf(out, "meta l4proto %u", s->n);
}

void backend_text_keys(struct strbuf *out, const struct rs_set *map,
		       const char *const words[4])
{
	for (unsigned i = 0, n = 0; i < 4; i++)
		if (map->keys >> i & 1)
			strbuf_addf(out, "%s%s", n++ ? " . " : "", words[i]);
}

static void print_vmap(struct strbuf *out, const struct rs_stmt *s)
{
	static const char *const words[][4] = {
		{"ip saddr", "ip daddr", "meta l4proto", "th dport"},
		{"ip6 saddr", "ip6 daddr", "meta l4proto", "th dport"},
	};

	backend_text_keys(out, s->set, words[s->set->family == IP_V6]);
	strbuf_addf(out, " vmap @%s", s->set->name);
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
	[RS_TCP_URG] = "tcp flags urg",
	[RS_PAYLOAD] = "@ih,0,8 >= 0x0",
	[RS_TCP_SYN] = "tcp flags & (fin | syn | rst | ack) == syn",
	[RS_TCP_ACK] = "tcp flags & (fin | syn | rst | ack | urg) == ack",
	[RS_TCP_SYN_ACK] =
		"tcp flags & (fin | syn | rst | ack | urg) == syn | ack",
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

static void print_word(struct strbuf *out, const struct rs_stmt *s)
{
	strbuf_addz(out, words[s->op]);
}

/* "jump NAME" */
static void print_word_and_name(struct strbuf *out, const struct rs_stmt *s)
{
	strbuf_addf(out, "%s %s", words[s->op], s->name);
}

static void print_interface(struct strbuf *out, const struct rs_stmt *s)
{
	strbuf_addf(out, "%s \"%s\"", words[s->op], s->name);
}

static void print_interface_map(struct strbuf *out, const struct rs_stmt *s)
{
	strbuf_addf(out, "%s vmap @%s", words[s->op], s->set->name);
}

static void print_family(struct strbuf *out, const struct rs_stmt *s)
{
	strbuf_addf(out, "meta nfproto ipv%u", s->n);
}

static void print_port(struct strbuf *out, const struct rs_stmt *s)
{
	strbuf_addf(out, "%s %s ", l4_word(s->n),
		    s->op == RS_SPORT ? "sport" : "dport");
	backend_text_numbers(out, s->m, s->m2);
}

static void print_port_in(struct strbuf *out, const struct rs_stmt *s)
{
	strbuf_addf(out, "%s dport @%s", l4_word(s->n), s->set->name);
}

static void print_icmp_type(struct strbuf *out, const struct rs_stmt *s)
{
	strbuf_addf(out, "%s type ", l4_word(s->n));
	backend_text_numbers(out, s->m, s->m2);
}

/* nft counts from the transport header on. */
static void print_udp_bits(struct strbuf *out, const struct rs_stmt *s)
{
	strbuf_addf(out, "@th,%u,%u 0x%x", RS_UDP_HEADER_BITS + s->n, s->m,
		    s->m2);
}

static void print_time(struct strbuf *out, const struct rs_stmt *s)
{
	strbuf_addf(out, "meta time %s %u", s->op == RS_TIME_FROM ? ">=" : "<",
		    s->n);
}

static void print_of_day(struct strbuf *out, const struct rs_stmt *s)
{
	strbuf_addf(out, "meta %s ", s->op == RS_DAY ? "day" : "hour");
	backend_text_numbers(out, s->n, s->m);
}

static void print_ether(struct strbuf *out, const struct rs_stmt *s)
{
	strbuf_addf(out, "ether saddr @%s", s->set->name);
}

static void print_user(struct strbuf *out, const struct rs_stmt *s)
{
	strbuf_addf(out, "meta skuid %u", s->n);
}

static void print_cgroup(struct strbuf *out, const struct rs_stmt *s)
{
	strbuf_addf(out, "socket cgroupv2 level %u \"%s\"", s->n, s->name);
}

static void print_log(struct strbuf *out, const struct rs_stmt *s)
{
	strbuf_addf(out,
		    "log prefix \"%s\" group %u snaplen %u "
		    "queue-threshold 1",
		    s->name, s->n, RS_LOG_SNAPLEN);
}

static void print_counter(struct strbuf *out, const struct rs_stmt *s)
{
	strbuf_addz(out, words[s->op]);
	if (s->name)
		strbuf_addf(out, " name %s", s->name);
}

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

static void (*const printers[])(struct strbuf *out, const struct rs_stmt *s) = {
	[RS_FAMILY] = print_family,
	[RS_IIFNAME] = print_interface,
	[RS_OIFNAME] = print_interface,
	[RS_IIFNAME_MAP] = print_interface_map,
	[RS_OIFNAME_MAP] = print_interface_map,
	[RS_VMAP] = print_vmap,
	[RS_L4PROTO] = print_l4,
	[RS_SADDR] = print_range,
	[RS_DADDR] = print_range,
	[RS_SADDR_IN] = print_address_in,
	[RS_DADDR_IN] = print_address_in,
	[RS_SADDR_NOT_IN] = print_address_in,
	[RS_DPORT] = print_port,
	[RS_SPORT] = print_port,
	[RS_DPORT_IN] = print_port_in,
	[RS_ICMP_TYPE] = print_icmp_type,
	[RS_CT_STATE] = print_ct_state,
	[RS_CT_MARK] = print_mark,
	[RS_META_MARK] = print_mark,
	[RS_CT_MARK_SET] = print_mark,
	[RS_META_MARK_SET] = print_mark,
	[RS_TIME_BEFORE] = print_time,
	[RS_TIME_FROM] = print_time,
	[RS_DAY] = print_of_day,
	[RS_HOUR] = print_of_day,
	[RS_LIMIT_OVER] = print_limit,
	[RS_FLOWS_OVER] = print_limit,
	[RS_ETHER_IN] = print_ether,
	[RS_USER] = print_user,
	[RS_CGROUP] = print_cgroup,
	[RS_LOG] = print_log,
	[RS_QUEUE] = print_queue,
	[RS_COUNTER] = print_counter,
	[RS_DNAT] = print_nat,
	[RS_SNAT] = print_nat,
	[RS_JUMP] = print_word_and_name,
	[RS_GOTO] = print_word_and_name,
	[RS_SADDR_LOCAL] = print_word,
	[RS_DADDR_LOCAL] = print_word,
	[RS_MASQUERADE] = print_word,
	[RS_TCP_RST] = print_word,
	[RS_TCP_URG] = print_word,
	[RS_PAYLOAD] = print_word,
	[RS_UDP_BITS] = print_udp_bits,
	[RS_TCP_SYN] = print_word,
	[RS_TCP_ACK] = print_word,
	[RS_TCP_SYN_ACK] = print_word,
	[RS_CT_REPLY] = print_word,
	[RS_CT_ORIGINAL] = print_word,
	[RS_REJECT_TCP] = print_word,
	[RS_REJECT_ICMP] = print_word,
	[RS_ACCEPT] = print_word,
	[RS_DROP] = print_word,
	[RS_RETURN] = print_word,
};

void backend_text_stmt(struct strbuf *out, const struct rs_stmt *s)
{
	printers[s->op](out, s);
}
