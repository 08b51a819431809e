/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The least that a program can do behind a queue, to measure ours against: each
 * packet is read, accepted, and its flow marked, so that the ruleset sends no
 * more of it.  One packet, one verdict; whole GSO packets.
 *
 * usage: floor QUEUE
 *
 * Chain "q" of table "inet floor", which must be there, gets the rule that
 * queues.  Says "ready", and runs until it is killed.
 */
#include "agent/kernel/nfqueue.h"
#include "agent/kernel/nftapply.h"
#include "agent/kernel/nlsock.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <libnftnl/rule.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netfilter/xt_NFQUEUE.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <libnftnl/expr.h>

#define MARK        1
#define ROOM        (0xffff + 4096)
#define ANSWER_MS   2000
#define BATCH_ROOM  4096
#define QUEUE_LIMIT 8192

/* Native where the kernel has it, else the target through nft_compat. */
static struct nftnl_expr *queue_expr(enum queue_target target, uint16_t queue)
{
	struct nftnl_expr *e =
		nftnl_expr_alloc(target == QUEUE_XT ? "target" : "queue");
	struct xt_NFQ_info_v3 *info = calloc(1, 8);

	if (!e || !info)
		exit(1);
	if (target == QUEUE_XT) {
		info->queuenum = queue;
		info->queues_total = 1;
		nftnl_expr_set_str(e, NFTNL_EXPR_TG_NAME, "NFQUEUE");
		nftnl_expr_set_u32(e, NFTNL_EXPR_TG_REV, 3);
		nftnl_expr_set(e, NFTNL_EXPR_TG_INFO, info, 8);
	} else {
		free(info);
		nftnl_expr_set_u16(e, NFTNL_EXPR_QUEUE_NUM, queue);
		nftnl_expr_set_u16(e, NFTNL_EXPR_QUEUE_TOTAL, 1);
	}
	return e;
}

static void add_rule(enum queue_target target, uint16_t queue)
{
	int fd = nlsock_open();
	char buf[BATCH_ROOM];
	struct nftnl_rule *rule = nftnl_rule_alloc();
	struct mnl_nlmsg_batch *batch = mnl_nlmsg_batch_start(buf, sizeof(buf));
	struct nlmsghdr *nlh;

	if (fd < 0 || !rule || !batch)
		exit(1);
	nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, "floor");
	nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, "q");
	nftnl_rule_add_expr(rule, queue_expr(target, queue));
	nftnl_batch_begin(mnl_nlmsg_batch_current(batch), 1);
	mnl_nlmsg_batch_next(batch);
	nlh = nftnl_nlmsg_build_hdr(mnl_nlmsg_batch_current(batch),
				    NFT_MSG_NEWRULE, NFPROTO_INET,
				    NLM_F_APPEND | NLM_F_CREATE, 2);
	nftnl_rule_nlmsg_build_payload(nlh, rule);
	mnl_nlmsg_batch_next(batch);
	nftnl_batch_end(mnl_nlmsg_batch_current(batch), 3);
	mnl_nlmsg_batch_next(batch);
	if (send(fd, mnl_nlmsg_batch_head(batch), mnl_nlmsg_batch_size(batch),
		 0) < 0 ||
	    recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0) {
		fputs("floor: the kernel takes no rule that queues\n", stderr);
		exit(1);
	}
	mnl_nlmsg_batch_stop(batch);
	nftnl_rule_free(rule);
}

static int bind_queue(uint16_t queue)
{
	const struct nfqueue_options options = {.number = queue,
						.length = QUEUE_LIMIT};
	struct nfqueue *q;

	if (nfqueue_open(&options, &q) != FW_OK) {
		fputs("floor: the queue cannot be bound\n", stderr);
		exit(1);
	}
	return nfqueue_fd(q);
}

static void accept_packet(int fd, uint16_t queue, const struct nlmsghdr *nlh)
{
	struct nlattr *attr[NFQA_MAX + 1] = {0};
	const struct nfqnl_msg_packet_hdr *hdr;
	char buf[256];
	struct nlmsghdr *verdict;

	if (nfq_nlmsg_parse(nlh, attr) < 0 || !attr[NFQA_PACKET_HDR])
		return;
	hdr = mnl_attr_get_payload(attr[NFQA_PACKET_HDR]);
	verdict = nfq_nlmsg_put(buf, NFQNL_MSG_VERDICT, queue);
	nfq_nlmsg_verdict_put(verdict, (int)ntohl(hdr->packet_id), NF_ACCEPT);
	nfq_nlmsg_verdict_put_mark(verdict, MARK);
	(void)send(fd, verdict, verdict->nlmsg_len, 0);
}

int main(int argc, char **argv)
{
	uint16_t queue = (uint16_t)(argc == 2 ? atol(argv[1]) : 0);
	enum queue_target target = QUEUE_XT;
	static char buf[ROOM];
	struct nft nft;
	int fd;

	if (argc != 2 || nft_open(&nft) != FW_OK) {
		fputs("usage: floor QUEUE (as root)\n", stderr);
		return 2;
	}
	(void)!nft_probe_queue(&nft, &target);
	fd = bind_queue(queue);
	add_rule(target, queue);
	puts("ready");
	(void)fflush(stdout);
	for (;;) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);

		if (n > 0)
			accept_packet(fd, queue,
				      (const struct nlmsghdr *)(void *)buf);
	}
}
