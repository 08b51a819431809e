/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ClientHellos for the tests of what carries them. */
#pragma once

#include "agent/proto/tls_hello.h"
#include "tests/unit/support.h"

struct extension {
	unsigned type;
	const char *data;
	size_t len;
};

#define EXT(type, data)                          \
	{                                        \
		(type), (data), sizeof(data) - 1 \
	}

struct hello {
	unsigned version;
	bool has_cookie; /* DTLS: an empty one */
	const uint16_t *suites;
	size_t n_suites;
	const struct extension *ext;
	size_t n_ext;
};

/* The body of a ClientHello; 0x0303 and two suites where they are not given. */
void hello_body(struct bytes *b, const struct hello *h);
