/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the rules of somebody else's table do to packets, as far as that can be
 * seen without knowing the packets. */
#include "agent/kernel/nftforeign.h"

#include "policy/base/hash.h"

#include <libmnl/libmnl.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

/* As deep as the kernel lets chains jump. */
#define JUMPS_DEEP 16

/* One rule, as it is read. */
struct reading {
	bool some; /* it looks at the packet: not every one is meant */
	bool drops;
	bool accepts; /* or returns: no later rule is met */
	bool offloads;
	const char *jump; /* to that chain, or NULL */
	bool stays;       /* it goes there and does not come back */
};

static void read_verdict(const struct nftnl_expr *e, struct reading *r)
{
	switch ((int)nftnl_expr_get_u32(e, NFTNL_EXPR_IMM_VERDICT)) {
	case NF_DROP:
		r->drops = true;
		break;
	case NF_ACCEPT:
	case NFT_RETURN:
		r->accepts = true;
		break;
	case NFT_GOTO:
		r->stays = true;
		/* fall through */
	case NFT_JUMP:
		r->jump = nftnl_expr_get_str(e, NFTNL_EXPR_IMM_CHAIN);
		break;
	default:
		break;
	}
}

static int read_expr(struct nftnl_expr *e, void *data)
{
	const char *name = nftnl_expr_get_str(e, NFTNL_EXPR_NAME);
	struct reading *r = data;

	if (!strcmp(name, "immediate"))
		read_verdict(e, r);
	else if (!strcmp(name, "reject"))
		r->drops = true;
	else if (!strcmp(name, "target"))
		r->drops |= !strcmp(nftnl_expr_get_str(e, NFTNL_EXPR_TG_NAME),
				    "REJECT");
	else if (!strcmp(name, "flow_offload"))
		r->offloads = true;
	else if (strcmp(name, "counter") != 0 && strcmp(name, "log") != 0)
		r->some = true;
	return 0;
}

static struct foreign_chain *chain_of(struct foreign_rules *r, uint64_t name)
{
	struct foreign_chain *c;

	/* Rules come chain by chain. */
	for (size_t i = r->chains.n; i > 0; i--)
		if (r->chains.items[i - 1].name == name)
			return &r->chains.items[i - 1];
	c = vec_push(&r->arena, &r->chains);
	if (c)
		c->name = name;
	return c;
}

static uint64_t name_of(const char *chain)
{
	return hash_text(chain, strlen(chain));
}

static void note(struct foreign_rules *r, const char *chain,
		 const struct reading *rule)
{
	struct foreign_chain *c = chain_of(r, name_of(chain));
	struct foreign_jump *jump;

	if (!c || c->ended)
		return;
	if (rule->drops)
		c->does |= rule->some ? FOREIGN_DROPS_SOME : FOREIGN_DROPS_REST;
	if (rule->offloads)
		c->does |= FOREIGN_OFFLOADS;
	c->ended = !rule->some && (rule->drops || rule->accepts || rule->stays);
	jump = rule->jump ? vec_push(&r->arena, &r->jumps) : NULL;
	if (jump)
		*jump = (struct foreign_jump){.from = c->name,
					      .to = name_of(rule->jump),
					      .always = !rule->some};
}

int foreign_take_rule(const struct nlmsghdr *nlh, void *data)
{
	struct foreign_rules *r = data;
	struct nftnl_rule *rule;
	struct reading reading = {0};

	if (++r->n > NFT_FOREIGN_RULES) {
		r->incomplete = true;
		return MNL_CB_STOP;
	}
	rule = nftnl_rule_alloc();
	/* An expression that the library does not know. */
	if (!rule || nftnl_rule_nlmsg_parse(nlh, rule) < 0) {
		r->incomplete = true;
	} else {
		(void)nftnl_expr_foreach(rule, read_expr, &reading);
		note(r, nftnl_rule_get_str(rule, NFTNL_RULE_CHAIN), &reading);
	}
	if (rule)
		nftnl_rule_free(rule);
	return MNL_CB_OK;
}

/* What a chain does does the one that leads there. */
static bool follow_jumps(struct foreign_rules *r)
{
	bool more = false;

	vec_foreach (jump, &r->jumps) {
		struct foreign_chain *from = chain_of(r, jump->from);
		const struct foreign_chain *to = chain_of(r, jump->to);
		unsigned does = to ? to->does : 0;

		if (!jump->always && (does & FOREIGN_DROPS_REST))
			does = (does & ~(unsigned)FOREIGN_DROPS_REST) |
			       FOREIGN_DROPS_SOME;
		more |= from && (does & ~from->does);
		if (from)
			from->does |= does;
	}
	return more;
}

unsigned foreign_does(struct foreign_rules *r, const char *chain)
{
	const struct foreign_chain *c;

	for (unsigned i = 0; i < JUMPS_DEEP && follow_jumps(r); i++)
		;
	r->incomplete |= r->arena.failed;
	c = chain_of(r, name_of(chain));
	return c ? c->does : 0;
}
