/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes of a TCP stream that were judged, until their receiver acknowledges
 * them: a later copy must be the same.  Bodies between them are not kept.
 */
#pragma once

#include "policy/base/reader.h"

struct ledger_entry {
	uint32_t seq, len; /* sequence number of its first byte */
	uint32_t at;       /* its bytes in ledger.bytes */
};

struct ledger {
	struct ledger_entry *entries; /* in order of their bytes; owned */
	uint8_t *bytes;               /* owned */
	uint32_t n, capacity, used, room;
};

void ledger_done(struct ledger *l);

/* Bytes in order.  False at LIMIT_LEDGER_BYTES or without memory: nothing was
 * noted. */
bool ledger_note(struct ledger *l, uint32_t seq, struct reader bytes);

/* Does `payload` at `seq` say something else about bytes noted? */
bool ledger_differs(const struct ledger *l, uint32_t seq,
		    struct reader payload);

/* The receiver has all before `ack`. */
void ledger_acknowledge(struct ledger *l, uint32_t ack);
