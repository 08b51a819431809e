/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Three-valued evaluation: rules + facts -> decision, and what made it.  Pure.
 *
 * Every condition answers no, yes or not yet.  The first rule that is not `no`
 * decides when it is yes; when it is not yet, the flow stays undecided.  A flow
 * passes when its list allows it and no guard denies it.
 */
#pragma once

#include "policy/facts.h"
#include "policy/ir.h"

enum tri { TRI_NO, TRI_NOT_YET, TRI_YES };

enum decision_kind { DECISION_NOT_YET, DECISION_ALLOW, DECISION_REFUSE };

/* What made a decision. */
enum decision_by {
	DECISION_BY_RULE,     /* `rule` says so */
	DECISION_BY_DEFAULT,  /* no rule of `list` matched */
	DECISION_BY_NO_LIST,  /* external to external, or an unknown zone */
	DECISION_BY_GUARD,    /* `guard` denies it */
	DECISION_BY_PROTOCOL, /* `protocol` denies it */
	DECISION_BY_CDN,      /* it does not name what `cdn` wants */
	DECISION_BY_LIMIT,    /* `rule` has allowed too much already */
};

struct decision {
	enum decision_kind kind;
	enum decision_by by;
	enum ast_list list;                 /* AST_LISTS: none */
	const struct ir_rule *rule;         /* borrowed from the ir, or NULL */
	enum ir_guard guard;                /* IR_GUARD_COUNT: none */
	const struct ir_protocol *protocol; /* borrowed from the ir, or NULL */
	const struct ir_cdn *cdn;           /* likewise */
	bool silent;                        /* refuse without an answer */
};

/* How much of the facts the evaluation may look at. */
enum eval_view {
	EVAL_ENGINE,  /* all of them */
	EVAL_KERNEL,  /* only what the kernel sees: the rest is not yet */
	EVAL_HURRIED, /* all of them; what only observes is not waited for */
};

struct decision eval_flow(const struct ir *ir, const struct facts *f,
			  enum eval_view view);

/* UDP of which nothing is said but what the kernel sees, and that it passes,
 * but for a hello of QUIC or DTLS: what becomes of the rest, in `*out`.  False:
 * it is not so. */
bool eval_but_hello(const struct ir *ir, const struct facts *f,
		    struct decision *out);

/* The next rule after `after` (NULL: the first) that the flow meets before the
 * one that decides, that matches, and that only observes; or NULL.
 * `by_engine`: leave out those that the kernel has met before it queued. */
const struct ir_rule *eval_observed(const struct ir *ir, const struct facts *f,
				    const struct ir_rule *after,
				    bool by_engine);

/* One rule's and one guard's answer, for `fwctl explain`. */
enum tri eval_rule(const struct ir_rule *rule, const struct facts *f,
		   enum eval_view view);
/* Is it by nothing but a hello that a guard could deny a flow over UDP? */
bool eval_only_hellos(const struct ir *ir);
/* The guards that can deny such a flow, as bits. */
uint32_t eval_guards_of(uint8_t l4);
enum tri eval_guard(const struct ir *ir, enum ir_guard guard,
		    const struct facts *f, enum eval_view view);
/* Does it deny the flow?  No when the flow is none of its. */
enum tri eval_protocol(const struct ir_protocol *p, const struct facts *f,
		       enum eval_view view);
enum tri eval_cdn(const struct ir_cdn *cdn, const struct facts *f,
		  enum eval_view view);
