/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The frame's reader: any text is read, or refused with a place. */
#include "policy/frame.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool fill(void *ctx, const char *slot, struct rs_chain *chain)
{
	(void)ctx;
	(void)chain;
	return !strcmp(slot, "input") || !strcmp(slot, "queue");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct frame_filler filler = {.fill = fill,
						   .marks = 0xff000000};
	char *text = malloc(size + 1);
	struct ruleset rs = {0};
	struct diag_list diags;
	struct arena arena;
	enum fw_err err;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	arena_init(&arena, 1 << 24, 0);
	diag_init(&diags, &arena);
	err = frame_read(text, "fuzz.nft", &filler, &diags, &rs);
	if (err == FW_ERR_POLICY && diags.errors == 0)
		abort();
	arena_done(&arena);
	free(text);
	return 0;
}
