/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts -> evaluation -> allow, refuse, or need more, with the reason. */
#pragma once

#include "agent/verdict/reason.h"
#include "policy/eval.h"

/* How what a flow names fits what its client was told; the worst last. */
enum binding_result {
	BINDING_NONE, /* there is nothing to be bound */
	BINDING_OK,
	BINDING_NO_NAME,
	BINDING_UNRESOLVED,
	BINDING_MISMATCH,
};

/* What is decided of a flow.  In observe mode a refusal becomes an allowance
 * with `would`. */
struct outcome {
	enum decision_kind kind;
	enum reason reason;
	bool silent;                /* refuse without an answer */
	bool would;                 /* refused, were it not for observe mode */
	enum ast_list list;         /* AST_LISTS: none */
	const struct ir_rule *rule; /* borrowed from the policy, or NULL */
	const struct ir_protocol *protocol; /* the guard; likewise */
	const struct ir_cdn *cdn;           /* likewise */
	enum binding_result binding;        /* of an allowance */
};

/* Ask the policy. */
struct outcome decide_flow(const struct ir *ir, const struct facts *facts);

/* The same, without waiting for what rules that only observe would say. */
struct outcome decide_hurried(const struct ir *ir, const struct facts *facts);

/* An allowance, where the client was told this. */
struct outcome decide_binding(const struct ir *ir, const struct facts *facts,
			      struct outcome o, enum binding_result binding);

/* "ok", "no-name" ..., or NULL where there is nothing to say. */
const char *decide_binding_name(enum binding_result binding);

/* What a rule that only observes says: `would` is what it would do. */
struct outcome decide_observed(const struct ir_rule *rule);
struct outcome decide_observed_guard(const struct ir_protocol *protocol,
				     enum ast_list list);

/* A refusal (or, with `allow`, an allowance) that no rule made. */
struct outcome decide_by_reason(const struct ir *ir, enum reason reason,
				bool allow);

/* The reason for what the evaluation found. */
enum reason decide_reason(const struct decision *d);
