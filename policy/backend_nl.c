/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ruleset -> one netlink batch in a buffer (no socket here).
 *
 * The batch deletes the table and makes it anew in one transaction: table, sets
 * with their elements, chains, rules.  Set elements are written as raw
 * attributes: libnftnl's element objects cost ten times the memory for a
 * million of them.
 */
#include "policy/backend_nl_priv.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>

/* Room for one message: the largest is a block of set elements, whose nest has
 * a 16-bit length. */
#define MESSAGE_ROOM  (80UL * 1024)
#define ELEMENTS_ROOM 60000

/* nft's own numbers for key types; the kernel only stores them. */
#define NFT_TYPE_IPADDR       7
#define NFT_TYPE_IP6ADDR      8
#define NFT_TYPE_INET_SERVICE 13
#define NFT_TYPE_IFNAME       41

/* nft's numbers for the order of a key's bytes, kept in a set's userdata. */
#define NFT_BYTEORDER_HOST 1
#define NFT_BYTEORDER_BIG  2

/* --- the buffer ---------------------------------------------------------- */

static void *batch_room(struct nl_batch *b)
{
	if (b->failed)
		return NULL;
	if (b->capacity - b->len < MESSAGE_ROOM) {
		size_t more = b->capacity ? b->capacity * 2 : 4 * MESSAGE_ROOM;
		char *grown = realloc(b->bytes, more);

		if (!grown) {
			b->failed = true;
			return NULL;
		}
		b->bytes = grown;
		b->capacity = more;
	}
	/* Padding must not carry what the memory held before. */
	memset(b->bytes + b->len, 0, MESSAGE_ROOM);
	return b->bytes + b->len;
}

static void batch_push(struct nl_batch *b, const struct nlmsghdr *nlh)
{
	b->len += (nlh->nlmsg_len + 3U) & ~3U;
}

/* The next message; its source is kept under its sequence number. */
static struct nlmsghdr *message(struct nl_batch *b, uint16_t type,
				uint16_t flags, struct nl_source source)
{
	struct nl_source *slot = vec_push(b->arena, &b->sources);
	void *room = batch_room(b);

	if (!slot || !room) {
		b->failed = true;
		return NULL;
	}
	*slot = source;
	return nftnl_nlmsg_build_hdr(room, type, NFPROTO_INET, flags,
				     (uint32_t)b->sources.n);
}

static void batch_begin(struct nl_batch *b, uint32_t genid)
{
	void *room = batch_room(b);
	struct nlmsghdr *nlh;

	if (!room)
		return;
	nlh = nftnl_batch_begin(room, 0);
	if (genid)
		mnl_attr_put_u32(nlh, NFNL_BATCH_GENID, htonl(genid));
	batch_push(b, nlh);
}

static void batch_end(struct nl_batch *b)
{
	void *room = batch_room(b);

	if (room)
		batch_push(b,
			   nftnl_batch_end(room, (uint32_t)b->sources.n + 1));
}

/* --- objects ------------------------------------------------------------- */

static void put_comment(struct nl_batch *b, struct nftnl_rule *rule,
			const char *comment)
{
	struct nftnl_udata_buf *udata = nftnl_udata_buf_alloc(256);
	char text[RS_COMMENT_MAX + 1] = {0};

	if (!udata) {
		b->failed = true;
		return;
	}
	/* As the text back end has to write it. */
	for (size_t i = 0; i < RS_COMMENT_MAX && comment[i]; i++)
		text[i] = (char)(comment[i] == '"' ? '\'' : comment[i]);
	(void)nftnl_udata_put_strz(udata, NFTNL_UDATA_RULE_COMMENT, text);
	nftnl_rule_set_data(rule, NFTNL_RULE_USERDATA,
			    nftnl_udata_buf_data(udata),
			    nftnl_udata_buf_len(udata));
	nftnl_udata_buf_free(udata);
}

static void put_rule(struct nl_batch *b, const struct ruleset *rs,
		     const struct rs_chain *chain, const struct rs_rule *rule,
		     enum queue_target queue)
{
	struct nftnl_rule *r = nftnl_rule_alloc();
	struct nl_rule_out o = {.rule = r, .queue = queue};
	struct nlmsghdr *nlh;

	if (!r) {
		b->failed = true;
		return;
	}
	nftnl_rule_set_str(r, NFTNL_RULE_TABLE, rs->table);
	nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, chain->name);
	nftnl_rule_set_u32(r, NFTNL_RULE_FAMILY, NFPROTO_INET);
	vec_foreach (s, &rule->stmts)
		nl_expr_put(&o, s);
	b->failed |= o.failed;
	if (rule->comment)
		put_comment(b, r, rule->comment);
	nlh = message(
		b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
		(struct nl_source){"rule",
				   rule->comment ? rule->comment : chain->name,
				   rule->place});
	if (nlh) {
		nftnl_rule_nlmsg_build_payload(nlh, r);
		batch_push(b, nlh);
	}
	nftnl_rule_free(r);
}

static void put_table(struct nl_batch *b, const struct ruleset *rs,
		      uint16_t type, uint16_t flags)
{
	struct nftnl_table *t = nftnl_table_alloc();
	struct nlmsghdr *nlh =
		message(b, type, flags,
			(struct nl_source){.what = "table", .name = rs->table});

	if (!t || !nlh) {
		b->failed = true;
	} else {
		nftnl_table_set_str(t, NFTNL_TABLE_NAME, rs->table);
		nftnl_table_nlmsg_build_payload(nlh, t);
		batch_push(b, nlh);
	}
	nftnl_table_free(t);
}

static void put_chain(struct nl_batch *b, const struct ruleset *rs,
		      const struct rs_chain *chain)
{
	static const uint32_t hooks[] = {0, NF_INET_LOCAL_IN, NF_INET_FORWARD,
					 NF_INET_LOCAL_OUT};
	struct nftnl_chain *c = nftnl_chain_alloc();
	struct nlmsghdr *nlh = message(
		b, NFT_MSG_NEWCHAIN, NLM_F_CREATE,
		(struct nl_source){.what = "chain", .name = chain->name});

	if (!c || !nlh) {
		b->failed = true;
		nftnl_chain_free(c);
		return;
	}
	nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, rs->table);
	nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, chain->name);
	if (chain->hook != RS_NO_HOOK) {
		nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, "filter");
		nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, hooks[chain->hook]);
		nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, chain->priority);
		nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY,
				    chain->policy_drop ? NF_DROP : NF_ACCEPT);
	}
	nftnl_chain_nlmsg_build_payload(nlh, c);
	batch_push(b, nlh);
	nftnl_chain_free(c);
}

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

static void put_set(struct nl_batch *b, const struct ruleset *rs,
		    const struct rs_set *set, uint32_t id)
{
	struct nftnl_set *s = nftnl_set_alloc();
	struct nlmsghdr *nlh =
		message(b, NFT_MSG_NEWSET, NLM_F_CREATE,
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
	batch_push(b, nlh);
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
	batch_push(o->batch, o->nlh);
	o->nlh = NULL;
}

static struct nlattr *element_begin(struct elements_out *o, const void *key,
				    uint16_t len)
{
	struct nlattr *elem, *nest;

	if (o->nlh && o->nlh->nlmsg_len > ELEMENTS_ROOM)
		elements_close(o);
	if (!o->nlh) {
		o->nlh = message(o->batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE,
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

static void put_elements(struct nl_batch *b, const struct ruleset *rs,
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

enum fw_err backend_nl(const struct ruleset *rs, enum queue_target queue,
		       uint32_t genid, struct arena *arena,
		       struct nl_batch *out)
{
	struct nl_batch b = {.arena = arena};
	uint32_t id = 1;

	batch_begin(&b, genid);
	/* Add, delete, add: replaces it whether or not it is there. */
	put_table(&b, rs, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_ACK);
	put_table(&b, rs, NFT_MSG_DELTABLE, 0);
	put_table(&b, rs, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	vec_foreach (chain, &rs->chains)
		put_chain(&b, rs, *chain);
	vec_foreach (set, &rs->sets)
		put_set(&b, rs, *set, id++);
	vec_foreach (set, &rs->sets)
		put_elements(&b, rs, *set);
	vec_foreach (chain, &rs->chains)
		vec_foreach (rule, &(*chain)->rules)
			put_rule(&b, rs, *chain, rule, queue);
	batch_end(&b);
	if (b.failed) {
		nl_batch_done(&b);
		return FW_ERR_NOMEM;
	}
	*out = b;
	return FW_OK;
}

void nl_batch_done(struct nl_batch *b)
{
	free(b->bytes);
	b->bytes = NULL;
	b->len = b->capacity = 0;
}

enum fw_err backend_nl_probe(enum queue_target queue, struct arena *arena,
			     struct nl_batch *out)
{
	struct nl_batch b = {.arena = arena};
	struct ruleset rs = {.table = "fwagent_probe"};
	struct rs_chain *chain = ruleset_chain(arena, &rs, "c_probe");
	struct rs_rule *rule = chain ? rs_rule_new(arena, chain) : NULL;

	if (!rule)
		return FW_ERR_NOMEM;
	rs_rule_add(arena, rule, (struct rs_stmt){.op = RS_QUEUE, .m = 1});
	batch_begin(&b, 0);
	put_table(&b, &rs, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	put_chain(&b, &rs, chain);
	put_rule(&b, &rs, chain, rule, queue);
	if (b.failed) {
		nl_batch_done(&b);
		return FW_ERR_NOMEM;
	}
	*out = b;
	return FW_OK;
}
