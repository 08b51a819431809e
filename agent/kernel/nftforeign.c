/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who else filters here. */
#include "agent/kernel/nftapply.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER_MS 2000
#define DUMP_ROOM 65536

struct looking {
	const char *table;
	struct nft_foreign *out;
	size_t n, room;
};

static const char *family_name(uint32_t family)
{
	switch (family) {
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_INET:
		return "inet";
	default:
		return NULL;
	}
}

static const char *hook_name(uint32_t hook)
{
	static const char *const names[] = {
		[NF_INET_PRE_ROUTING] = "prerouting",
		[NF_INET_LOCAL_IN] = "input",
		[NF_INET_FORWARD] = "forward",
		[NF_INET_LOCAL_OUT] = "output",
		[NF_INET_POST_ROUTING] = "postrouting"};

	return hook < sizeof(names) / sizeof(*names) ? names[hook] : NULL;
}

static void note_chain(struct looking *l, const struct nftnl_chain *c)
{
	const char *table = nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE);
	const char *type = nftnl_chain_get_str(c, NFTNL_CHAIN_TYPE);
	struct nft_foreign f = {
		.family =
			family_name(nftnl_chain_get_u32(c, NFTNL_CHAIN_FAMILY)),
		.priority = nftnl_chain_get_s32(c, NFTNL_CHAIN_PRIO)};

	if (!table || !type || strcmp(type, "filter") != 0 || !f.family ||
	    l->n == l->room ||
	    (!strcmp(f.family, "inet") &&
	     !strncmp(table, l->table, strlen(l->table))))
		return;
	f.hook = hook_name(nftnl_chain_get_u32(c, NFTNL_CHAIN_HOOKNUM));
	f.drops = nftnl_chain_get_u32(c, NFTNL_CHAIN_POLICY) == NF_DROP;
	(void)snprintf(f.table, sizeof(f.table), "%s", table);
	(void)snprintf(f.chain, sizeof(f.chain), "%s",
		       nftnl_chain_get_str(c, NFTNL_CHAIN_NAME));
	if (f.hook)
		l->out[l->n++] = f;
}

static int take_chain(const struct nlmsghdr *nlh, void *data)
{
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (!c)
		return MNL_CB_OK;
	if (nftnl_chain_nlmsg_parse(nlh, c) == 0 &&
	    nftnl_chain_is_set(c, NFTNL_CHAIN_HOOKNUM))
		note_chain(data, c);
	nftnl_chain_free(c);
	return MNL_CB_OK;
}

size_t nft_foreign(const struct nft *n, const char *table,
		   struct nft_foreign *out, size_t room)
{
	static _Thread_local char buf[DUMP_ROOM];
	struct looking l = {.table = table, .out = out, .room = room};
	struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr(
		buf, NFT_MSG_GETCHAIN, NFPROTO_UNSPEC, NLM_F_DUMP, 1);
	struct pollfd p = {.fd = n->fd, .events = POLLIN};
	int more = 1;

	if (send(n->fd, nlh, nlh->nlmsg_len, 0) < 0)
		return 0;
	while (more > 0) {
		ssize_t got = poll(&p, 1, ANSWER_MS) == 1
				      ? recv(n->fd, buf, sizeof(buf), 0)
				      : -1;

		more = got < 0 ? -1
			       : mnl_cb_run(buf, (size_t)got, 1, 0, take_chain,
					    &l);
	}
	return l.n;
}
