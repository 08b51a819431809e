/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is remembered of flows that were left to the kernel: enough to judge
 * them again when the policy changes.  The oldest make room at the ceiling.
 */
#pragma once

#include "agent/flow/flow.h"

struct records;

/* At most `most` (0: LIMIT_RECORDS), memory as it is used.  Owned:
 * records_free.  NULL without memory. */
struct records *records_new(size_t most);
void records_free(struct records *r);

/* In place of what there was of this key.  Facts larger than
 * LIMIT_RECORD_BYTES, or without memory for them, are not kept. */
void records_keep(struct records *r, const struct flow_key *key,
		  const struct facts *facts);

/* Borrowed until the next records_keep(), or NULL. */
const struct facts *records_find(const struct records *r,
				 const struct flow_key *key);

/* The ends and all that the engine was told, into facts that have an arena of
 * their own. */
void record_restore(const struct facts *from, struct facts *to);
