/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The body of a ClientHello (RFC 8446 4.1.2), TLS and QUIC alike. */
#pragma once

#include "policy/base/err.h"
#include "policy/base/reader.h"

/* Readers are borrowed from the body. */
struct tls_hello {
	uint16_t version;
	bool has_sni, has_alpn;
	struct reader sni;  /* the one host name, not empty */
	struct reader alpn; /* names, each behind a length byte; checked */
};

/* FW_ERR_INVAL when it is not by the grammar: lengths that do not fit, an
 * extension twice, no or several host names, an empty ALPN name. */
FW_MUST_CHECK enum fw_err tls_hello_parse(struct reader body,
					  struct tls_hello *out_hello);
