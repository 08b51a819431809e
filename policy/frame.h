/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads the fixed frame from nft-templates/: the small subset of nft syntax
 * that frame.c lists, with marks by name ($allowed; $allowed.now: under this
 * generation of the policy) and slots ($forward).
 */
#pragma once

#include "policy/ruleset.h"

/* Called at a slot; adds rules to `chain`.  False: no such slot. */
typedef bool frame_slot_fn(void *ctx, const char *slot, struct rs_chain *chain);

/* Has the policy a use for a chain "when WORD"? */
typedef bool frame_has_fn(void *ctx, const char *word);

struct frame_filler {
	frame_slot_fn *fill;
	frame_has_fn *has;
	void *ctx;
	uint32_t marks;      /* the policy's mask */
	unsigned generation; /* of $NAME.now */
};

/* Read `text` (`file` names it in messages) into `out`. */
FW_MUST_CHECK enum fw_err frame_read(const char *text, const char *file,
				     const struct frame_filler *filler,
				     struct diag_list *diags,
				     struct ruleset *out);

/* The frame of a gateway that routes, compiled in from
 * nft-templates/gateway.nft. */
extern const char frame_gateway_text[];

/* That of panic: nft-templates/panic.nft. */
extern const char frame_panic_text[];
