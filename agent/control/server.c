/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/control/server.h"

#include "agent/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_NS (10ULL * 1000000000) /* for a whole request */
#define ANSWER_MS   2000
#define READ_ROOM   65536

struct client {
	int fd; /* -1: free */
	struct server_peer peer;
	uint64_t since;
	char *data;
	size_t len, capacity;
};

struct server {
	int fd;
	char *path;
	server_fn *fn;
	void *ctx;
	struct client clients[SERVER_CLIENTS];
};

static enum fw_err listen_at(int fd, const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	mode_t old;
	int n;

	if (strlen(path) >= sizeof(at.sun_path))
		return FW_ERR_INVAL;
	memcpy(at.sun_path, path, strlen(path));
	(void)unlink(path);
	old = umask(0117);
	n = bind(fd, (struct sockaddr *)&at, sizeof(at));
	(void)umask(old);
	if (n < 0 || listen(fd, SERVER_CLIENTS) < 0)
		return fw_err_of_errno(errno);
	return FW_OK;
}

enum fw_err server_new(const char *path, server_fn *fn, void *ctx,
		       struct server **out_server)
{
	struct server *s = calloc(1, sizeof(*s));
	enum fw_err err;

	if (!s)
		return FW_ERR_NOMEM;
	for (size_t i = 0; i < SERVER_CLIENTS; i++)
		s->clients[i].fd = -1;
	s->fn = fn;
	s->ctx = ctx;
	s->path = strdup(path);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	err = !s->path    ? FW_ERR_NOMEM
	      : s->fd < 0 ? fw_err_of_errno(errno)
			  : listen_at(s->fd, path);
	if (err) {
		if (s->fd >= 0)
			(void)close(s->fd);
		free(s->path);
		free(s);
		return err;
	}
	*out_server = s;
	return FW_OK;
}

static void client_close(struct client *c)
{
	(void)close(c->fd);
	free(c->data);
	*c = (struct client){.fd = -1};
}

void server_free(struct server *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < SERVER_CLIENTS; i++)
		if (s->clients[i].fd >= 0)
			client_close(&s->clients[i]);
	(void)close(s->fd);
	(void)unlink(s->path);
	free(s->path);
	free(s);
}

unsigned server_fds(const struct server *s, int *fds)
{
	unsigned n = 0;

	for (size_t i = 0; i < SERVER_CLIENTS; i++)
		if (s->clients[i].fd >= 0)
			fds[n++] = s->clients[i].fd;
	if (n < SERVER_CLIENTS)
		fds[n++] = s->fd;
	return n;
}

static void accept_one(struct server *s, uint64_t now)
{
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);
	int fd;

	for (size_t i = 0; i < SERVER_CLIENTS; i++) {
		if (s->clients[i].fd >= 0)
			continue;
		/* The peer's address may be left out. */
		/* cppcheck-suppress nullPointer */
		fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return;
		(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len);
		s->clients[i] = (struct client){
			.fd = fd, .since = now, .peer = {cred.pid, cred.uid}};
		return;
	}
}

/* Bytes of the whole message; 0: its header is not here yet; SIZE_MAX: it is
 * none. */
static size_t whole_size(const struct client *c)
{
	struct message_size size;

	if (c->len < MESSAGE_HEADER)
		return 0;
	if (!message_size_of((const uint8_t *)c->data, &size))
		return SIZE_MAX;
	return MESSAGE_HEADER + (size_t)size.object + size.files;
}

/* Is the message whole?  -1: it never will be. */
static int is_complete(const struct client *c)
{
	size_t n = whole_size(c);

	if (n == 0)
		return 0;
	return n == SIZE_MAX ? -1 : c->len >= n;
}

/* Room for what comes next: doubled, but not beyond what was announced. */
static bool make_room(struct client *c)
{
	size_t whole = whole_size(c);
	size_t more = c->capacity ? c->capacity * 2 : 2 * READ_ROOM;
	char *grown;

	if (c->capacity - c->len >= READ_ROOM)
		return true;
	if (whole && more > whole + 2 * READ_ROOM)
		more = whole + 2 * READ_ROOM;
	grown = more - c->len < READ_ROOM ? NULL : realloc(c->data, more);
	if (!grown)
		return false;
	c->data = grown;
	c->capacity = more;
	return true;
}

static void say_no_memory(const struct client *c)
{
	if (message_send_nomem(c->fd, ANSWER_MS)) {
		/* The client has gone: nothing to be done about it. */
	}
}

static bool read_some(struct client *c)
{
	for (;;) {
		ssize_t got;

		if (!make_room(c)) {
			say_no_memory(c);
			return false;
		}
		got = recv(c->fd, c->data + c->len, READ_ROOM, MSG_DONTWAIT);
		if (got < 0)
			return errno == EAGAIN || errno == EINTR;
		if (got == 0)
			return false;
		c->len += (size_t)got;
		if (is_complete(c))
			return true;
	}
}

/* NULL without memory. */
static json_t *reply_to(struct server *s, const struct client *c,
			const json_t *request, struct str bytes)
{
	struct policy_files files;
	json_t *reply;
	enum fw_err err;

	if (!json_is_object(request))
		return json_pack("{s:b, s:i, s:s}", "ok", 0, "exit", 2, "error",
				 "not a JSON object");
	err = message_files(request, bytes, &files);
	if (err == FW_ERR_NOMEM)
		return NULL;
	if (err)
		return json_pack("{s:b, s:i, s:s}", "ok", 0, "exit", 2, "error",
				 "the files are not as the request says");
	reply = s->fn(s->ctx, request, &files, &c->peer);
	free((void *)(uintptr_t)files.items); /* NOLINT: else -Wcast-qual */
	/* cppcheck-suppress returnDanglingLifetime; the files are borrowed */
	return reply;
}

static void answer(struct server *s, struct client *c)
{
	struct str all = str_mem(c->data, c->len);
	struct message_size size;
	struct str bytes;
	json_t *request = NULL, *reply = NULL;
	enum fw_err err;

	if (!message_size_of((const uint8_t *)c->data, &size))
		return;
	all = str_skip(all, MESSAGE_HEADER);
	bytes = str_mem(all.p + size.object, size.files);
	if (json_read(str_mem(all.p, size.object), &request) != FW_ERR_NOMEM)
		reply = reply_to(s, c, request, bytes);
	err = reply ? message_send(c->fd, reply, NULL, ANSWER_MS)
		    : FW_ERR_NOMEM;
	if (err == FW_ERR_NOMEM)
		say_no_memory(c);
	json_decref(reply);
	json_decref(request);
}

void server_serve(struct server *s, uint64_t now)
{
	accept_one(s, now);
	for (size_t i = 0; i < SERVER_CLIENTS; i++) {
		struct client *c = &s->clients[i];
		bool alive;

		if (c->fd < 0)
			continue;
		alive = read_some(c);
		if (is_complete(c) > 0)
			answer(s, c);
		if (!alive || is_complete(c) || now - c->since > PATIENCE_NS)
			client_close(c);
	}
}
