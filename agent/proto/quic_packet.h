/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Long headers of QUIC (RFC 8999 5.1, RFC 9000 17.2, RFC 9369 3.2). */
#pragma once

#include "agent/proto/quic_keys.h"
#include "policy/base/err.h"

enum quic_type {
	QUIC_INITIAL,
	QUIC_ZERO_RTT,
	QUIC_HANDSHAKE,
	QUIC_RETRY,
	QUIC_TOLD, /* of a version that is not read further */
};

/* Readers are borrowed from the datagram. */
struct quic_packet {
	uint32_t number;                    /* of the version */
	const struct quic_version *version; /* NULL: an unknown one */
	enum quic_type type;
	struct reader dcid;
	struct reader whole; /* this packet alone */
	size_t number_at;    /* where its packet number stands in it */
};

/* A variable-length integer (RFC 9000 16). */
uint64_t quic_varint(struct reader *r);

/* Read one packet off a datagram.  FW_ERR_INVAL: it has no long header, or one
 * that does not fit; nothing was read. */
FW_MUST_CHECK enum fw_err quic_packet_read(struct reader *in,
					   struct quic_packet *out);
