/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a resolver's answer says that its client must not be told.  It is
 * changed in place and keeps its length, so that over TCP no byte moves.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rewrite_result {
	bool changed;
	bool stripped; /* parameters for encrypted hellos are gone */
	bool denied;   /* there is no such name, or nothing of it */
};

struct rewrite {
	bool strips; /* parameters for encrypted hellos (RFC 9460 2.2, key 5) */
	/* Denies names by which programs find out whether they may ask
	 * resolvers of their own. */
	bool denies;
};

/* The first
 * `have` bytes at `p` of a message of `total` bytes.  Returns how many of them
 * are final: all, when all are there; of a message that is too long to wait
 * for, those whose records are whole; else none. */
size_t rewrite_answer(const struct rewrite *what, uint8_t *p, size_t have,
		      size_t total, struct rewrite_result *out);
