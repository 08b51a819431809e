/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The wire format of the control socket, shared by both ends: two lengths (four
 * bytes each, network order), a JSON object of the first length, and the bytes
 * of the files that go with it, of the second.  The object's "files" says which
 * they are, in their order: [{"name": "lists/feed.txt", "len": 4711}, ...].
 * One request, one answer, close.
 */
#pragma once

#include "policy/base/err.h"
#include "policy/bundle.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* A policy of the largest size, escaped. */
#define MESSAGE_MAX    (128U * 1024 * 1024)
#define MESSAGE_HEADER 8

/* Requests: X(ID, "name", "help") */
#define CONTROL_REQUESTS(X)                                             \
	X(APPLY, "apply", "put a policy into force")                    \
	X(STATUS, "status", "what is in force, and the counters")       \
	X(CONFIRM, "confirm", "keep what is pending")                   \
	X(ROLLBACK, "rollback", "an earlier policy back into force")    \
	X(PANIC, "panic", "let only those pass who manage the gateway") \
	X(HISTORY, "history", "what was applied, newest first")

enum control_request {
#define X(id, name, help) CONTROL_##id,
	CONTROL_REQUESTS(X)
#undef X
		CONTROL_COUNT
};

const char *control_request_name(enum control_request request);
enum control_request control_request_find(const char *name);

struct message_size {
	uint32_t object, files;
};

/* What a header says; false when it is out of range. */
bool message_size_of(const uint8_t header[MESSAGE_HEADER],
		     struct message_size *out_size);

/* Send an object with its files (NULL: none), waiting at most `timeout_ms` for
 * the other side to move. */
FW_MUST_CHECK enum fw_err message_send(int fd, const json_t *object,
				       const struct policy_files *files,
				       int timeout_ms);

/* Answer that there is no memory, without any. */
FW_MUST_CHECK enum fw_err message_send_nomem(int fd, int timeout_ms);

/* Read a whole message that brings no files; *out_object is owned
 * (json_decref). */
FW_MUST_CHECK enum fw_err message_receive(int fd, json_t **out_object,
					  int timeout_ms);

/* The files of a message whose bytes are `bytes`.  Owned: free() of the items;
 * names and bytes are borrowed.  FW_ERR_INVAL: they are not as the object says.
 */
FW_MUST_CHECK enum fw_err message_files(const json_t *object, struct str bytes,
					struct policy_files *out_files);
