/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two ways out of the compiler; both print the one ruleset model. */
#pragma once

#include "policy/base/err.h"
#include "policy/base/vec.h"
#include "policy/ruleset.h"

struct strbuf;

/* As an nft script that replaces the table when loaded with `nft -f`. */
void backend_text(const struct ruleset *rs, struct strbuf *out);

/* How the kernel takes the queue statement (kernel/probe says which). */
enum queue_target { QUEUE_NATIVE, QUEUE_XT };

/* What message `seq` of a batch was made from, for errors of the kernel. */
struct nl_source {
	const char *what; /* "chain", "rule" ... */
	const char *name; /* chain, set, or the rule's comment */
	struct place place;
};

/* One batch: bytes to send with one sendto(), and the source of each message
 * by its sequence number (seq 1 = sources.items[0]). */
struct nl_batch {
	char *bytes; /* owned */
	size_t len, capacity;
	VEC(struct nl_source) sources;
	struct arena *arena; /* borrowed */
	bool failed;
};

/* Fill `out` with what turns the table of `loaded` into `wanted`; `loaded` NULL
 * or of another shape: what replaces the table whether or not it is there.
 * `genid` goes into the begin message when not 0 (the kernel then refuses the
 * batch if somebody else changed the ruleset since).  The bytes are owned by
 * `out`: nl_batch_done() frees them. */
FW_MUST_CHECK enum fw_err backend_nl(const struct ruleset *loaded,
				     const struct ruleset *wanted,
				     enum queue_target queue, uint32_t genid,
				     struct arena *arena, struct nl_batch *out);

void nl_batch_done(struct nl_batch *b);

/* A batch without its end message, which the kernel checks and throws away:
 * one rule with this queue statement.  Tells whether the kernel has it. */
FW_MUST_CHECK enum fw_err backend_nl_probe(enum queue_target queue,
					   struct arena *arena,
					   struct nl_batch *out);

/* The messages as text, one object or expression a line, for golden tests. */
void backend_nl_print(const struct nl_batch *b, struct strbuf *out);
