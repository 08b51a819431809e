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
#define NFT_TYPE_ETHERADDR    9
#define NFT_TYPE_INET_PROTO   12
#define NFT_TYPE_INET_SERVICE 13
#define NFT_TYPE_IFNAME       41

/* nft's numbers for the order of a key's bytes, kept in a set's userdata. */
#define NFT_BYTEORDER_HOST 1
#define NFT_BYTEORDER_BIG  2

/* nft's type of a concatenation: six bits for each part. */
#define CONCAT_BITS 6

/* The parts of a set's key. */
struct key_part {
	uint32_t type, len;
};

static unsigned key_parts(const struct rs_set *set, struct key_part parts[4])
{
	static const struct key_part plain[] = {
		[RS_SET_IPV4] = {NFT_TYPE_IPADDR, 4},
		[RS_SET_IPV6] = {NFT_TYPE_IP6ADDR, 16},
		[RS_SET_PORTS] = {NFT_TYPE_INET_SERVICE, 2},
		[RS_SET_IFMAP] = {NFT_TYPE_IFNAME, IFNAMSIZ},
		[RS_SET_ETHER] = {NFT_TYPE_ETHERADDR, sizeof(struct mac)},
	};
	struct key_part address =
		plain[set->family == IP_V6 ? RS_SET_IPV6 : RS_SET_IPV4];
	const struct key_part all[] = {address,
				       address,
				       {NFT_TYPE_INET_PROTO, 1},
				       plain[RS_SET_PORTS]};
	unsigned n = 0;

	if (set->type == RS_SET_SOURCES) {
		parts[n++] = address;
		return n;
	}
	if (set->type != RS_SET_VMAP) {
		parts[n++] = plain[set->type];
		return n;
	}
	for (unsigned i = 0; i < 4; i++)
		if (set->keys >> i & 1)
			parts[n++] = all[i];
	return n;
}

static uint32_t padded(uint32_t len)
{
	return (len + 3) & ~3U;
}

static void put_key(struct nl_batch *b, struct nftnl_set *s,
		    const struct rs_set *set, uint32_t *flags)
{
	struct key_part parts[4];
	unsigned n = key_parts(set, parts);
	uint32_t type = 0, len = 0;
	uint8_t lens[4] = {0};

	for (unsigned i = 0; i < n; i++) {
		type = type << CONCAT_BITS | parts[i].type;
		len += n > 1 ? padded(parts[i].len) : parts[i].len;
		lens[i] = (uint8_t)parts[i].len;
	}
	nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, type);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, len);
	if (n > 1) {
		b->failed |= nftnl_set_set_data(s, NFTNL_SET_DESC_CONCAT, lens,
						n) < 0;
		*flags |= NFT_SET_CONCAT;
	}
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
	b->failed |= nftnl_set_set_data(s, NFTNL_SET_USERDATA,
					nftnl_udata_buf_data(udata),
					nftnl_udata_buf_len(udata)) < 0;
	nftnl_udata_buf_free(udata);
}

static void put_sources(struct nftnl_set *s, const struct rs_set *set,
			uint32_t *flags)
{
	uint32_t timeout = rs_set_timeout(set);

	*flags |= NFT_SET_EVAL;
	nftnl_set_set_u32(s, NFTNL_SET_DESC_SIZE, RS_SOURCES_MAX);
	if (!timeout)
		return;
	*flags |= NFT_SET_TIMEOUT;
	nftnl_set_set_u64(s, NFTNL_SET_TIMEOUT, (uint64_t)timeout * 1000);
}

void nl_put_set(struct nl_batch *b, const struct ruleset *rs,
		const struct rs_set *set, uint32_t id)
{
	struct nftnl_set *s = nftnl_set_alloc();
	uint32_t flags = 0;
	struct nlmsghdr *nlh =
		nl_message(b, NFT_MSG_NEWSET, NLM_F_CREATE,
			   (struct nl_source){"set", set->name, set->place});

	if (!s || !nlh) {
		b->failed = true;
		if (s)
			nftnl_set_free(s);
		return;
	}
	b->failed |= nftnl_set_set_str(s, NFTNL_SET_TABLE, rs->table) < 0 ||
		     nftnl_set_set_str(s, NFTNL_SET_NAME, set->name) < 0;
	nftnl_set_set_u32(s, NFTNL_SET_FAMILY, NFPROTO_INET);
	nftnl_set_set_u32(s, NFTNL_SET_ID, id);
	put_key(b, s, set, &flags);
	if (rs_set_is_map(set)) {
		flags |= NFT_SET_MAP;
		nftnl_set_set_u32(s, NFTNL_SET_DATA_TYPE, NFT_DATA_VERDICT);
		nftnl_set_set_u32(s, NFTNL_SET_DATA_LEN,
				  16); /* as nft declares a verdict */
	}
	if (rs_set_is_interval(set))
		flags |= NFT_SET_INTERVAL;
	/* With its size told the kernel's table need not grow. */
	if (set->singles)
		nftnl_set_set_u32(s, NFTNL_SET_DESC_SIZE, set->singles);
	if (set->type == RS_SET_SOURCES)
		put_sources(s, set, &flags);
	nftnl_set_set_u32(s, NFTNL_SET_FLAGS, flags);
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

static void element_single(struct elements_out *o, const void *key,
			   uint16_t len)
{
	struct nlattr *elem = element_begin(o, key, len);

	if (elem)
		mnl_attr_nest_end(o->nlh, elem);
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

/* The element's data: go on in this chain; and the element is at its end. */
static void element_end_goto(struct elements_out *o, struct nlattr *elem,
			     int verdict, const char *chain)
{
	struct nlattr *data, *code;

	data = mnl_attr_nest_start(o->nlh, NFTA_SET_ELEM_DATA);
	code = mnl_attr_nest_start(o->nlh, NFTA_DATA_VERDICT);
	mnl_attr_put_u32(o->nlh, NFTA_VERDICT_CODE, htonl((uint32_t)verdict));
	mnl_attr_put_strz(o->nlh, NFTA_VERDICT_CHAIN, chain);
	mnl_attr_nest_end(o->nlh, code);
	mnl_attr_nest_end(o->nlh, data);
	mnl_attr_nest_end(o->nlh, elem);
}

static void element_interface(struct elements_out *o,
			      const struct rs_if_goto *g)
{
	char key[IFNAMSIZ] = {0};
	struct nlattr *elem;

	memcpy(key, g->interface, strnlen(g->interface, IFNAMSIZ - 1));
	elem = element_begin(o, key, sizeof(key));
	if (elem)
		element_end_goto(o, elem, NFT_GOTO, g->chain);
}

/* A key of an entry, its low or its high end: parts one behind the other, each
 * padded where there are several. */
struct entry_key {
	uint8_t bytes[2 * 16 + 4 + 4];
	uint16_t len;
};

static void key_add(struct entry_key *k, const void *part, size_t len)
{
	memcpy(k->bytes + k->len, part, len);
	k->len = (uint16_t)(k->len + padded((uint32_t)len));
}

static struct entry_key entry_key(const struct rs_set *map,
				  const struct rs_entry *e, bool high)
{
	struct entry_key k = {0};
	size_t len = map->family == IP_V6 ? 16 : 4;
	uint16_t port = htons(high ? e->ports.hi : e->ports.lo);

	if (map->keys & RS_KEY_SRC)
		key_add(&k, high ? e->src.hi.bytes : e->src.lo.bytes, len);
	if (map->keys & RS_KEY_DST)
		key_add(&k, high ? e->dst.hi.bytes : e->dst.lo.bytes, len);
	if (map->keys & RS_KEY_L4)
		key_add(&k, &e->l4, 1);
	if (map->keys & RS_KEY_PORT)
		key_add(&k, &port, sizeof(port));
	if (map->keys == RS_KEY_L4)
		k.len = 1;
	return k;
}

/* A concatenation's range has both its ends in one element. */
static void element_entry(struct elements_out *o, const struct rs_entry *e)
{
	struct entry_key lo = entry_key(o->set, e, false);
	struct entry_key hi = entry_key(o->set, e, true);
	struct nlattr *elem = element_begin(o, lo.bytes, lo.len), *nest;

	if (!elem)
		return;
	if (o->set->ranges) {
		nest = mnl_attr_nest_start(o->nlh, NFTA_SET_ELEM_KEY_END);
		mnl_attr_put(o->nlh, NFTA_DATA_VALUE, hi.len, hi.bytes);
		mnl_attr_nest_end(o->nlh, nest);
	}
	element_end_goto(o, elem, e->comes_back ? NFT_JUMP : NFT_GOTO,
			 e->chain);
}

/* A map of ranges of one part: the end is an element of its own. */
static void element_address_entry(struct elements_out *o,
				  const struct rs_entry *e)
{
	const struct iprange *r = o->set->keys & RS_KEY_SRC ? &e->src : &e->dst;
	uint16_t len = (uint16_t)ipaddr_len(r->lo.family);
	struct ipaddr behind = r->hi;
	struct nlattr *elem = element_begin(o, r->lo.bytes, len);

	if (!elem)
		return;
	element_end_goto(o, elem, e->comes_back ? NFT_JUMP : NFT_GOTO,
			 e->chain);
	if (!ipaddr_next(&behind))
		return;
	elem = element_begin(o, behind.bytes, len);
	if (!elem)
		return;
	mnl_attr_put_u32(o->nlh, NFTA_SET_ELEM_FLAGS,
			 htonl(NFT_SET_ELEM_INTERVAL_END));
	mnl_attr_nest_end(o->nlh, elem);
}

/* Is the key an address alone?  (A protocol alone is never a range.) */
static bool by_address_alone(const struct rs_set *map)
{
	return map->keys == RS_KEY_SRC || map->keys == RS_KEY_DST;
}

/* Each address of a range. */
static void element_each(struct elements_out *o, const struct iprange *r)
{
	uint16_t len = (uint16_t)ipaddr_len(r->lo.family);
	struct ipaddr a = r->lo;

	do
		element_single(o, a.bytes, len);
	while (ipaddr_cmp(&a, &r->hi) != 0 && ipaddr_next(&a));
}

void nl_put_elements(struct nl_batch *b, const struct ruleset *rs,
		     const struct rs_set *set)
{
	struct elements_out o = {.batch = b, .rs = rs, .set = set};

	for (size_t i = 0; i < set->addrs.n && set->singles; i++)
		element_each(&o, &set->addrs.items[i]);
	for (size_t i = 0; i < set->addrs.n && !set->singles; i++) {
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
	for (size_t i = 0; i < set->n_macs; i++)
		element_single(&o, &set->macs[i], sizeof(set->macs[i]));
	vec_foreach (g, &set->gotos)
		element_interface(&o, g);
	vec_foreach (e, &set->entries)
		if (set->ranges && by_address_alone(set))
			element_address_entry(&o, e);
		else
			element_entry(&o, e);
	elements_close(&o);
}
