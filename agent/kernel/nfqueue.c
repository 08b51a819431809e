/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NFQUEUE over a netlink socket.  Packets are read many at a time, verdicts are
 * gathered and sent with one call: that is worth a third of the time.  GSO
 * packets are taken whole (without F_GSO the kernel cuts and checksums each,
 * twelve times slower).
 */
#include "agent/kernel/nfqueue.h"

#include "agent/kernel/nlsock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_BUFFER    (8 * 1024 * 1024)
#define MESSAGE_ROOM      (0xffff + 4096) /* a 64 KiB packet and its attributes */
#define MESSAGES          16
#define VERDICTS_ROOM     (MESSAGE_ROOM + 1) /* aligned */
#define PAYLOAD_MOST      (0xffff - 4)       /* of an attribute */
#define VERDICT_ROOM      128
#define CONFIG_ROOM       512
#define ANSWER_TIMEOUT_MS 2000
#define READS_AT_ONCE     64

struct nfqueue {
	int fd;
	uint16_t number;
	uint32_t seq;
	size_t n_verdicts; /* bytes in `verdicts` */
	char verdicts[VERDICTS_ROOM];
	char messages[MESSAGES][MESSAGE_ROOM];
};

static struct nlmsghdr *config_begin(struct nfqueue *q, char *buf)
{
	struct nlmsghdr *nlh = nfq_nlmsg_put(buf, NFQNL_MSG_CONFIG, q->number);

	nlh->nlmsg_seq = ++q->seq;
	return nlh;
}

/* One message per flag: a flag that the kernel does not know makes it refuse
 * the whole message. */
static int config_flag(struct nfqueue *q, uint32_t flag)
{
	_Alignas(struct nlmsghdr) char buf[CONFIG_ROOM];
	struct nlmsghdr *nlh = config_begin(q, buf);

	mnl_attr_put_u32(nlh, NFQA_CFG_FLAGS, htonl(flag));
	mnl_attr_put_u32(nlh, NFQA_CFG_MASK, htonl(flag));
	return nlsock_request(q->fd, nlh, ANSWER_TIMEOUT_MS);
}

static int configure(struct nfqueue *q, const struct nfqueue_options *opt)
{
	_Alignas(struct nlmsghdr) char buf[CONFIG_ROOM];
	struct nlmsghdr *nlh = config_begin(q, buf);
	int error;

	nfq_nlmsg_cfg_put_cmd(nlh, AF_UNSPEC, NFQNL_CFG_CMD_BIND);
	error = nlsock_request(q->fd, nlh, ANSWER_TIMEOUT_MS);
	/* The kernel's word for "held by somebody else" is EPERM, and also for
	 * lack of the capability: but then the socket could not bind at all. */
	if (error)
		return error == EPERM ? EBUSY : error;
	nlh = config_begin(q, buf);
	nfq_nlmsg_cfg_put_params(nlh, NFQNL_COPY_PACKET, 0xffff);
	error = nlsock_request(q->fd, nlh, ANSWER_TIMEOUT_MS);
	if (error)
		return error;
	nlh = config_begin(q, buf);
	nfq_nlmsg_cfg_put_qmaxlen(nlh, opt->length);
	error = nlsock_request(q->fd, nlh, ANSWER_TIMEOUT_MS);
	if (!error)
		error = config_flag(q, NFQA_CFG_F_GSO);
	/* Where it is not known, no rule that asks for it matches. */
	if (!error)
		(void)config_flag(q, NFQA_CFG_F_UID_GID);
	if (!error && opt->fail_open)
		error = config_flag(q, NFQA_CFG_F_FAIL_OPEN);
	return error;
}

enum fw_err nfqueue_open(const struct nfqueue_options *options,
			 struct nfqueue **out_queue)
{
	struct nfqueue *q = calloc(1, sizeof(*q));
	int on = 1, error;

	if (!q)
		return FW_ERR_NOMEM;
	q->number = options->number;
	q->fd = nlsock_open();
	if (q->fd < 0) {
		error = errno;
		free(q);
		return fw_err_of_errno(error);
	}
	nlsock_receive_buffer(q->fd, RECEIVE_BUFFER);
	(void)setsockopt(q->fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &on,
			 sizeof(on));
	error = configure(q, options);
	if (error) {
		nfqueue_close(q);
		return error == EBUSY ? FW_ERR_EXIST : fw_err_of_errno(error);
	}
	*out_queue = q;
	return FW_OK;
}

void nfqueue_close(struct nfqueue *q)
{
	if (!q)
		return;
	(void)close(q->fd);
	free(q);
}

int nfqueue_fd(const struct nfqueue *q)
{
	return q->fd;
}

static uint32_t u32_of(struct nlattr *attr)
{
	return attr ? ntohl(mnl_attr_get_u32(attr)) : 0;
}

static void take_mac(const struct nlattr *attr, struct nfqueue_packet *out)
{
	const struct nfqnl_msg_packet_hw *hw;

	if (!attr)
		return;
	hw = mnl_attr_get_payload(attr);
	if (ntohs(hw->hw_addrlen) != sizeof(out->mac))
		return;
	memcpy(out->mac, hw->hw_addr, sizeof(out->mac));
	out->has_mac = true;
}

static bool packet_of(const struct nlmsghdr *nlh, struct nfqueue_packet *out)
{
	struct nlattr *attr[NFQA_MAX + 1] = {0};
	const struct nfqnl_msg_packet_hdr *hdr;

	if (nlh->nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET) ||
	    nfq_nlmsg_parse(nlh, attr) < 0 || !attr[NFQA_PACKET_HDR])
		return false;
	hdr = mnl_attr_get_payload(attr[NFQA_PACKET_HDR]);
	*out = (struct nfqueue_packet){
		.id = ntohl(hdr->packet_id),
		.hook = hdr->hook,
		.mark = u32_of(attr[NFQA_MARK]),
		.indev = u32_of(attr[NFQA_IFINDEX_INDEV]),
		.outdev = u32_of(attr[NFQA_IFINDEX_OUTDEV]),
		.checksum_unset =
			u32_of(attr[NFQA_SKB_INFO]) & NFQA_SKB_CSUMNOTREADY,
	};
	take_mac(attr[NFQA_HWADDR], out);
	out->has_uid = attr[NFQA_UID];
	out->uid = u32_of(attr[NFQA_UID]);
	if (attr[NFQA_PAYLOAD])
		out->payload =
			reader_of(mnl_attr_get_payload(attr[NFQA_PAYLOAD]),
				  mnl_attr_get_payload_len(attr[NFQA_PAYLOAD]));
	return true;
}

static void take_message(const char *buf, size_t len, nfqueue_fn *fn, void *ctx)
{
	const struct nlmsghdr *at = (const struct nlmsghdr *)(const void *)buf;
	struct nfqueue_packet pkt;
	int left = (int)len;

	for (; mnl_nlmsg_ok(at, left); at = mnl_nlmsg_next(at, &left))
		if (packet_of(at, &pkt))
			fn(ctx, &pkt);
}

enum fw_err nfqueue_read(struct nfqueue *q, nfqueue_fn *fn, void *ctx,
			 unsigned *out_lost)
{
	struct mmsghdr msgs[MESSAGES];
	struct iovec iov[MESSAGES];

	*out_lost = 0;
	for (unsigned round = 0; round < READS_AT_ONCE / MESSAGES; round++) {
		int n;

		memset(msgs, 0, sizeof(msgs));
		for (size_t i = 0; i < MESSAGES; i++) {
			iov[i] = (struct iovec){q->messages[i], MESSAGE_ROOM};
			msgs[i].msg_hdr.msg_iov = &iov[i];
			msgs[i].msg_hdr.msg_iovlen = 1;
		}
		n = recvmmsg(q->fd, msgs, MESSAGES, MSG_DONTWAIT, NULL);
		if (n < 0 && errno == ENOBUFS) {
			++*out_lost;
			continue;
		}
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return fw_err_of_errno(errno);
		for (int i = 0; i < n; i++)
			take_message(q->messages[i], msgs[i].msg_len, fn, ctx);
		if (n < MESSAGES)
			break;
	}
	return FW_OK;
}

void nfqueue_verdict(struct nfqueue *q, uint32_t id, uint32_t verdict,
		     uint32_t mark)
{
	nfqueue_verdict_with(q, id, verdict, mark, (struct reader){0});
}

void nfqueue_verdict_with(struct nfqueue *q, uint32_t id, uint32_t verdict,
			  uint32_t mark, struct reader bytes)
{
	struct nlmsghdr *nlh;

	if (bytes.left > PAYLOAD_MOST) {
		bytes.left = 0;
		verdict = NF_DROP;
	}
	if (VERDICTS_ROOM - q->n_verdicts < VERDICT_ROOM + bytes.left)
		nfqueue_flush(q);
	nlh = nfq_nlmsg_put(q->verdicts + q->n_verdicts, NFQNL_MSG_VERDICT,
			    q->number);
	nfq_nlmsg_verdict_put(nlh, (int)id, (int)verdict);
	nfq_nlmsg_verdict_put_mark(nlh, mark);
	if (bytes.left)
		mnl_attr_put(nlh, NFQA_PAYLOAD, bytes.left, bytes.p);
	q->n_verdicts += (nlh->nlmsg_len + 3U) & ~3U;
}

void nfqueue_flush(struct nfqueue *q)
{
	/* A verdict for a packet that is gone is no trouble of ours. */
	if (q->n_verdicts)
		(void)send(q->fd, q->verdicts, q->n_verdicts, 0);
	q->n_verdicts = 0;
}
