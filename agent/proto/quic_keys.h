/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The protection of Initial packets (RFC 9001 5).  Its keys come from what
 * stands in the packet, so anybody can open it.
 */
#pragma once

#include "agent/proto/quic_version.h"
#include "policy/base/reader.h"

#include <stddef.h>

#define QUIC_CID_MAX 20
/* A packet's number and its sample (RFC 9001 5.4.2). */
#define QUIC_SEALED_MIN 20
#define QUIC_PLAIN_MAX  65536

struct quic_keys {
	uint8_t key[16], iv[12], hp[16];
};

/* The client's, of the connection id that it first sent to.  False when the
 * cryptographic library refuses. */
bool quic_keys_derive(const struct quic_version *version, struct reader dcid,
		      struct quic_keys *out);

/* Open a packet, whose number stands at `number_at` of it.  `largest`: the
 * largest number opened so far, or -1; moved on success.  The frames are
 * borrowed from memory of the thread: valid until the next call. */
bool quic_open(const struct quic_keys *keys, struct reader packet,
	       size_t number_at, int64_t *largest, struct reader *out_frames);
