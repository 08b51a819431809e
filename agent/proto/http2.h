/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HTTP/2 in clear, from the client's preface on: where a client knows that its
 * server speaks it (RFC 9113 3.3), or behind an upgrade. */
#pragma once

#include "agent/proto/proto.h"

extern const struct proto proto_http2;

/* Behind an upgrade of HTTP/1 (RFC 7540 3.2): the request that asked for it is
 * the first of this layer too. */
extern const struct proto proto_http2_upgraded;
