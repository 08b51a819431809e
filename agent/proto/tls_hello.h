/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The body of a ClientHello (RFC 8446 4.1.2), TLS, DTLS and QUIC alike. */
#pragma once

#include "agent/limits.h"
#include "policy/base/err.h"
#include "policy/base/reader.h"

#define TLS_EXTENSION_SERVER_NAME 0
#define TLS_EXTENSION_ALPN        16

/* What carries the handshake. */
enum tls_over { TLS_OVER_TCP, TLS_OVER_DTLS, TLS_OVER_QUIC };

enum tls_ech {
	TLS_ECH_NONE,
	TLS_ECH_OUTER, /* or GREASE: made to look alike */
	TLS_ECH_INNER, /* decrypted on its way to the server behind a front */
	TLS_ECH_ESNI,  /* its forerunner */
	TLS_ECH_OTHER, /* the extension, not by its grammar */
};

/* Readers are borrowed from the body; lists are as on the wire, and empty where
 * the extension is not there or its lengths do not fit. */
struct tls_hello {
	uint16_t version;
	bool has_sni, has_alpn;
	enum tls_ech ech;
	struct reader sni;           /* the one host name, not empty */
	struct reader alpn;          /* names behind a length byte; checked */
	struct reader suites;        /* u16 each */
	struct reader groups;        /* u16 each */
	struct reader point_formats; /* u8 each */
	struct reader signatures;    /* u16 each */
	struct reader versions;      /* u16 each */
	unsigned n_extensions;
	uint16_t extensions[LIMIT_TLS_EXTENSIONS]; /* types, as they came */
};

/* FW_ERR_INVAL when it is not by the grammar: lengths that do not fit, an
 * extension twice or more of them than LIMIT_TLS_EXTENSIONS, no or several host
 * names, an empty ALPN name. */
FW_MUST_CHECK enum fw_err tls_hello_parse(struct reader body,
					  enum tls_over over,
					  struct tls_hello *out_hello);
