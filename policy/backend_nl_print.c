/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A batch read back: one object or expression a line. */
#include <stdio.h>

#include "policy/backend.h"
#include "policy/base/strbuf.h"

/* libmnl's loops over attributes narrow a pointer difference. */
#pragma GCC diagnostic ignored "-Wconversion"

#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>

#define TEXT_ROOM 4096

static int print_expr(struct nftnl_expr *e, void *ctx)
{
	char text[TEXT_ROOM];

	if (nftnl_expr_snprintf(text, sizeof(text), e, NFTNL_OUTPUT_DEFAULT,
				0) >= 0)
		strbuf_addf(ctx, "\t[ %s %s]\n",
			    nftnl_expr_get_str(e, NFTNL_EXPR_NAME), text);
	return 0;
}

static void print_rule(const struct nlmsghdr *nlh, struct strbuf *out)
{
	struct nftnl_rule *r = nftnl_rule_alloc();

	if (!r) {
		out->failed = true;
		return;
	}
	if (nftnl_rule_nlmsg_parse(nlh, r) == 0) {
		strbuf_addf(out, "rule %s\n",
			    nftnl_rule_get_str(r, NFTNL_RULE_CHAIN));
		(void)nftnl_expr_foreach(r, print_expr, out);
	}
	nftnl_rule_free(r);
}

static void print_chain(const struct nlmsghdr *nlh, struct strbuf *out)
{
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (!c) {
		out->failed = true;
		return;
	}
	if (nftnl_chain_nlmsg_parse(nlh, c) == 0) {
		strbuf_addf(out, "chain %s",
			    nftnl_chain_get_str(c, NFTNL_CHAIN_NAME));
		if (nftnl_chain_is_set(c, NFTNL_CHAIN_HOOKNUM))
			strbuf_addf(out, " hook %u prio %d policy %u",
				    nftnl_chain_get_u32(c, NFTNL_CHAIN_HOOKNUM),
				    nftnl_chain_get_s32(c, NFTNL_CHAIN_PRIO),
				    nftnl_chain_get_u32(c, NFTNL_CHAIN_POLICY));
		strbuf_addz(out, "\n");
	}
	nftnl_chain_free(c);
}

static void print_set(const struct nlmsghdr *nlh, struct strbuf *out)
{
	struct nftnl_set *s = nftnl_set_alloc();

	if (!s) {
		out->failed = true;
		return;
	}
	if (nftnl_set_nlmsg_parse(nlh, s) == 0)
		strbuf_addf(out, "set %s flags 0x%x key %u/%u\n",
			    nftnl_set_get_str(s, NFTNL_SET_NAME),
			    nftnl_set_get_u32(s, NFTNL_SET_FLAGS),
			    nftnl_set_get_u32(s, NFTNL_SET_KEY_TYPE),
			    nftnl_set_get_u32(s, NFTNL_SET_KEY_LEN));
	nftnl_set_free(s);
}

static void print_hex(const struct nlattr *attr, struct strbuf *out)
{
	const uint8_t *p = mnl_attr_get_payload(attr);

	for (uint16_t i = 0; i < mnl_attr_get_payload_len(attr); i++)
		strbuf_addf(out, "%02x", p[i]);
}

/* Every attribute of one element: keys and flags as bytes. */
static void print_element(const struct nlattr *elem, struct strbuf *out)
{
	const struct nlattr *attr, *inner;

	strbuf_addz(out, "\telement");
	mnl_attr_for_each_nested (attr, elem) {
		strbuf_addf(out, " %u:", mnl_attr_get_type(attr));
		if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_FLAGS) {
			print_hex(attr, out);
			continue;
		}
		mnl_attr_for_each_nested (inner, attr)
			print_hex(inner, out);
	}
	strbuf_addz(out, "\n");
}

static void print_elements(const struct nlmsghdr *nlh, struct strbuf *out)
{
	const struct nlattr *attr, *elem;

	mnl_attr_for_each (attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_LIST_SET)
			strbuf_addf(out, "elements %s\n",
				    mnl_attr_get_str(attr));
		if (mnl_attr_get_type(attr) != NFTA_SET_ELEM_LIST_ELEMENTS)
			continue;
		mnl_attr_for_each_nested (elem, attr)
			print_element(elem, out);
	}
}

static void print_named(const struct nlmsghdr *nlh, uint16_t name,
			const char *what, struct strbuf *out)
{
	const struct nlattr *attr;

	mnl_attr_for_each (attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == name)
			strbuf_addf(out, "%s %s\n", what,
				    mnl_attr_get_str(attr));
}

static void print_message(const struct nlmsghdr *nlh, struct strbuf *out)
{
	if (nlh->nlmsg_type == NFNL_MSG_BATCH_BEGIN) {
		strbuf_addz(out, "begin\n");
		return;
	}
	if (nlh->nlmsg_type == NFNL_MSG_BATCH_END) {
		strbuf_addz(out, "end\n");
		return;
	}
	switch (NFNL_MSG_TYPE(nlh->nlmsg_type)) {
	case NFT_MSG_NEWTABLE:
		strbuf_addz(out, "new table\n");
		break;
	case NFT_MSG_DELTABLE:
		strbuf_addz(out, "delete table\n");
		break;
	case NFT_MSG_NEWCHAIN:
		print_chain(nlh, out);
		break;
	case NFT_MSG_NEWSET:
		print_set(nlh, out);
		break;
	case NFT_MSG_NEWSETELEM:
		print_elements(nlh, out);
		break;
	case NFT_MSG_NEWRULE:
		print_rule(nlh, out);
		break;
	case NFT_MSG_NEWOBJ:
		print_named(nlh, NFTA_OBJ_NAME, "counter", out);
		break;
	case NFT_MSG_DELRULE:
		strbuf_addz(out, "delete rules\n");
		break;
	case NFT_MSG_DELSET:
		print_named(nlh, NFTA_SET_NAME, "delete set", out);
		break;
	case NFT_MSG_DELCHAIN:
		print_named(nlh, NFTA_CHAIN_NAME, "delete chain", out);
		break;
	case NFT_MSG_DELOBJ:
		print_named(nlh, NFTA_OBJ_NAME, "delete counter", out);
		break;
	default:
		strbuf_addz(out, "?\n");
	}
}

void backend_nl_print(const struct nl_batch *b, struct strbuf *out)
{
	const struct nlmsghdr *at =
		(const struct nlmsghdr *)(const void *)b->bytes;
	int left = (int)b->len;

	for (; mnl_nlmsg_ok(at, left); at = mnl_nlmsg_next(at, &left))
		print_message(at, out);
}
