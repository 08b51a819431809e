/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Questions and answers of one flow to a resolver: what an answer tells goes
 * into the table.  Only what leads from the name asked to its addresses counts;
 * whatever else a message holds does not.
 */
#pragma once

#include "agent/binding/bindings.h"
#include "agent/limits.h"
#include "policy/base/reader.h"

struct binding_question {
	uint64_t name;
	uint16_t id, type; /* type 0: none */
};

/* Those asked last, LIMIT_BINDING_QUESTIONS at most; what was answered may be
 * answered again.  Most flows ask one or two.  One block: free(). */
struct binding_questions {
	unsigned n, next;
	struct binding_question ring[];
};

/* Whom an answer is for: by the family of the addresses in it. */
struct binding_askers {
	struct binding_client v4, v6;
};

/* A message of the client, without a length before it.  `q` points to NULL, or
 * to what this has made before.  False without memory. */
bool binding_note_question(const struct bindings *b,
			   struct binding_questions **q, struct reader message);

/* A message of the resolver.  False: it has answers to what nobody has asked in
 * this flow; nothing is learned of it.  `q` may be NULL. */
bool binding_learn_answer(struct bindings *b, const struct binding_questions *q,
			  const struct binding_askers *askers,
			  struct reader message, uint32_t now, uint32_t floor);
