/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Handshake messages out of the records of one direction (RFC 8446 5.1).
 *
 * A message is given when all its records are there; nothing of it is consumed
 * before, so no copy is kept.  A message in one record is given in place, one
 * in several is joined.
 */
#pragma once

#include "policy/base/reader.h"

#define TLS_RECORD_HEADER    5
#define TLS_HANDSHAKE_HEADER 4
#define TLS_RECORD_MAX       16384 /* in clear */

enum tls_record {
	TLS_RECORD_CCS = 20,
	TLS_RECORD_ALERT = 21,
	TLS_RECORD_HANDSHAKE = 22,
	TLS_RECORD_DATA = 23,
};

enum tls_handshake {
	TLS_CLIENT_HELLO = 1,
	TLS_SERVER_HELLO = 2,
	TLS_CERTIFICATE = 11,
};

/* Zeroed at the start of a direction. */
struct tls_messages {
	uint32_t rest;   /* bytes of a record whose header was consumed */
	uint32_t walked; /* unread bytes that were looked at: whole records */
	uint32_t handshake;                   /* handshake bytes in them */
	uint32_t empty;                       /* records without a byte */
	uint8_t header[TLS_HANDSHAKE_HEADER]; /* of the message that begins */
};

enum tls_step {
	TLS_STEP_MORE,
	TLS_STEP_MESSAGE,
	TLS_STEP_OTHER, /* a record of another type begins, not consumed */
	TLS_STEP_BAD,
};

struct tls_message {
	uint8_t type;
	struct reader body; /* borrowed from the input, or from `joined` */
	uint8_t *joined;    /* owned */
};

/* The next message of at most `most` bytes, consumed; the caller frees
 * out->joined.  BAD: not by the grammar, or too long. */
enum tls_step tls_next(struct tls_messages *m, struct reader *in, size_t most,
		       struct tls_message *out);

/* Is this as much of a record's header as there is? */
bool tls_is_header(struct reader r, size_t most);

/* Consume a whole record of any type; false when it is not all there. */
bool tls_skip_record(struct reader *in);
