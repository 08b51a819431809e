/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/daemon/channel.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct header {
	uint32_t kind, len;
};

static enum fw_err wait_for(int fd, short events, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = events};
	int n;

	do {
		n = poll(&p, 1, timeout_ms);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return fw_err_of_errno(errno);
	return n == 0 ? FW_ERR_TIMEOUT : FW_OK;
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
			return errno == EPIPE ? FW_ERR_UNREACHABLE
					      : fw_err_of_errno(errno);
		p += sent;
		n -= (size_t)sent;
	}
	return FW_OK;
}

static enum fw_err receive_all(int fd, char *p, size_t n, int timeout_ms)
{
	while (n > 0) {
		enum fw_err err = wait_for(fd, POLLIN, timeout_ms);
		ssize_t got;

		if (err)
			return err;
		got = recv(fd, p, n, MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got == 0 || (got < 0 && errno == ECONNRESET))
			return FW_ERR_UNREACHABLE;
		if (got < 0)
			return fw_err_of_errno(errno);
		p += got;
		n -= (size_t)got;
	}
	return FW_OK;
}

enum fw_err channel_send(int fd, enum channel_kind kind, struct str text,
			 int timeout_ms)
{
	struct header h = {.kind = (uint32_t)kind, .len = (uint32_t)text.len};
	enum fw_err err;

	if (text.len > CHANNEL_TEXT_MAX)
		return FW_ERR_LIMIT;
	err = send_all(fd, (const char *)&h, sizeof(h), timeout_ms);
	if (!err)
		err = send_all(fd, text.p, text.len, timeout_ms);
	return err;
}

enum fw_err channel_receive(int fd, enum channel_kind *out_kind,
			    struct str *out_text, int timeout_ms)
{
	struct header h;
	enum fw_err err = receive_all(fd, (char *)&h, sizeof(h), timeout_ms);
	char *text;

	if (err)
		return err;
	if (h.len > CHANNEL_TEXT_MAX || h.kind > CHANNEL_DONE)
		return FW_ERR_INVAL;
	text = malloc((size_t)h.len + 1);
	if (!text)
		return FW_ERR_NOMEM;
	text[h.len] = '\0';
	err = receive_all(fd, text, h.len, timeout_ms);
	if (err) {
		free(text);
		return err;
	}
	*out_kind = (enum channel_kind)h.kind;
	*out_text = str_mem(text, h.len);
	return FW_OK;
}
