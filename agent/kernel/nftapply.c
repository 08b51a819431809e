/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/kernel/nftapply.h"

#include "agent/kernel/nlsock.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_BUFFER (4 * 1024 * 1024)
#define ANSWERS_ROOM   65536
#define EVENTS_BUFFER  (4 * 1024 * 1024)

static void note_error(struct nft_errors *errors, uint32_t seq, int errnum)
{
	if (errors->n == NFT_ERRORS_MAX) {
		errors->more++;
		return;
	}
	errors->items[errors->n++] =
		(struct nft_error){.seq = seq, .errnum = errnum};
}

/* Everything has been processed when sendto() returns: what there is to read
 * is there by now. */
static void drain(int fd, struct nft_errors *errors)
{
	static _Thread_local _Alignas(struct nlmsghdr) char buf[ANSWERS_ROOM];
	int errnum;
	uint32_t seq;

	for (;;) {
		ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		int left = (int)n;
		const struct nlmsghdr *at = (const struct nlmsghdr *)buf;

		if (n < 0 && errno == ENOBUFS) {
			errors->more++;
			continue;
		}
		if (n <= 0)
			return;
		for (; mnl_nlmsg_ok(at, left); at = mnl_nlmsg_next(at, &left))
			if (nlsock_error(at, &errnum, &seq) && errnum)
				note_error(errors, seq, errnum);
	}
}

/* Bytes of a batch beyond which its events are not listened to. */
#define LISTEN_MAX (256U * 1024)

static void hear(const struct nft *n, bool on)
{
	int group = NFNLGRP_NFTABLES;

	/* Without it nothing is noticed; the rest works. */
	(void)setsockopt(n->events, SOL_NETLINK,
			 on ? NETLINK_ADD_MEMBERSHIP : NETLINK_DROP_MEMBERSHIP,
			 &group, sizeof(group));
}

void nft_listen(struct nft *n, bool on)
{
	n->listens = on;
	hear(n, on);
}

enum fw_err nft_open(struct nft *out)
{
	struct sockaddr_nl self = {0};
	socklen_t len = sizeof(self);

	*out = (struct nft){.fd = nlsock_open(), .events = nlsock_open()};
	if (out->fd < 0 || out->events < 0 ||
	    getsockname(out->fd, (struct sockaddr *)&self, &len) < 0) {
		enum fw_err err = fw_err_of_errno(errno);

		nft_close(out);
		return err;
	}
	out->port = self.nl_pid;
	nlsock_receive_buffer(out->fd, RECEIVE_BUFFER);
	nlsock_receive_buffer(out->events, EVENTS_BUFFER);
	return FW_OK;
}

void nft_close(struct nft *n)
{
	if (n->fd >= 0)
		(void)close(n->fd);
	if (n->events >= 0)
		(void)close(n->events);
	n->fd = n->events = -1;
}

enum fw_err nft_send(const struct nft *n, const struct nl_batch *batch,
		     struct nft_errors *errors)
{
	int room = (int)batch->len + 4096;
	ssize_t sent;

	*errors = (struct nft_errors){.deaf = n->listens &&
					      batch->len > LISTEN_MAX};
	if (setsockopt(n->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) <
	    0)
		(void)setsockopt(n->fd, SOL_SOCKET, SO_SNDBUF, &room,
				 sizeof(room));
	/* The kernel makes an event of every element for those who listen,
	 * which takes longer than to load it: who sends much does not listen
	 * meanwhile. */
	if (errors->deaf)
		hear(n, false);
	sent = send(n->fd, batch->bytes, batch->len, 0);
	if (errors->deaf)
		hear(n, true);
	if (sent < 0)
		return fw_err_of_errno(errno);
	drain(n->fd, errors);
	if (errors->n || errors->more)
		return fw_err_of_errno(errors->n ? errors->items[0].errnum
						 : ENOBUFS);
	return FW_OK;
}

bool nft_was_overtaken(const struct nft_errors *errors)
{
	return errors->n && errors->items[0].errnum == ERESTART;
}

const char *nft_error_text(int errnum)
{
	switch (errnum) {
	case EPERM:
		return "not permitted: it takes CAP_NET_ADMIN, or the table "
		       "belongs to another program";
	case ENOENT:
		return "something it names is not there, or the kernel lacks "
		       "the expression";
	case EEXIST:
		return "overlaps with what is there";
	case EOPNOTSUPP:
		return "the kernel does not support it";
	case EINVAL:
		return "the kernel takes it for invalid";
	case EMLINK:
		return "the chains jump in a circle";
	case ENFILE:
		return "the set is full";
	case EMSGSIZE:
		return "the batch is larger than the socket's buffer may be";
	case ERESTART:
		return "somebody else changed the ruleset meanwhile";
	case ENOMEM:
		return "the kernel is out of memory";
	default:
		return strerror(errnum);
	}
}
