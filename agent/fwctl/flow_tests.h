/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files of flows with what should become of them, for `fwctl test`:
 *
 *	# who may go where
 *	10.10.0.5 -> 192.0.2.7:443 sni=www.example.org => allow by "browse"
 *	10.10.0.5 -> 192.0.2.53 dns                    => refuse
 */
#pragma once

#include "agent/fwctl/flow_words.h"
#include "policy/base/diag.h"

enum flow_verdict {
	FLOW_ALLOW,
	FLOW_DENY,
	FLOW_REJECT,
	FLOW_REFUSE,
	FLOW_OPEN
};

struct flow_test {
	struct place place;
	struct str text; /* the line, as it was written */
	struct flow_words words;
	enum flow_verdict verdict;
	const char *by; /* a rule's or guard's name, or NULL: whatever */
};

typedef VEC(struct flow_test) flow_test_list;

const char *flow_verdict_name(enum flow_verdict verdict);

/* Read a file's text; what cannot be read is an error in `diags`. */
void flow_tests_read(struct str text, const char *file, struct diag_list *diags,
		     flow_test_list *out_tests);

/* What the policy makes of the flow; *out_by names what decides (static or the
 * ir's).  False: a word of the flow cannot be read. */
bool flow_test_run(const struct flow_test *test, const struct ir *ir,
		   struct arena *arena, enum flow_verdict *out_verdict,
		   const char **out_by, enum flow_word *out_wrong);

/* Is it what was expected? */
bool flow_test_holds(const struct flow_test *test, enum flow_verdict verdict,
		     const char *by);
