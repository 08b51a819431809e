/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ruleset -> one netlink batch in a buffer (no socket here).
 *
 * What is loaded already is changed: rules are all written anew (they are few
 * and short), while chains, counters and sets of the same name and content stay
 * as they are, with what they have counted.  Else the table is replaced. Either
 * is one transaction.
 */
#include "policy/backend_nl_priv.h"

#include <arpa/inet.h>
#include <endian.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>

/* Room for one message: the largest is a block of set elements, whose nest has
 * a 16-bit length. */
#define MESSAGE_ROOM (80UL * 1024)

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

void nl_push(struct nl_batch *b, const struct nlmsghdr *nlh)
{
	b->len += (nlh->nlmsg_len + 3U) & ~3U;
}

/* The next message; its source is kept under its sequence number. */
struct nlmsghdr *nl_message(struct nl_batch *b, uint16_t type, uint16_t flags,
			    struct nl_source source)
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
	nl_push(b, nlh);
}

static void batch_end(struct nl_batch *b)
{
	void *room = batch_room(b);

	if (room)
		nl_push(b, nftnl_batch_end(room, (uint32_t)b->sources.n + 1));
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
	b->failed |= nftnl_rule_set_data(rule, NFTNL_RULE_USERDATA,
					 nftnl_udata_buf_data(udata),
					 nftnl_udata_buf_len(udata)) < 0;
	nftnl_udata_buf_free(udata);
}

/* "rule", and what it needs that not every kernel has. */
static const char *rule_kind(const struct rs_rule *rule)
{
	vec_foreach (s, &rule->stmts) {
		if (s->op == RS_CGROUP)
			return "rule (CONFIG_NFT_SOCKET, CONFIG_CGROUPS)";
		if (s->op == RS_FLOWS_OVER)
			return "rule (CONFIG_NFT_CONNLIMIT)";
		if (s->op == RS_LIMIT_OVER)
			return "rule (CONFIG_NFT_LIMIT)";
	}
	return "rule";
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
	b->failed |= nftnl_rule_set_str(r, NFTNL_RULE_TABLE, rs->table) < 0 ||
		     nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, chain->name) < 0;
	nftnl_rule_set_u32(r, NFTNL_RULE_FAMILY, NFPROTO_INET);
	vec_foreach (s, &rule->stmts)
		nl_expr_put(&o, s);
	b->failed |= o.failed;
	if (rule->comment)
		put_comment(b, r, rule->comment);
	nlh = nl_message(
		b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
		(struct nl_source){rule_kind(rule),
				   rule->comment ? rule->comment : chain->name,
				   rule->place});
	if (nlh) {
		nftnl_rule_nlmsg_build_payload(nlh, r);
		nl_push(b, nlh);
	}
	nftnl_rule_free(r);
}

static void put_table(struct nl_batch *b, const struct ruleset *rs,
		      uint16_t type, uint16_t flags, uint32_t table_flags)
{
	struct nftnl_table *t = nftnl_table_alloc();
	struct nlmsghdr *nlh = nl_message(
		b, type, flags,
		(struct nl_source){.what = "table", .name = rs->table});

	if (!t || !nlh) {
		b->failed = true;
	} else {
		b->failed |=
			nftnl_table_set_str(t, NFTNL_TABLE_NAME, rs->table) < 0;
		if (table_flags)
			nftnl_table_set_u32(t, NFTNL_TABLE_FLAGS, table_flags);
		nftnl_table_nlmsg_build_payload(nlh, t);
		nl_push(b, nlh);
	}
	if (t)
		nftnl_table_free(t);
}

static void put_chain(struct nl_batch *b, const struct ruleset *rs,
		      const struct rs_chain *chain)
{
	static const uint32_t hooks[] = {0,
					 NF_INET_PRE_ROUTING,
					 NF_INET_LOCAL_IN,
					 NF_INET_FORWARD,
					 NF_INET_LOCAL_OUT,
					 NF_INET_POST_ROUTING};
	struct nftnl_chain *c = nftnl_chain_alloc();
	struct nlmsghdr *nlh = nl_message(
		b, NFT_MSG_NEWCHAIN, NLM_F_CREATE,
		(struct nl_source){.what = "chain", .name = chain->name});

	if (!c || !nlh) {
		b->failed = true;
		if (c)
			nftnl_chain_free(c);
		return;
	}
	b->failed |= nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, rs->table) < 0 ||
		     nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, chain->name) < 0;
	if (chain->hook != RS_NO_HOOK) {
		b->failed |=
			nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE,
					    chain->nat ? "nat" : "filter") < 0;
		nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, hooks[chain->hook]);
		nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, chain->priority);
		nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY,
				    chain->policy_drop ? NF_DROP : NF_ACCEPT);
	}
	nftnl_chain_nlmsg_build_payload(nlh, c);
	nl_push(b, nlh);
	nftnl_chain_free(c);
}

/* A table, chain, set or counter as far as its name goes: to delete it. */
static void put_delete(struct nl_batch *b, const struct ruleset *rs,
		       uint16_t type, const char *what, uint16_t attr,
		       const char *name)
{
	struct nlmsghdr *nlh = nl_message(
		b, type, 0, (struct nl_source){.what = what, .name = name});

	if (!nlh)
		return;
	/* In every message of nf_tables the table's name is attribute 1. */
	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, rs->table);
	if (attr)
		mnl_attr_put_strz(nlh, attr, name);
	if (type == NFT_MSG_DELOBJ)
		mnl_attr_put_u32(nlh, NFTA_OBJ_TYPE, htonl(NFT_OBJECT_COUNTER));
	nl_push(b, nlh);
}

static void put_counter(struct nl_batch *b, const struct ruleset *rs,
			const char *name)
{
	struct nlmsghdr *nlh =
		nl_message(b, NFT_MSG_NEWOBJ, NLM_F_CREATE,
			   (struct nl_source){.what = "counter", .name = name});
	const struct rs_counted *counted =
		rs->counted ? map_get(rs->counted, str_of(name)) : NULL;
	struct nlattr *data;

	if (!nlh)
		return;
	mnl_attr_put_strz(nlh, NFTA_OBJ_TABLE, rs->table);
	mnl_attr_put_strz(nlh, NFTA_OBJ_NAME, name);
	mnl_attr_put_u32(nlh, NFTA_OBJ_TYPE, htonl(NFT_OBJECT_COUNTER));
	data = mnl_attr_nest_start(nlh, NFTA_OBJ_DATA);
	if (counted) {
		mnl_attr_put_u64(nlh, NFTA_COUNTER_BYTES,
				 htobe64(counted->bytes));
		mnl_attr_put_u64(nlh, NFTA_COUNTER_PACKETS,
				 htobe64(counted->packets));
	}
	mnl_attr_nest_end(nlh, data);
	nl_push(b, nlh);
}

/* Is it in `rs` as it is here? */
static bool has_set(const struct ruleset *rs, const struct rs_set *set)
{
	const struct rs_set *other = ruleset_set_find(rs, set->name);

	return other && other->type == set->type && other->hash == set->hash;
}

/* A base chain cannot be moved: the table is made anew then. */
static bool can_change_into(const struct ruleset *loaded,
			    const struct ruleset *wanted)
{
	vec_foreach (c, &wanted->chains) {
		const struct rs_chain *old =
			ruleset_chain_find(loaded, (*c)->name);

		if (old && (old->hook != (*c)->hook || old->nat != (*c)->nat ||
			    old->priority != (*c)->priority ||
			    old->policy_drop != (*c)->policy_drop))
			return false;
	}
	return !strcmp(loaded->table, wanted->table);
}

/* Rules go all, and what is not wanted as it is. */
static void put_removals(struct nl_batch *b, const struct ruleset *loaded,
			 const struct ruleset *wanted)
{
	put_delete(b, loaded, NFT_MSG_DELRULE, "rules", 0, loaded->table);
	vec_foreach (set, &loaded->sets)
		if (!has_set(wanted, *set))
			put_delete(b, loaded, NFT_MSG_DELSET, "set",
				   NFTA_SET_NAME, (*set)->name);
	vec_foreach (chain, &loaded->chains)
		if (!ruleset_chain_find(wanted, (*chain)->name))
			put_delete(b, loaded, NFT_MSG_DELCHAIN, "chain",
				   NFTA_CHAIN_NAME, (*chain)->name);
	vec_foreach (counter, &loaded->counters)
		if (!ruleset_counter_has(wanted, *counter))
			put_delete(b, loaded, NFT_MSG_DELOBJ, "counter",
				   NFTA_OBJ_NAME, *counter);
}

static void put_additions(struct nl_batch *b, const struct ruleset *loaded,
			  const struct ruleset *wanted, enum queue_target queue)
{
	uint32_t id = 1;

	vec_foreach (counter, &wanted->counters)
		if (!ruleset_counter_has(loaded, *counter))
			put_counter(b, wanted, *counter);
	vec_foreach (chain, &wanted->chains)
		if (!ruleset_chain_find(loaded, (*chain)->name))
			put_chain(b, wanted, *chain);
	vec_foreach (set, &wanted->sets)
		if (!has_set(loaded, *set))
			nl_put_set(b, wanted, *set, id++);
	vec_foreach (set, &wanted->sets)
		if (!has_set(loaded, *set))
			nl_put_elements(b, wanted, *set);
	vec_foreach (chain, &wanted->chains)
		vec_foreach (rule, &(*chain)->rules)
			put_rule(b, wanted, *chain, rule, queue);
}

enum fw_err backend_nl(const struct ruleset *loaded,
		       const struct ruleset *wanted, enum queue_target queue,
		       uint32_t genid, struct arena *arena,
		       struct nl_batch *out)
{
	static const struct ruleset nothing;
	struct nl_batch b = {.arena = arena};

	if (loaded && !can_change_into(loaded, wanted))
		loaded = NULL;
	batch_begin(&b, genid);
	put_table(&b, wanted, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_ACK, 0);
	if (loaded) {
		put_removals(&b, loaded, wanted);
	} else {
		/* Add, delete, add: replaces it whether or not it is there.
		 * Flags are those of a new table alone. */
		put_table(&b, wanted, NFT_MSG_DELTABLE, 0, 0);
		put_table(&b, wanted, NFT_MSG_NEWTABLE, NLM_F_CREATE,
			  wanted->table_flags);
	}
	put_additions(&b, loaded ? loaded : &nothing, wanted, queue);
	batch_end(&b);
	if (b.failed || arena->failed) {
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
	put_table(&b, &rs, NFT_MSG_NEWTABLE, NLM_F_CREATE, 0);
	put_chain(&b, &rs, chain);
	put_rule(&b, &rs, chain, rule, queue);
	if (b.failed || arena->failed) {
		nl_batch_done(&b);
		return FW_ERR_NOMEM;
	}
	*out = b;
	return FW_OK;
}
