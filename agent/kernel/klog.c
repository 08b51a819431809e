/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/kernel/klog.h"

#include "agent/kernel/nlsock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_log/libnetfilter_log.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_BUFFER    (8 * 1024 * 1024)
#define READ_ROOM         65536
#define CONFIG_ROOM       512
#define ANSWER_TIMEOUT_MS 2000
#define SNAP_LENGTH       128
/* Of a message: each is sent at once, and what it has room for counts against
 * the socket's buffer. */
#define MESSAGE_ROOM 512

struct klog {
	int fd;
	_Alignas(struct nlmsghdr) char buf[READ_ROOM];
};

static int configure(struct klog *l, uint16_t group)
{
	_Alignas(struct nlmsghdr) char buf[CONFIG_ROOM];
	struct nlmsghdr *nlh;
	int error;

	nlh = nflog_nlmsg_put_header(buf, NFULNL_MSG_CONFIG, AF_UNSPEC, group);
	nlh->nlmsg_seq = 1;
	if (nflog_attr_put_cfg_cmd(nlh, NFULNL_CFG_CMD_BIND) < 0)
		return errno;
	error = nlsock_request(l->fd, nlh, ANSWER_TIMEOUT_MS);
	if (error)
		return error;
	nlh = nflog_nlmsg_put_header(buf, NFULNL_MSG_CONFIG, AF_UNSPEC, group);
	nlh->nlmsg_seq = 2;
	if (nflog_attr_put_cfg_mode(nlh, NFULNL_COPY_PACKET, SNAP_LENGTH) < 0)
		return errno;
	mnl_attr_put_u32(nlh, NFULA_CFG_NLBUFSIZ, htonl(MESSAGE_ROOM));
	return nlsock_request(l->fd, nlh, ANSWER_TIMEOUT_MS);
}

enum fw_err klog_open(uint16_t group, struct klog **out_log)
{
	struct klog *l = calloc(1, sizeof(*l));
	int error;

	if (!l)
		return FW_ERR_NOMEM;
	l->fd = nlsock_open();
	if (l->fd < 0) {
		error = errno;
		free(l);
		return fw_err_of_errno(error);
	}
	nlsock_receive_buffer(l->fd, RECEIVE_BUFFER);
	error = configure(l, group);
	if (error) {
		klog_close(l);
		/* As with queues. */
		return error == EBUSY || error == EPERM ? FW_ERR_EXIST
							: fw_err_of_errno(error);
	}
	*out_log = l;
	return FW_OK;
}

void klog_close(struct klog *l)
{
	if (!l)
		return;
	(void)close(l->fd);
	free(l);
}

int klog_fd(const struct klog *l)
{
	return l->fd;
}

static void take_packet(const struct nlmsghdr *nlh, klog_fn *fn, void *ctx)
{
	struct nlattr *attr[NFULA_MAX + 1] = {0};
	struct klog_packet pkt = {.prefix = ""};

	if (nlh->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET) ||
	    nflog_nlmsg_parse(nlh, attr) < 0 || !attr[NFULA_PAYLOAD])
		return;
	if (attr[NFULA_PACKET_HDR]) {
		const struct nfulnl_msg_packet_hdr *hdr =
			mnl_attr_get_payload(attr[NFULA_PACKET_HDR]);

		pkt.hook = hdr->hook;
	}
	if (attr[NFULA_PREFIX])
		pkt.prefix = mnl_attr_get_str(attr[NFULA_PREFIX]);
	if (attr[NFULA_IFINDEX_INDEV])
		pkt.indev = ntohl(mnl_attr_get_u32(attr[NFULA_IFINDEX_INDEV]));
	if (attr[NFULA_IFINDEX_OUTDEV])
		pkt.outdev =
			ntohl(mnl_attr_get_u32(attr[NFULA_IFINDEX_OUTDEV]));
	pkt.payload = reader_of(mnl_attr_get_payload(attr[NFULA_PAYLOAD]),
				mnl_attr_get_payload_len(attr[NFULA_PAYLOAD]));
	fn(ctx, &pkt);
}

enum fw_err klog_read(struct klog *l, klog_fn *fn, void *ctx, unsigned most,
		      unsigned *out_lost)
{
	*out_lost = 0;
	for (unsigned i = 0; i < most; i++) {
		ssize_t n = recv(l->fd, l->buf, sizeof(l->buf), MSG_DONTWAIT);
		const struct nlmsghdr *at;
		int left = (int)n;

		if (n < 0 && errno == ENOBUFS) {
			++*out_lost;
			continue;
		}
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0)
			return fw_err_of_errno(errno);
		at = (const struct nlmsghdr *)(const void *)l->buf;
		for (; mnl_nlmsg_ok(at, left); at = mnl_nlmsg_next(at, &left))
			take_packet(at, fn, ctx);
	}
	return FW_OK;
}
