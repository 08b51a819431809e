/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel tells every change of every table, and at the end of each
 * transaction which process made it.
 */
#include "agent/kernel/nftapply.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define EVENTS_ROOM 65536

/* The kernel tells what changed a moment before it tells who did it. */
#define END_MS 100
#define WAITS  2

struct watching {
	const struct nft *nft;
	const char *table;
	struct nft_change *change;
	bool open; /* the transaction under way touches the table */
};

/* The first attribute of every object is the name of its table. */
static bool is_of_table(const struct nlmsghdr *nlh, const char *table)
{
	const struct nlattr *attr =
		mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg));
	const char *end = mnl_nlmsg_get_payload_tail(nlh);

	for (; mnl_attr_ok(attr, (int)(end - (const char *)attr));
	     attr = mnl_attr_next(attr))
		if (mnl_attr_get_type(attr) == NFTA_TABLE_NAME)
			return mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >=
				       0 &&
			       !strncmp(mnl_attr_get_str(attr), table,
					strlen(table));
	return false;
}

static void note_program(const struct nlmsghdr *nlh, struct nft_change *change)
{
	const struct nlattr *attr =
		mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg));
	const char *end = mnl_nlmsg_get_payload_tail(nlh);

	for (; mnl_attr_ok(attr, (int)(end - (const char *)attr));
	     attr = mnl_attr_next(attr)) {
		if (mnl_attr_get_type(attr) == NFTA_GEN_PROC_PID)
			change->pid = (pid_t)ntohl(mnl_attr_get_u32(attr));
		else if (mnl_attr_get_type(attr) == NFTA_GEN_PROC_NAME)
			(void)snprintf(change->program, sizeof(change->program),
				       "%.*s",
				       (int)mnl_attr_get_payload_len(attr),
				       mnl_attr_get_str(attr));
	}
}

static int take_event(const struct nlmsghdr *nlh, void *data)
{
	struct watching *w = data;

	if (nlh->nlmsg_pid == w->nft->port ||
	    nlh->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES)
		return MNL_CB_OK;
	if ((nlh->nlmsg_type & 0xff) == NFT_MSG_NEWGEN) {
		if (w->open)
			note_program(nlh, w->change);
		w->open = false;
	} else if (is_of_table(nlh, w->table)) {
		w->change->touched = w->open = true;
	}
	return MNL_CB_OK;
}

/* Is there more to read, or the end of a transaction about to come? */
static bool is_awaited(const struct watching *w)
{
	struct pollfd fd = {.fd = w->nft->events, .events = POLLIN};

	return w->open && !w->change->lost && poll(&fd, 1, END_MS) > 0;
}

void nft_watch(const struct nft *n, const char *table,
	       struct nft_change *change)
{
	static _Thread_local _Alignas(struct nlmsghdr) char buf[EVENTS_ROOM];
	struct watching w = {.nft = n, .table = table, .change = change};
	unsigned waits = 0;

	/* The end of a transaction may come with the next call. */
	w.open = change->touched && !change->pid;
	for (;;) {
		ssize_t got = recv(n->events, buf, sizeof(buf), MSG_DONTWAIT);

		if (got < 0 && errno == ENOBUFS)
			change->lost = true;
		else if (got > 0)
			(void)mnl_cb_run(buf, (size_t)got, 0, 0, take_event,
					 &w);
		else if (waits++ == WAITS || !is_awaited(&w))
			return;
	}
}
