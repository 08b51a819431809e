/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All of some bytes over a stream socket, or an error: never a part. */
#pragma once

#include "policy/base/err.h"

#include <stddef.h>

/* Each waits at most `timeout_ms` for the other side to move.
 * FW_ERR_UNREACHABLE: it is gone. */
FW_MUST_CHECK enum fw_err sockio_send(int fd, const void *data, size_t n,
				      int timeout_ms);
FW_MUST_CHECK enum fw_err sockio_receive(int fd, void *to, size_t n,
					 int timeout_ms);
