/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/kernel/nftforeign.h"

#include "agent/kernel/nlsock.h"

#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>

#define RULES_ROOM (4UL * 1024 * 1024)

struct looking {
	const char *table;
	struct nft_foreigners *out;
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

static bool dump(uint16_t type, uint8_t family, const char *table,
		 nlsock_take take, void *data)
{
	_Alignas(struct nlmsghdr) char buf[512] = {0};
	struct nlmsghdr *nlh =
		nftnl_nlmsg_build_hdr(buf, type, family, NLM_F_DUMP, 1);

	if (table)
		mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, table);
	return nlsock_dump(nlh, take, data) == FW_OK;
}

/* --- chains -----------------------------------------------------------------
 */

static bool is_ours(const struct looking *l, const struct nft_foreign *f)
{
	return f->nfproto == NFPROTO_INET &&
	       !strncmp(f->table, l->table, strlen(l->table));
}

static void note_chain(struct looking *l, const struct nftnl_chain *c)
{
	const char *table = nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE);
	const char *type = nftnl_chain_get_str(c, NFTNL_CHAIN_TYPE);
	struct nft_foreign f = {
		.nfproto = (uint8_t)nftnl_chain_get_u32(c, NFTNL_CHAIN_FAMILY),
		.hook = hook_name(nftnl_chain_get_u32(c, NFTNL_CHAIN_HOOKNUM)),
		.priority = nftnl_chain_get_s32(c, NFTNL_CHAIN_PRIO)};

	f.family = family_name(f.nfproto);
	if (!table || !type || strcmp(type, "filter") != 0 || !f.family ||
	    !f.hook)
		return;
	(void)snprintf(f.table, sizeof(f.table), "%s", table);
	(void)snprintf(f.chain, sizeof(f.chain), "%s",
		       nftnl_chain_get_str(c, NFTNL_CHAIN_NAME));
	if (nftnl_chain_get_u32(c, NFTNL_CHAIN_POLICY) == NF_DROP)
		f.does = FOREIGN_DROPS_REST;
	if (is_ours(l, &f))
		return;
	if (l->out->n < NFT_FOREIGN_MOST)
		l->out->items[l->out->n++] = f;
	else
		l->out->incomplete = true;
}

static int take_chain(const struct nlmsghdr *nlh, void *data)
{
	struct looking *l = data;
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (!c || nftnl_chain_nlmsg_parse(nlh, c) < 0)
		l->out->incomplete = true;
	else if (nftnl_chain_is_set(c, NFTNL_CHAIN_HOOKNUM))
		note_chain(l, c);
	if (c)
		nftnl_chain_free(c);
	return MNL_CB_OK;
}

/* --- rules ------------------------------------------------------------------
 */

static bool same_table(const struct nft_foreign *a, const struct nft_foreign *b)
{
	return a->nfproto == b->nfproto && !strcmp(a->table, b->table);
}

/* Of the table of `first`, for all its base chains; how many rules. */
static size_t look_at_rules(struct nft_foreigners *out,
			    const struct nft_foreign *first, size_t before)
{
	struct foreign_rules rules = {.n = before};

	arena_init(&rules.arena, RULES_ROOM, 0);
	out->incomplete |= !dump(NFT_MSG_GETRULE, first->nfproto, first->table,
				 foreign_take_rule, &rules);
	for (size_t i = 0; i < out->n; i++)
		if (same_table(first, &out->items[i]))
			out->items[i].does |=
				foreign_does(&rules, out->items[i].chain);
	out->incomplete |= rules.incomplete;
	arena_done(&rules.arena);
	return rules.n;
}

void nft_foreign(const char *table, struct nft_foreigners *out)
{
	struct looking l = {.table = table, .out = out};
	size_t rules = 0;

	*out = (struct nft_foreigners){0};
	out->incomplete |=
		!dump(NFT_MSG_GETCHAIN, NFPROTO_UNSPEC, NULL, take_chain, &l);
	for (size_t i = 0; i < out->n; i++) {
		size_t j = 0;

		while (!same_table(&out->items[j], &out->items[i]))
			j++;
		if (j == i)
			rules = look_at_rules(out, &out->items[i], rules);
	}
}
