/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What fingerprints are made of, without the rest of the hello: most flows are
 * decided, and many told, without them.
 */
#pragma once

#include "agent/proto/tls_hello.h"
#include "policy/base/str.h"

/* Lists are cut behind what no fingerprint can hold. */
#define TLS_BRIEF_LIST (LIMIT_TLS_FINGERPRINT + 2)
#define TLS_BRIEF_MAX  (6 * (TLS_BRIEF_LIST + 2) + 2 * LIMIT_TLS_EXTENSIONS + 8)

/* The view is of `room`. */
struct str tls_brief_write(const struct tls_hello *hello, enum tls_over over,
			   uint8_t room[TLS_BRIEF_MAX]);

/* What was written, as far as fingerprints ask for it; readers are borrowed
 * from `brief`. */
void tls_brief_read(struct str brief, struct tls_hello *out_hello,
		    enum tls_over *out_over);
