/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The wire format of the control socket, shared by both ends: a length (four
 * bytes, network order) and a JSON object.  One request, one answer, close.
 */
#pragma once

#include "policy/base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* A policy of the largest size, escaped. */
#define MESSAGE_MAX    (128U * 1024 * 1024)
#define MESSAGE_HEADER 4

/* Requests: X(ID, "name", "help") */
#define CONTROL_REQUESTS(X)                                          \
	X(APPLY, "apply", "put a policy into force")                 \
	X(STATUS, "status", "what is in force, and the counters")    \
	X(CONFIRM, "confirm", "keep what is pending")                \
	X(ROLLBACK, "rollback", "an earlier policy back into force") \
	X(HISTORY, "history", "what was applied, newest first")

enum control_request {
#define X(id, name, help) CONTROL_##id,
	CONTROL_REQUESTS(X)
#undef X
		CONTROL_COUNT
};

const char *control_request_name(enum control_request request);
enum control_request control_request_find(const char *name);

/* The length in a header, or 0 when it is out of range. */
uint32_t message_length(const uint8_t header[MESSAGE_HEADER]);

/* Send an object, blocking at most `timeout_ms`. */
FW_MUST_CHECK enum fw_err message_send(int fd, const json_t *object,
				       int timeout_ms);

/* Read a whole message; *out_object is owned (json_decref). */
FW_MUST_CHECK enum fw_err message_receive(int fd, json_t **out_object,
					  int timeout_ms);
