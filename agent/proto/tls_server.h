/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is told of a server's answer, as far as it is in clear. */
#pragma once

#include "policy/base/err.h"
#include "policy/base/reader.h"
#include "policy/facts.h"

struct tls_answer {
	uint16_t version; /* that is spoken from now on */
	bool retry;       /* a HelloRetryRequest: nothing of it is told */
};

/* Tell version, cipher suite, ALPN and JA3S of the body of a ServerHello
 * (RFC 8446 4.1.3, RFC 5246 7.4.1.3).  FW_ERR_INVAL when it is not by the
 * grammar: nothing was told. */
FW_MUST_CHECK enum fw_err tls_answer_tell(struct reader body,
					  struct facts *facts,
					  struct tls_answer *out);

/* Tell of the first certificate in the body of a Certificate message
 * (RFC 5246 7.4.2): subject, issuer, names, digest.  One that is too large or
 * cannot be read tells nothing. */
void tls_certificate_tell(struct reader body, struct facts *facts);
