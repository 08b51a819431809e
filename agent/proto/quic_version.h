/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Versions of QUIC, as far as their first packets differ. */
#pragma once

#include <stdint.h>

#define QUIC_SALT_LEN 20

/* What is other than in version 1. */
enum quic_trait {
	QUIC_V2 = 1,       /* labels and packet types of RFC 9369 */
	QUIC_GOOGLE = 2,   /* frames have Google's numbers */
	QUIC_CHLO = 4,     /* Google's own handshake, not TLS */
	QUIC_CLEAR = 8,    /* nothing is encrypted; see gquic.c */
	QUIC_RESERVED = 16 /* spoken by nobody */
};

struct quic_version {
	uint32_t from, to; /* version numbers, both included */
	/* NULL: its packets cannot be opened, only told. */
	const char *salt;
	unsigned traits;
};

/* NULL: a number that no version of QUIC is known to use. */
const struct quic_version *quic_version_find(uint32_t version);
