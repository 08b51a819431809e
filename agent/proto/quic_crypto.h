/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The handshake bytes of Initial packets (RFC 9000 19.6): pieces in any order,
 * over as many packets as the sender likes.
 */
#pragma once

#include "agent/limits.h"
#include "policy/base/err.h"
#include "policy/base/reader.h"

struct arena;

struct quic_piece {
	uint16_t from, to;
};

struct quic_crypto {
	struct quic_piece have[LIMIT_QUIC_PIECES]; /* in order, not touching */
	unsigned n;
	size_t room; /* of `bytes` */
	uint8_t *bytes;
};

/* An empty one, in memory of the thread: valid until the next call. */
struct quic_crypto *quic_crypto_scratch(void);

/* A copy that lasts as long as the arena; NULL without memory. */
struct quic_crypto *quic_crypto_keep(const struct quic_crypto *c,
				     struct arena *arena);

/* FW_ERR_INVAL when it differs from what was there, FW_ERR_LIMIT when it is
 * too far away, or leaves too many pieces. */
FW_MUST_CHECK enum fw_err quic_crypto_add(struct quic_crypto *c,
					  uint64_t offset, struct reader data);

/* What there is from the start on; borrowed. */
struct reader quic_crypto_start(const struct quic_crypto *c);
