/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names by content: SHA-256, cut to 64 bits.  For what lies in the kernel or in
 * the history and must not be taken for something else; lists come from
 * strangers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct digest {
	void *state;
	bool failed; /* no memory: the name is worth nothing */
};

void digest_begin(struct digest *d);
void digest_add(struct digest *d, const void *data, size_t len);

/* The name; false without memory.  Forgets `d` either way. */
bool digest_end(struct digest *d, uint64_t *out);

/* Of some bytes at once. */
bool digest_of(const void *data, size_t len, uint64_t *out);
