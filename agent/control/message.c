/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/control/message.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const char *const names[] = {
#define X(id, name, help) name,
	CONTROL_REQUESTS(X)
#undef X
};

const char *control_request_name(enum control_request request)
{
	return request < CONTROL_COUNT ? names[request] : "";
}

enum control_request control_request_find(const char *name)
{
	for (enum control_request r = 0; r < CONTROL_COUNT; r++)
		if (name && !strcmp(names[r], name))
			return r;
	return CONTROL_COUNT;
}

uint32_t message_length(const uint8_t header[MESSAGE_HEADER])
{
	uint32_t n = (uint32_t)header[0] << 24 | (uint32_t)header[1] << 16 |
		     (uint32_t)header[2] << 8 | header[3];

	return n > MESSAGE_MAX ? 0 : n;
}

static enum fw_err wait_for(int fd, short events, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = events};
	int n;

	do {
		n = poll(&p, 1, timeout_ms);
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		return FW_ERR_TIMEOUT;
	return n < 0 ? fw_err_of_errno(errno) : FW_OK;
}

static enum fw_err send_all(int fd, const char *p, size_t n, int timeout_ms)
{
	while (n > 0) {
		enum fw_err err = wait_for(fd, POLLOUT, timeout_ms);
		ssize_t sent;

		if (err)
			return err;
		sent = send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (sent < 0)
			return fw_err_of_errno(errno);
		p += sent;
		n -= (size_t)sent;
	}
	return FW_OK;
}

enum fw_err message_send(int fd, const json_t *object, int timeout_ms)
{
	char *text = json_dumps(object, JSON_COMPACT);
	size_t n = text ? strlen(text) : 0;
	const char header[MESSAGE_HEADER] = {(char)(n >> 24), (char)(n >> 16),
					     (char)(n >> 8), (char)n};
	enum fw_err err;

	if (!text)
		return FW_ERR_NOMEM;
	err = n > MESSAGE_MAX
		      ? FW_ERR_LIMIT
		      : send_all(fd, header, sizeof(header), timeout_ms);
	if (!err)
		err = send_all(fd, text, n, timeout_ms);
	free(text);
	return err;
}

static enum fw_err receive_all(int fd, void *to, size_t n, int timeout_ms)
{
	char *p = to;

	while (n > 0) {
		enum fw_err err = wait_for(fd, POLLIN, timeout_ms);
		ssize_t got;

		if (err)
			return err;
		got = recv(fd, p, n, MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0)
			return FW_ERR_UNREACHABLE;
		p += got;
		n -= (size_t)got;
	}
	return FW_OK;
}

enum fw_err message_receive(int fd, json_t **out_object, int timeout_ms)
{
	uint8_t header[MESSAGE_HEADER];
	enum fw_err err = receive_all(fd, header, sizeof(header), timeout_ms);
	uint32_t n = err ? 0 : message_length(header);
	json_t *object;
	char *text;

	if (err)
		return err;
	if (n == 0)
		return FW_ERR_INVAL;
	text = malloc(n);
	if (!text)
		return FW_ERR_NOMEM;
	err = receive_all(fd, text, n, timeout_ms);
	object = err ? NULL : json_loadb(text, n, 0, NULL);
	free(text);
	if (err)
		return err;
	if (!json_is_object(object)) {
		json_decref(object);
		return FW_ERR_INVAL;
	}
	*out_object = object;
	return FW_OK;
}
