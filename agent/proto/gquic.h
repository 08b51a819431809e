/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ClientHello of Google's own handshake (QUIC crypto, "CHLO"). */
#pragma once

#include "agent/proto/proto.h"

/* A CHLO from its tag on: MORE when it is not complete. */
enum proto_result gquic_chlo_tell(struct reader message, struct facts *facts);
