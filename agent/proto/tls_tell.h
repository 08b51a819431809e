/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is told of a ClientHello, whatever carries it. */
#pragma once

#include "agent/proto/tls_hello.h"
#include "policy/facts.h"

/* Tell what the body of a ClientHello (behind the handshake header) says of the
 * current layer: name, ALPN, encrypted hello; versions, JA3 and JA4 when
 * facts_make() is called. `message`: 0, or 1 for the second hello of a flow.
 * Does not settle the layer. FW_ERR_INVAL when it is not by the grammar:
 * nothing was told. */
FW_MUST_CHECK enum fw_err tls_hello_tell(struct reader body, enum tls_over over,
					 unsigned message, struct facts *facts);

/* The same of one that is parsed. */
void tls_parsed_tell(const struct tls_hello *hello, enum tls_over over,
		     unsigned message, struct facts *facts);

/* Does it ask for the name and the protocols of the last one that was told? */
bool tls_hello_is_told(const struct tls_hello *hello,
		       const struct facts *facts);

/* The same of a hello of another connection in the same layer: it counts alone
 * where the one before was judged, and all that was in the arena since the
 * layer began may be gone, `body` too.  FW_ERR_LIMIT beyond LIMIT_TLS_AGAIN. */
FW_MUST_CHECK enum fw_err tls_hello_tell_again(struct reader body,
					       enum tls_over over,
					       unsigned message,
					       struct facts *facts);

/* Names, each behind a length byte, as a list of the field. */
void tls_tell_alpn(struct reader names, enum field field, unsigned message,
		   struct facts *facts);

/* "TLS 1.3", or "0x7f1c" for one without a name; in `room`. */
#define TLS_VERSION_MAX 16
struct str tls_version_name(uint16_t version, char room[TLS_VERSION_MAX]);
