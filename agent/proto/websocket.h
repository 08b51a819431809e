/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WebSocket (RFC 6455): not told by its bytes, but by the HTTP that opens it.
 */
#pragma once

#include "agent/proto/proto.h"

extern const struct proto proto_websocket;
