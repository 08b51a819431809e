/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fwctl's side of the control socket. */
#pragma once

#include "agent/control/message.h"

/* Ask the daemon at `path`, sending `files` along (NULL: none); *out_answer is
 * owned (json_decref). FW_ERR_UNREACHABLE: nobody listens there; FW_ERR_PERM:
 * we may not talk to it. */
FW_MUST_CHECK enum fw_err client_ask(const char *path, const json_t *request,
				     const struct policy_files *files,
				     json_t **out_answer, int timeout_ms);
