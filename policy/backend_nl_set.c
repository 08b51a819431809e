/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sets and their elements as messages.  Elements are written as raw attributes:
 * libnftnl's element objects cost ten times the memory for a million of them.
 */
#include "policy/backend_nl_priv.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>

/* The nest of a message's elements has a 16-bit length. */
#define ELEMENTS_ROOM 60000

/* nft's own numbers for key types; the kernel only stores them. */
#define NFT_TYPE_IPADDR       7
#define NFT_TYPE_IP6ADDR      8
#define NFT_TYPE_INET_SERVICE 13
#define NFT_TYPE_IFNAME       41

/* nft's numbers for the order of a key's bytes, kept in a set's userdata. */
#define NFT_BYTEORDER_HOST 1
#define NFT_BYTEORDER_BIG  2

static uint32_t key_type(enum rs_set_type type)
{
	static const uint32_t types[] = {NFT_TYPE_IPADDR, NFT_TYPE_IP6ADDR,
					 NFT_TYPE_INET_SERVICE,
					 NFT_TYPE_IFNAME};

	return types[type];
}

static uint32_t key_len(enum rs_set_type type)
{
	static const uint32_t lens[] = {4, 16, 2, IFNAMSIZ};

	return lens[type];
}

/* nft needs to be told in which order it shall print a key's bytes. */
static void put_byteorder(struct nl_batch *b, struct nftnl_set *s,
			  enum rs_set_type type)
{
	struct nftnl_udata_buf *udata = nftnl_udata_buf_alloc(64);

	if (!udata) {
		b->failed = true;
		return;
	}
	(void)nftnl_udata_put_u32(udata, NFTNL_UDATA_SET_KEYBYTEORDER,
				  type == RS_SET_IFMAP ? NFT_BYTEORDER_HOST
						       : NFT_BYTEORDER_BIG);
	nftnl_set_set_data(s, NFTNL_SET_USERDATA, nftnl_udata_buf_data(udata),
			   nftnl_udata_buf_len(udata));
	nftnl_udata_buf_free(udata);
}

void nl_put_set(struct nl_batch *b, const struct ruleset *rs,
		const struct rs_set *set, uint32_t id)
{
	struct nftnl_set *s = nftnl_set_alloc();
	struct nlmsghdr *nlh =
		nl_message(b, NFT_MSG_NEWSET, NLM_F_CREATE,
			   (struct nl_source){"set", set->name, set->place});

	if (!s || !nlh) {
		b->failed = true;
		nftnl_set_free(s);
		return;
	}
	nftnl_set_set_str(s, NFTNL_SET_TABLE, rs->table);
	nftnl_set_set_str(s, NFTNL_SET_NAME, set->name);
	nftnl_set_set_u32(s, NFTNL_SET_FAMILY, NFPROTO_INET);
	nftnl_set_set_u32(s, NFTNL_SET_ID, id);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, key_type(set->type));
	nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, key_len(set->type));
	if (set->type == RS_SET_IFMAP) {
		nftnl_set_set_u32(s, NFTNL_SET_FLAGS, NFT_SET_MAP);
		nftnl_set_set_u32(s, NFTNL_SET_DATA_TYPE, NFT_DATA_VERDICT);
		nftnl_set_set_u32(s, NFTNL_SET_DATA_LEN,
				  16); /* as nft declares a verdict */
	} else {
		nftnl_set_set_u32(s, NFTNL_SET_FLAGS, NFT_SET_INTERVAL);
	}
	put_byteorder(b, s, set->type);
	nftnl_set_nlmsg_build_payload(nlh, s);
	nl_push(b, nlh);
	nftnl_set_free(s);
}

/* Elements of one set, over as many messages as they need. */
struct elements_out {
	struct nl_batch *batch;
	const struct ruleset *rs;
	const struct rs_set *set;
	struct nlmsghdr *nlh; /* the open message, or NULL */
	struct nlattr *list;
};

static void elements_close(struct elements_out *o)
{
	if (!o->nlh)
		return;
	mnl_attr_nest_end(o->nlh, o->list);
	nl_push(o->batch, o->nlh);
	o->nlh = NULL;
}

static struct nlattr *element_begin(struct elements_out *o, const void *key,
				    uint16_t len)
{
	struct nlattr *elem, *nest;

	if (o->nlh && o->nlh->nlmsg_len > ELEMENTS_ROOM)
		elements_close(o);
	if (!o->nlh) {
		o->nlh = nl_message(o->batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE,
				    (struct nl_source){"elements of set",
						       o->set->name,
						       o->set->place});
		if (!o->nlh)
			return NULL;
		mnl_attr_put_strz(o->nlh, NFTA_SET_ELEM_LIST_TABLE,
				  o->rs->table);
		mnl_attr_put_strz(o->nlh, NFTA_SET_ELEM_LIST_SET, o->set->name);
		o->list = mnl_attr_nest_start(o->nlh,
					      NFTA_SET_ELEM_LIST_ELEMENTS);
	}
	elem = mnl_attr_nest_start(o->nlh, NFTA_LIST_ELEM);
	nest = mnl_attr_nest_start(o->nlh, NFTA_SET_ELEM_KEY);
	mnl_attr_put(o->nlh, NFTA_DATA_VALUE, len, key);
	mnl_attr_nest_end(o->nlh, nest);
	return elem;
}

static void element_range(struct elements_out *o, const void *lo,
			  const void *behind, uint16_t len)
{
	struct nlattr *elem = element_begin(o, lo, len);

	if (!elem)
		return;
	mnl_attr_nest_end(o->nlh, elem);
	if (!behind)
		return;
	elem = element_begin(o, behind, len);
	if (!elem)
		return;
	mnl_attr_put_u32(o->nlh, NFTA_SET_ELEM_FLAGS,
			 htonl(NFT_SET_ELEM_INTERVAL_END));
	mnl_attr_nest_end(o->nlh, elem);
}

static void element_goto(struct elements_out *o, const struct rs_if_goto *g)
{
	char key[IFNAMSIZ] = {0};
	struct nlattr *elem, *data, *code;

	memcpy(key, g->interface, strnlen(g->interface, IFNAMSIZ - 1));
	elem = element_begin(o, key, sizeof(key));
	if (!elem)
		return;
	data = mnl_attr_nest_start(o->nlh, NFTA_SET_ELEM_DATA);
	code = mnl_attr_nest_start(o->nlh, NFTA_DATA_VERDICT);
	mnl_attr_put_u32(o->nlh, NFTA_VERDICT_CODE, htonl((uint32_t)NFT_GOTO));
	mnl_attr_put_strz(o->nlh, NFTA_VERDICT_CHAIN, g->chain);
	mnl_attr_nest_end(o->nlh, code);
	mnl_attr_nest_end(o->nlh, data);
	mnl_attr_nest_end(o->nlh, elem);
}

void nl_put_elements(struct nl_batch *b, const struct ruleset *rs,
		     const struct rs_set *set)
{
	struct elements_out o = {.batch = b, .rs = rs, .set = set};

	for (size_t i = 0; i < set->addrs.n; i++) {
		const struct iprange *r = &set->addrs.items[i];
		struct ipaddr behind = r->hi;
		bool end = ipaddr_next(&behind);

		element_range(&o, r->lo.bytes, end ? behind.bytes : NULL,
			      (uint16_t)ipaddr_len(r->lo.family));
	}
	vec_foreach (p, &set->ports) {
		uint16_t lo = htons(p->lo);
		uint16_t behind = htons((uint16_t)(p->hi + 1));

		element_range(&o, &lo, p->hi < UINT16_MAX ? &behind : NULL, 2);
	}
	vec_foreach (g, &set->gotos)
		element_goto(&o, g);
	elements_close(&o);
}
