/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/control/sockio.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

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

enum fw_err sockio_send(int fd, const void *data, size_t n, int timeout_ms)
{
	const char *p = data;

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

enum fw_err sockio_receive(int fd, void *to, size_t n, int timeout_ms)
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
		if (got == 0 || (got < 0 && errno == ECONNRESET))
			return FW_ERR_UNREACHABLE;
		if (got < 0)
			return fw_err_of_errno(errno);
		p += got;
		n -= (size_t)got;
	}
	return FW_OK;
}
