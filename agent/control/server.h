/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon's side of the control socket.  Requests are gathered without
 * blocking, so that a client that says nothing holds up nobody.
 */
#pragma once

#include "agent/control/message.h"

#include <sys/types.h>

/* Clients at once; further ones wait in the socket's backlog. */
#define SERVER_CLIENTS 8

struct server;

/* Who asks, by the kernel's word. */
struct server_peer {
	pid_t pid;
	uid_t uid;
};

/* The answer to a request and the files that came with it (borrowed for the
 * call); owned by the server then. */
typedef json_t *server_fn(void *ctx, const json_t *request,
			  const struct policy_files *files,
			  const struct server_peer *peer);

/* Listen at `path` (mode 0660; what is there and dead is replaced).  Owned:
 * server_free. */
FW_MUST_CHECK enum fw_err server_new(const char *path, server_fn *fn, void *ctx,
				     struct server **out_server);
void server_free(struct server *s);

/* File descriptors to poll for input: at most 1 + SERVER_CLIENTS; the number
 * written to `fds`. */
unsigned server_fds(const struct server *s, int *fds);

/* After poll: accept, read, answer what is complete. */
void server_serve(struct server *s, uint64_t now);
