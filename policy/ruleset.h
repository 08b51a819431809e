/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The nftables ruleset as a model: tables, chains, sets, rules made of
 * statements.  Both back ends (nft text, netlink batch) print this one model.
 * All memory: the arena of the compile.
 */
#pragma once

#include "policy/base/diag.h"
#include "policy/base/ipaddr.h"
#include "policy/base/map.h"
#include "policy/base/vec.h"
#include "policy/ir.h"

#include <limits.h>

/* Statements.  `n`, `m`: numbers; `name`: chain or interface or log prefix;
 * `set`: the set or map that is looked up. */
enum rs_op {
	/* matches */
	RS_FAMILY,  /* n = enum ip_family */
	RS_IIFNAME, /* name */
	RS_OIFNAME, /* name */
	RS_L4PROTO, /* n = IPPROTO_* */
	RS_SADDR,   /* range: an address, a prefix or other */
	RS_DADDR,
	RS_SADDR_IN, /* set of addresses; its type gives the family */
	RS_DADDR_IN,
	RS_SADDR_NOT_IN,
	RS_DPORT,     /* l4 = n's protocol, m = low, m2 = high */
	RS_SPORT,     /* the same of the source */
	RS_DPORT_IN,  /* n = protocol, set of ports */
	RS_ICMP_TYPE, /* n = IPPROTO_ICMP or _ICMPV6, m = low, m2 = high */
	RS_TCP_RST,   /* the RST flag is on */
	RS_TCP_URG,   /* the URG flag is on */
	RS_PAYLOAD,   /* there are bytes behind the transport header */
	RS_UDP_BITS,  /* m bits, n bits behind the UDP header, are m2 */
	RS_TCP_SYN,   /* the SYN flag alone, of FIN, SYN, RST and ACK */
	RS_TCP_ACK,   /* the ACK flag alone, of these and URG */
	RS_TCP_SYN_ACK, /* these two, of the same */
	RS_CT_STATE,  /* n = bits of enum rs_ct_state */
	RS_CT_REPLY,  /* a packet of the reply direction */
	RS_CT_ORIGINAL,
	RS_CT_MARK, /* n = value within the state bits, m = bits */
	RS_META_MARK,
	RS_SADDR_LOCAL, /* an address of the gateway itself */
	RS_DADDR_LOCAL,
	RS_TIME_BEFORE, /* n = second since the epoch */
	RS_TIME_FROM,
	RS_ETHER_IN, /* set: the source's Ethernet address */
	RS_USER,     /* n = number of the socket's user */
	RS_CGROUP,   /* name, n = level, m and m2 = number, low half first */
	RS_DAY,  /* n..m = days of the week, 0 = Sunday, as the kernel has it */
	RS_HOUR, /* n..m = seconds of the day, likewise */
	/* More than n in m seconds, in bursts of m2; of the packet's source
	 * where there is a set of those. */
	RS_LIMIT_OVER,
	RS_FLOWS_OVER, /* more than n at once, likewise */
	/* statements */
	RS_CT_MARK_SET, /* n = value, m = bits that change */
	RS_META_MARK_SET,
	RS_COUNTER, /* name: that of the ruleset's counter, or NULL */
	RS_LOG,     /* name = prefix, n = group */
	RS_QUEUE,   /* n = first, m = how many, m2 = 1: bypass */
	RS_REJECT_TCP,
	RS_REJECT_ICMP,
	/* verdicts: the last of a rule */
	RS_DNAT,       /* addr, m = port or 0 */
	RS_SNAT,       /* addr */
	RS_MASQUERADE, /* as the address of the interface out */
	RS_ACCEPT,
	RS_DROP,
	RS_RETURN,
	RS_JUMP,        /* name */
	RS_GOTO,        /* name */
	RS_IIFNAME_MAP, /* set: interface -> goto chain */
	RS_OIFNAME_MAP,
	RS_VMAP, /* set: addresses, protocol, port -> goto chain */
};

enum rs_ct_state {
	RS_CT_INVALID = 1,
	RS_CT_ESTABLISHED = 2,
	RS_CT_RELATED = 4,
	RS_CT_NEW = 8,
	RS_CT_UNTRACKED = 16
};

struct rs_stmt {
	enum rs_op op;
	uint32_t n, m, m2;
	const char *name;
	const struct rs_set *set;
	const struct ipaddr *addr;
	const struct iprange *range;
};

struct rs_rule {
	VEC(struct rs_stmt) stmts;
	const char *comment; /* or NULL; at most RS_COMMENT_MAX bytes */
	struct place place;  /* what it was made from; line 0: the frame */
};

#define RS_COMMENT_MAX 120

#define RS_UDP_HEADER_BITS 64

enum rs_set_type {
	RS_SET_IPV4,
	RS_SET_IPV6,
	RS_SET_PORTS,
	RS_SET_IFMAP,
	RS_SET_VMAP,
	RS_SET_ETHER,
	RS_SET_SOURCES /* filled by the kernel, with what it counts of each */
};

/* Sources that are counted at once; others are not limited. */
#define RS_SOURCES_MAX 65535

/* What a verdict map is asked with: these, in this order. */
enum rs_key { RS_KEY_SRC = 1, RS_KEY_DST = 2, RS_KEY_L4 = 4, RS_KEY_PORT = 8 };

struct rs_port_range {
	uint16_t lo, hi;
};

struct rs_if_goto {
	const char *interface, *chain;
};

/* One entry of a verdict map; what is not in the map's keys is unused. */
struct rs_entry {
	struct iprange src, dst;
	uint8_t l4;
	struct rs_port_range ports;
	const char *chain;
	bool comes_back; /* a jump; else a goto */
};

/* A named set of address or port ranges (sorted, disjoint), or the map from an
 * interface name, or from a packet's keys, to the chain to go on in. */
struct rs_set {
	const char *name;
	enum rs_set_type type;
	struct ipset addrs;
	uint32_t singles; /* not 0: a hash of so many single addresses */
	VEC(struct rs_port_range) ports;
	VEC(struct rs_if_goto) gotos;
	VEC(struct rs_entry) entries; /* of a verdict map; no two meet */
	enum ip_family family;        /* of its addresses */
	unsigned keys;                /* bits of enum rs_key */
	bool ranges;                  /* entries are not all single values */
	const struct mac *macs;
	size_t n_macs;
	struct limit limit; /* of each source */
	uint64_t hash;      /* of its type and elements */
	struct place place;
};

static inline bool rs_set_is_map(const struct rs_set *set)
{
	return set->type == RS_SET_IFMAP || set->type == RS_SET_VMAP;
}

/* Are its elements ranges? */
static inline bool rs_set_is_interval(const struct rs_set *set)
{
	if (set->singles)
		return false;
	return set->type == RS_SET_VMAP ? set->ranges
					: set->type <= RS_SET_PORTS;
}

/* How long a source is remembered that does nothing: until its bucket is full
 * again; 0: as long as it has flows. */
static inline uint32_t rs_set_timeout(const struct rs_set *set)
{
	uint64_t refill = (uint64_t)set->limit.seconds * set->limit.burst;

	if (!set->limit.n || !set->limit.seconds)
		return 0;
	refill = refill / set->limit.n + 60;
	return refill > 86400 ? 86400 : (uint32_t)refill;
}

enum rs_hook {
	RS_NO_HOOK,
	RS_PREROUTING,
	RS_INPUT,
	RS_FORWARD,
	RS_OUTPUT,
	RS_POSTROUTING
};

struct rs_chain {
	const char *name;
	enum rs_hook hook;
	int priority;
	bool policy_drop;
	bool nat; /* of type nat */
	VEC(struct rs_rule) rules;
};

/* What a counter has counted. */
struct rs_counted {
	uint64_t packets, bytes;
};

struct ruleset {
	const char *table; /* in family inet */
	VEC(struct rs_chain *) chains;
	VEC(struct rs_set *) sets;
	VEC(const char *) counters; /* named, so that they outlive a rule */
	const struct map *counted;  /* where they begin: name -> rs_counted; or
				       NULL; borrowed */
	struct map chain_map, set_map, counter_map; /* by name */
	bool queues;          /* some flow may have to be queued */
	uint32_t table_flags; /* of the kernel; who loads it says */
};

/* The chain whose one rule's comment says which policy this is made of. */
#define RS_ABOUT_CHAIN  "c_about"
#define RS_ABOUT_PREFIX "policy "

/* From how many rules on maps are made of them, where nothing else is said. */
#define RS_MAP_FROM  8U
#define RS_MAP_NEVER UINT_MAX

/* Make the ruleset: the frame's text with its slots filled from the rules.
 * `digest` goes into the log prefixes; as of `map_from` rules that a map can
 * hold, there is one.  A fault of the frame is reported in
 * `diags` and gives FW_ERR_POLICY; else FW_ERR_NOMEM. */
FW_MUST_CHECK enum fw_err ruleset_build(const struct ir *ir, const char *digest,
					unsigned map_from,
					struct diag_list *diags,
					struct ruleset *out);

/* The parts that slots and frame are made with; each returns NULL without
 * memory, and rule_add() accepts a NULL rule and does nothing then. */
struct rs_chain *ruleset_chain(struct arena *a, struct ruleset *rs,
			       const char *name);
struct rs_chain *ruleset_chain_find(const struct ruleset *rs, const char *name);
struct rs_set *ruleset_set_find(const struct ruleset *rs, const char *name);
bool ruleset_counter_has(const struct ruleset *rs, const char *name);
struct rs_rule *rs_rule_new(struct arena *a, struct rs_chain *chain);
void rs_rule_add(struct arena *a, struct rs_rule *rule, struct rs_stmt stmt);

/* What the kernel's log carries to say which rule spoke: "fw DIGEST KIND N". */
#define RS_LOG_PREFIX  "fw"
#define RS_LOG_SNAPLEN 128
/* What goes to the engine's group of the log, see handshakes.h. */
#define RS_ANSWER_PREFIX "fw answer"
