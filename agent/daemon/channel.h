/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between manager and verdict process: orders one way, answers the other, over
 * one stream socket pair; every message is a kind, a length and bytes.
 */
#pragma once

#include "policy/base/err.h"
#include "policy/base/str.h"

#include <stdint.h>

enum channel_kind {
	CHANNEL_READY,     /* verdict process: bound to its queues */
	CHANNEL_FAILED,    /* verdict process: text says why */
	CHANNEL_ENV,       /* manager: what the next policy is compiled with */
	CHANNEL_FILE_NAME, /* manager: of a file of the next policy: the digest
			    * of its bytes as 16 hex digits, then its name */
	CHANNEL_FILE,      /* manager: its bytes, unless it is known */
	CHANNEL_PREPARE, /* manager: compile this policy text, do not use it */
	CHANNEL_COMMIT,  /* manager: use what was prepared */
	CHANNEL_JUDGE,   /* manager: struct engine_flow[] that were allowed */
	CHANNEL_DONE,    /* verdict process: the last order was carried out; for
			  * JUDGE    a byte a flow, enum engine_again */
};

#define CHANNEL_HASH_LEN 16

/* A policy, or all that its files may hold. */
#define CHANNEL_TEXT_MAX (256U * 1024 * 1024)

/* Send all of it, waiting at most `timeout_ms` for the other side. */
FW_MUST_CHECK enum fw_err channel_send(int fd, enum channel_kind kind,
				       struct str text, int timeout_ms);

/* The next message; *out_text is owned (str_free), NUL-terminated.
 * FW_ERR_UNREACHABLE: the other side is gone. */
FW_MUST_CHECK enum fw_err channel_receive(int fd, enum channel_kind *out_kind,
					  struct str *out_text, int timeout_ms);
