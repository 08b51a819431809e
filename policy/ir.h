/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The policy as flat rules: names looked up, defaults filled in, addresses
 * merged.  What the kernel's ruleset is made from and what the engine asks.
 * Immutable once made; all memory: the arena of the compile.
 */
#pragma once

#include "policy/ast.h"
#include "policy/base/ipaddr.h"
#include "policy/base/name.h"
#include "policy/facts.h"
#include "policy/limit.h"
#include "policy/mac.h"
#include "policy/service.h"
#include "policy/window.h"

struct strbuf;

/* Zone 0 is the gateway itself. */
#define IR_ZONE_SELF 0
#define IR_ZONES_MAX 64

enum ir_action { IR_ALLOW, IR_DENY, IR_REJECT };

enum ir_guard {
#define X(id, key, help) IR_GUARD_##id,
#include "policy/guards.def"
#undef X
	IR_GUARD_COUNT
};

/* Must what a flow names be what its client was told? */
enum ir_binding { IR_BINDING_OFF, IR_BINDING_LOG, IR_BINDING_ENFORCE };

enum ir_log { IR_LOG_NONE, IR_LOG_FIRST, IR_LOG_ALL };

struct ir_zone {
	const char *name;
	const char *const *interfaces;
	size_t n_interfaces;
	struct ipset networks; /* empty = any address */
	bool external;
};

/* One end of a rule: any, or a zone of the mask, or an address of the set; but
 * never a zone or an address of those that were taken away. */
struct ir_side {
	bool any;
	uint64_t zones;     /* bit i = zone i */
	struct ipset addrs; /* without those of `except` */
	uint64_t except_zones;
	struct ipset except;
};

/* Words as they are compared, in the order they were written. */
struct ir_words {
	const struct str *items;
	size_t n;
};

struct ir_forward;

struct ir_rule {
	unsigned id; /* its number over all lists, from 0: the index in `all` */
	enum ast_list list;
	const char *name;
	const char *comment; /* or NULL */
	struct place place;
	struct ir_side from, to;
	const struct service *services; /* none = any */
	size_t n_services;
	app_mask apps; /* 0 = any */
	enum ir_action action;
	struct nameset hosts;
	const struct str *host_words; /* the patterns, for people */
	size_t n_host_words;
	struct nameset snis;
	struct ir_words sni_words; /* none: any */
	struct ir_words alpns, ja4s, methods, paths;
	struct nameset qnames;
	struct ir_words qname_words; /* none: any */
	struct ir_words banners;
	const struct mac *macs; /* of the client; none: any */
	size_t n_macs;
	const uint32_t *uids; /* of the gateway's own sockets; none: any */
	size_t n_uids;
	uint32_t cgroups; /* bit i = cgroup i of the policy; 0 = any */
	struct limit rate, connections; /* of its flows: beyond, refused */
	struct limit packets;           /* of its packets: beyond, dropped */
	bool has_hosts;
	bool observe;      /* it says what it would do, and does nothing */
	window_list times; /* sorted, in UTC; none: always */
	int64_t until;     /* it observes up to this second; 0: always */
	const struct ir_forward *forward; /* or NULL */
};

/* A cgroup of version 2 that a rule names. */
struct ir_cgroup {
	const char *path;
	uint64_t id;    /* of its folder */
	unsigned level; /* folders below the root */
};

/* As many as fit the marks that tell the engine, from 1. */
#define IR_CGROUPS_MAX 31

/* A guard: a flow that its list allows and that fits `match` must speak one of
 * `require`, and none of `deny`.  Of `match` only name, place, ends, services
 * (TCP and UDP) and `observe` are used; its list is AST_LISTS. */
struct ir_protocol {
	struct ir_rule match;
	app_mask require, deny; /* require 0 = any */
};

/* A flow to one of these addresses must name one of these hosts. */
struct ir_cdn {
	const char *name;
	struct place place;
	struct ipset networks;
	struct nameset hosts;
	struct ir_words host_words; /* the patterns, for people */
};

enum ir_nat_action { IR_MASQUERADE, IR_SNAT, IR_NO_NAT };

/* Flows that fit `match` get another source address on their way out.  Of
 * `match` only name, place, ends and services are used; its id follows those
 * of the rules. */
struct ir_nat {
	struct ir_rule match;
	enum ir_nat_action action;
	bool v4, v6;                /* families that are translated */
	struct ipaddr addr4, addr6; /* snat: the new source, or none */
};

/* New flows that fit `match` are led on to another address and port (0: the
 * same).  A rule with a forward itself describes them as they are then. */
struct ir_forward {
	struct ir_rule match;
	struct ipaddr addr;
	uint16_t port;
};

struct ir {
	const char *name; /* the gateway's */
	bool observe, fail_open, optimize;
	bool rules_observe; /* some do */
	uint16_t queue, queues;
	uint32_t marks;      /* mask, at least 8 adjacent bits */
	unsigned generation; /* in the marks of its decisions; 0: none */
	enum ir_log log_allow, log_deny;
	bool asks_prints;                /* some rule asks for ja4 */
	bool asks_questions;             /* some rule asks for qname */
	/* Some rule asks for what only the client's own packets tell. */
	bool asks_sender;
	uint32_t guards;                 /* bit i = enum ir_guard i denies */
	const struct ir_cgroup *cgroups; /* those inside others first */
	unsigned n_cgroups;
	const struct ir_protocol *protocols;
	size_t n_protocols;
	/* Behind them: flows that the engine must see, whatever allows them. Of
	 * those only ends, services and list (AST_LISTS: any) are used. */
	size_t n_looks;
	enum ir_binding binding;
	uint32_t binding_ttl;   /* seconds */
	struct ipset resolvers; /* whose answers count; none: nobody's */
	bool strips_ech;        /* out of their answers */
	struct nameset ech_outer, foreign_dns;
	struct ipset foreign_dns_addrs;
	/* The patterns, for people. */
	struct ir_words ech_outer_words, foreign_dns_words;
	const struct ir_cdn *cdns;
	size_t n_cdns;
	/* Flows that no change may cut: only name, place, ends, services. */
	const struct ir_rule *management;
	size_t n_management;
	int tz_minuteswest; /* the kernel's days and hours are as much late */
	uint32_t hygiene;   /* bit i = enum hygiene i is on */
	struct limit syn_rate; /* of new TCP flows from outside to us */
	const struct ir_nat *nats;
	size_t n_nats;
	size_t n_ids; /* of rules, then of nats and forwards */
	const struct ir_zone *zones;
	unsigned n_zones;
	const struct ir_rule *all; /* ingress, then segment, then egress */
	size_t n_all;
	size_t list_from[AST_LISTS],
		list_to[AST_LISTS]; /* index ranges of all */
};

bool ir_cleans(const struct ir *ir, enum hygiene h);

/* The addresses that what comes from a zone cannot have, as sources or as
 * destinations, by one of the switches of bogons.def; empty where it is off or
 * the zone is not external.  A zone's own networks are not among them.
 * FW_ERR_NOMEM. */
FW_MUST_CHECK enum fw_err ir_bogons(const struct ir *ir, unsigned zone,
				    enum hygiene h, bool source,
				    struct arena *arena, struct ipset *out_set);

/* What drops a packet from that zone for its addresses alone; HYGIENE_COUNT:
 * nothing. */
enum hygiene ir_wrong_address(const struct ir *ir, int zone,
			      const struct ipaddr *src,
			      const struct ipaddr *dst);

/* The one list that judges a flow between two zones (indices; -1 = no zone).
 * AST_LISTS when none does: such a flow is denied. */
enum ast_list ir_list_of(const struct ir *ir, int zone_src, int zone_dst);

/* The zone of an interface; -1 when no zone has it. */
int ir_zone_by_interface(const struct ir *ir, const char *interface);

/* The zone whose networks hold the address; failing that, the only external
 * zone without networks; -1 when that is not certain. */
int ir_zone_by_address(const struct ir *ir, const struct ipaddr *addr);

/* Does this end of a rule take a packet of this zone and address? */
bool ir_side_has(const struct ir_side *side, int zone,
		 const struct ipaddr *addr);

/* Has the rule a condition that only the engine can see? */
bool ir_rule_asks_engine(const struct ir_rule *rule);

/* The group of the kernel's log that servers' answers go to (handshakes.h). */
static inline uint16_t ir_answer_group(const struct ir *ir)
{
	return (uint16_t)(ir->queue + 1);
}


/* Do two rules, of two policies, do the same to a flow that fits what the
 * kernel sees of them? */
bool ir_rule_asks_alike(const struct ir_rule *a, const struct ir_rule *b);

/* Does it decide every flow that its zones, addresses and services take? */
bool ir_rule_takes_all(const struct ir_rule *rule);

/* Does it ask for names, or (names only) for nothing but names and apps beside
 * its zones, addresses and services? */
bool ir_rule_asks_names(const struct ir_rule *rule);
bool ir_rule_asks_names_only(const struct ir_rule *rule);

/* Does it ask for more than zones, addresses, services and what the engine
 * sees? */
bool ir_rule_asks_more(const struct ir_rule *rule);

bool ir_rule_has_limits(const struct ir_rule *rule);

/* Do these conditions of the kernel hold as well? */
bool ir_rule_time_has(const struct ir_rule *rule, int64_t now);

/* Is what is in cgroup `inner` also in `outer`? */
bool ir_cgroup_within(const struct ir_cgroup *inner,
		      const struct ir_cgroup *outer);

/* Does the rule only observe at this second? */
bool ir_rule_observes(const struct ir_rule *rule, int64_t now);

const char *ir_action_name(enum ir_action action);
const char *ir_nat_name(enum ir_nat_action action);
const char *ir_binding_name(enum ir_binding binding);
const char *ir_guard_name(enum ir_guard guard);

/* What a rule asks beside zones, addresses and services: lines "\tkey words\n".
 */
void ir_rule_print_conditions(const struct ir *ir, const struct ir_rule *rule,
			      struct strbuf *out);

/* As text, for golden tests and people. */
void ir_print(const struct ir *ir, struct strbuf *out);
