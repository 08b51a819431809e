/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/kernel/nftcounters.h"

#include "agent/kernel/nlsock.h"

#include <endian.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

/* Some 100 bytes each. */
#define ROOM (32UL * 1024 * 1024)

static int take_value(const struct nlattr *attr, void *data)
{
	struct rs_counted *c = data;

	if (mnl_attr_validate(attr, MNL_TYPE_U64) < 0)
		return MNL_CB_OK;
	if (mnl_attr_get_type(attr) == NFTA_COUNTER_PACKETS)
		c->packets = be64toh(mnl_attr_get_u64(attr));
	else if (mnl_attr_get_type(attr) == NFTA_COUNTER_BYTES)
		c->bytes = be64toh(mnl_attr_get_u64(attr));
	return MNL_CB_OK;
}

struct reading {
	const char *name;
	struct rs_counted value;
};

static int take_attr(const struct nlattr *attr, void *data)
{
	struct reading *r = data;

	if (mnl_attr_get_type(attr) == NFTA_OBJ_NAME)
		r->name = mnl_attr_get_str(attr);
	else if (mnl_attr_get_type(attr) == NFTA_OBJ_DATA)
		(void)mnl_attr_parse_nested(attr, take_value, &r->value);
	return MNL_CB_OK;
}

static int take_counter(const struct nlmsghdr *nlh, void *data)
{
	struct nft_counters *c = data;
	struct reading r = {0};
	struct rs_counted *value;
	struct str name;

	(void)mnl_attr_parse(nlh, sizeof(struct nfgenmsg), take_attr, &r);
	value = r.name ? arena_alloc(&c->arena, sizeof(*value)) : NULL;
	name = value ? arena_str(&c->arena, str_of(r.name)) : (struct str){0};
	if (!name.p || !map_put(&c->arena, &c->values, name, value))
		return MNL_CB_OK;
	*value = r.value;
	return MNL_CB_OK;
}

enum fw_err nft_counters_read(const char *table, struct nft_counters *c)
{
	struct nft_counters fresh = {0};
	_Alignas(struct nlmsghdr) char buf[512] = {0};
	struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr(
		buf, NFT_MSG_GETOBJ, NFPROTO_INET, NLM_F_DUMP, 1);
	enum fw_err err;

	arena_init(&fresh.arena, ROOM, 0);
	mnl_attr_put_strz(nlh, NFTA_OBJ_TABLE, table);
	mnl_attr_put_u32(nlh, NFTA_OBJ_TYPE, htobe32(NFT_OBJECT_COUNTER));
	err = nlsock_dump(nlh, take_counter, &fresh);
	if (err || fresh.values.n == 0) {
		arena_done(&fresh.arena);
		return err;
	}
	nft_counters_forget(c);
	*c = fresh;
	return FW_OK;
}

void nft_counters_forget(struct nft_counters *c)
{
	arena_done(&c->arena);
	*c = (struct nft_counters){0};
}
