/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the parts of the ruleset's making. */
#pragma once

#include "policy/arm.h"
#include "policy/ruleset.h"

struct rs_build {
	const struct ir *ir;
	const char *digest;
	struct arena *arena;
	struct diag_list *diags;
	struct ruleset *rs;
	const char **bodies; /* by rule id: its chain, or NULL: not made yet */
	unsigned map_from;   /* so many rules make a map */
	unsigned buckets;    /* chains of buckets so far */
	bool slow;           /* it was told that packets will cost much */
	struct rs_chain nowhere;
	bool failed;
};

/* Each notes in b->failed when there is no memory. */
struct rs_chain *rs_build_chain(struct rs_build *b, const char *name);
void rs_build_add(struct rs_build *b, struct rs_rule *rule,
		  struct rs_stmt stmt);

/* Count under this name, which is kept over applies. */
void rs_build_count(struct rs_build *b, struct rs_rule *rule, const char *name);

/* A set of this type and elements, named by its content: one that is there
 * already, or a new one in the ruleset. */
const struct rs_set *rs_build_set(struct rs_build *b, const struct rs_set *set);

/* An empty map under a name of its own, to be filled. */
struct rs_set *rs_build_map(struct rs_build *b, const char *name);

/* Sources of one family that a limit counts. */
const struct rs_set *rs_build_sources(struct rs_build *b, const char *name,
				      enum ip_family family,
				      const struct limit *limit,
				      struct place place);

/* The addresses of one family as a set. */
const struct rs_set *rs_build_addr_set(struct rs_build *b,
				       enum ip_family family,
				       const struct ipset *all,
				       struct place place);

/* "p_lan/wan" of two names, "f_lan" of one (y = NULL). */
const char *rs_build_name(struct rs_build *b, const char *prefix, const char *x,
			  const char *y);

/* Said in the log: "KIND NUMBER". */
void rs_build_log(struct rs_build *b, struct rs_rule *rule, const char *kind,
		  unsigned number);

/* Said in the log where `kind` is not NULL, then refused; or in observe mode
 * passed. */
void rs_build_refuse(struct rs_build *b, struct rs_rule *rule, const char *kind,
		     unsigned number, bool silent);
void rs_build_allow(struct rs_build *b, struct rs_rule *rule, unsigned id);
void rs_build_listen(struct rs_build *b, struct rs_rule *rule, unsigned id);

/* ruleset_zone.c: from the frame's base chains to the chain of a pair. */
void rs_build_input(struct rs_build *b, struct rs_chain *chain);
void rs_build_forward(struct rs_build *b, struct rs_chain *chain);
void rs_build_output(struct rs_build *b, struct rs_chain *chain);

/* Sources that are not of the zone they come from; a slot of the frame. */
void rs_build_spoofed(struct rs_build *b, struct rs_chain *chain);

/* In a map of interfaces each of the zone's leads to `chain`; and the rule that
 * looks up in it. */
void rs_if_map_add(struct rs_build *b, struct rs_set *map, unsigned zone,
		   const char *chain);
void rs_if_map_ask(struct rs_build *b, struct rs_chain *chain, enum rs_op op,
		   struct rs_set *map);

/* ruleset_guard.c: the chain that queues what a guard must look at and returns
 * the rest; NULL without guards. */
const char *rs_build_guards(struct rs_build *b);

/* ruleset_hygiene.c: what nobody outside can have as its address; new TCP flows
 * from outside to the gateway beyond their rate; slots of the frame. */
void rs_build_bogons(struct rs_build *b, struct rs_chain *chain, unsigned zone);
void rs_build_syn_flood(struct rs_build *b, struct rs_chain *chain,
			unsigned zone);
void rs_build_invalid(struct rs_build *b, struct rs_chain *chain);

/* ruleset_nat.c: where new flows are led on to, and what they are sent out as.
 */
bool rs_build_has_nat(const struct ir *ir);
void rs_build_dnat(struct rs_build *b, struct rs_chain *chain);
void rs_build_srcnat(struct rs_build *b, struct rs_chain *chain);

/* ruleset_body.c: the chain that does what the rule says: count, log, queue,
 * accept, refuse.  Pair chains and maps lead there. */
const char *rs_build_body(struct rs_build *b, const struct ir_rule *rule);

/* The name of a rule or guard as part of an nft name. */
const char *rs_rule_label(struct rs_build *b, const struct ir_rule *rule);

/* ruleset_dispatch.c: which rules, and where what fits one of them goes on. */
struct rs_dispatch {
	const char *prefix, *map; /* of the names of chains and maps */
	/* The rules in their order, *i counts from 0; NULL at the end. */
	const struct ir_rule *(*next)(const struct rs_build *b, size_t *i);
	struct rs_stmt (*entry)(struct rs_build *b, const struct ir_rule *rule);
};

/* Fill `chain`: from there packets come to the rules of their zones. */
void rs_build_dispatch(struct rs_build *b, const struct rs_dispatch *d,
		       struct rs_chain *chain);

/* ruleset_limit.c: in the rule's own chain, what exceeds its limits on flows is
 * refused; and in the chain of what is known of a flow, on packets dropped. */
void rs_build_limits(struct rs_build *b, struct rs_chain *chain,
		     const struct ir_rule *rule);
void rs_build_police(struct rs_build *b, struct rs_chain *chain);

/* ruleset_cgroup.c: in the output hook, before the rules: the number of the
 * socket's cgroup into the packet's mark. */
void rs_build_cgroups(struct rs_build *b, struct rs_chain *chain);
struct rs_stmt rs_match_cgroup(const struct ir_cgroup *cgroup);

/* ruleset_extra.c: to `target` where the rest that the rule asks of a packet
 * holds; by way of a chain PREFIX_NAME where there is such. */
struct rs_stmt rs_build_way(struct rs_build *b, const struct ir_rule *rule,
			    const char *prefix, const char *target);

/* The end of an nft rule that matches zones, addresses and
 * service of the rule.  RS_GOTO: what comes there is the rule's.  RS_JUMP: it
 * may come back, and is for the next rule then. */
struct rs_stmt rs_build_entry(struct rs_build *b, const struct ir_rule *rule);

/* ruleset_rule.c: the arm as nft rules that end with `end`. */
void rs_build_arm(struct rs_build *b, struct rs_chain *chain,
		  const struct arm *arm, struct rs_stmt end);

/* The same of one family only; the arm must ask for addresses. */
void rs_build_arm_of(struct rs_build *b, struct rs_chain *chain,
		     const struct arm *arm, enum ip_family family,
		     struct rs_stmt end);

bool rs_l4_has_ports(uint8_t l4);
bool rs_l4_is_icmp(uint8_t l4);

/* The rule's port ranges of a protocol, sorted and merged. */
struct rs_set rs_ports_of(struct rs_build *b, const struct ir_rule *rule,
			  uint8_t l4);

/* Is service i the rule's first of its protocol? */
bool rs_first_of_l4(const struct ir_rule *rule, size_t i);

/* ruleset_bucket.c: arms whose ranges at one end are the same or share nothing,
 * few of each: a map from that end to a chain of those few.  False: they are
 * not like that, and nothing is made. */
bool rs_build_buckets(struct rs_build *b, struct rs_chain *chain,
		      const struct arm *const *arms, size_t n);

/* ruleset_stage.c: all arms of a pair, in the policy's order.  Returns another
 * chain where ICMP has one of its own, else NULL: both end alike. */
struct rs_chain *rs_build_arms(struct rs_build *b, struct rs_chain *chain,
			       struct arm_list *arms);
