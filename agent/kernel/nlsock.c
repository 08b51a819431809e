/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/kernel/nlsock.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_ROOM 8192
#define DUMP_ROOM   65536
#define DUMP_MS     2000

int nlsock_open(void)
{
	struct sockaddr_nl self = {.nl_family = AF_NETLINK};
	int on = 1;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0) {
		int saved = errno;

		(void)close(fd);
		errno = saved;
		return -1;
	}
	/* Short errors: without the request they answer. */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	return fd;
}

void nlsock_receive_buffer(int fd, int bytes)
{
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) <
	    0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes,
				 sizeof(bytes));
}

bool nlsock_error(const struct nlmsghdr *nlh, int *out_errno, uint32_t *out_seq)
{
	const struct nlmsgerr *e;

	if (nlh->nlmsg_type != NLMSG_ERROR ||
	    nlh->nlmsg_len < mnl_nlmsg_size(sizeof(*e)))
		return false;
	e = mnl_nlmsg_get_payload(nlh);
	*out_errno = -e->error;
	*out_seq = nlh->nlmsg_seq;
	return true;
}

int nlsock_request(int fd, struct nlmsghdr *nlh, int timeout_ms)
{
	_Alignas(struct nlmsghdr) char buf[ANSWER_ROOM];
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint32_t seq;
	int error;

	nlh->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (send(fd, nlh, nlh->nlmsg_len, 0) < 0)
		return errno;
	while (poll(&p, 1, timeout_ms) == 1) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);
		int left = (int)n;
		const struct nlmsghdr *at = (const struct nlmsghdr *)buf;

		if (n < 0)
			return errno;
		for (; mnl_nlmsg_ok(at, left); at = mnl_nlmsg_next(at, &left))
			if (nlsock_error(at, &error, &seq) &&
			    seq == nlh->nlmsg_seq)
				return error;
	}
	return ETIMEDOUT;
}

enum fw_err nlsock_dump(const struct nlmsghdr *nlh, nlsock_take take,
			void *data)
{
	static _Thread_local _Alignas(struct nlmsghdr) char buf[DUMP_ROOM];
	/* An answer that is not read to its end goes with its socket. */
	struct pollfd p = {.fd = nlsock_open(), .events = POLLIN};
	int more = 1;

	if (p.fd < 0)
		return fw_err_of_errno(errno);
	if (send(p.fd, nlh, nlh->nlmsg_len, 0) < 0)
		more = -1;
	while (more > 0) {
		ssize_t got = poll(&p, 1, DUMP_MS) == 1
				      ? recv(p.fd, buf, sizeof(buf), 0)
				      : -1;

		more = got < 0 ? -1
			       : mnl_cb_run(buf, (size_t)got, nlh->nlmsg_seq, 0,
					    take, data);
	}
	(void)close(p.fd);
	return more < 0 ? FW_ERR_AGAIN : FW_OK;
}
