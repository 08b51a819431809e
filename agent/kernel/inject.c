/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/kernel/inject.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int open_raw(int family, uint32_t mark)
{
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			IPPROTO_RAW);

	if (fd >= 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0) {
		int saved = errno;

		(void)close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

enum fw_err inject_open(uint32_t mark, struct inject *out)
{
	int on = 1;

	out->v4 = open_raw(AF_INET, mark);
	if (out->v4 < 0)
		return fw_err_of_errno(errno);
	out->v6 = open_raw(AF_INET6, mark);
	/* A kernel without IPv6 has no IPv6 flows either. */
	if (out->v6 >= 0)
		(void)setsockopt(out->v6, IPPROTO_IPV6, IPV6_HDRINCL, &on,
				 sizeof(on));
	return FW_OK;
}

void inject_close(struct inject *i)
{
	if (i->v4 >= 0)
		(void)close(i->v4);
	if (i->v6 >= 0)
		(void)close(i->v6);
	i->v4 = i->v6 = -1;
}

enum fw_err inject_send(const struct inject *i, const struct ipaddr *dst,
			const uint8_t *packet, size_t len)
{
	bool v4 = dst->family == IP_V4;
	struct sockaddr_in to4 = {.sin_family = AF_INET};
	struct sockaddr_in6 to6 = {.sin6_family = AF_INET6};
	const struct sockaddr *to = v4 ? (const struct sockaddr *)&to4
				       : (const struct sockaddr *)&to6;
	socklen_t to_len = v4 ? sizeof(to4) : sizeof(to6);

	memcpy(&to4.sin_addr, dst->bytes, 4);
	memcpy(&to6.sin6_addr, dst->bytes, 16);
	if (sendto(v4 ? i->v4 : i->v6, packet, len, 0, to, to_len) < 0)
		return fw_err_of_errno(errno);
	return FW_OK;
}
