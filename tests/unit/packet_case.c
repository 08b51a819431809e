/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/packet_case.h"

#include <check.h>
#include <netinet/in.h>

/* What refuses the packet for its addresses, by the comment of its rule. */
static const char *wrong_address(const struct packet_case *p)
{
	enum hygiene h = ir_wrong_address(&p->policy->ir, p->facts.zone_src,
					  &p->facts.src, &p->facts.dst);

	if (h == HYGIENE_COUNT)
		return NULL;
	return h == HYGIENE_SPOOFED ? "spoofed source" : hygiene_name(h);
}

bool case_is_spoofed(const struct packet_case *p)
{
	return wrong_address(p) != NULL;
}

bool case_is_neighbours(const struct packet_case *p)
{
	uint16_t type = p->facts.dport;

	return ir_cleans(&p->policy->ir, HYGIENE_NEIGHBOURS) &&
	       p->hook != RS_FORWARD && p->facts.l4 == IPPROTO_ICMPV6 &&
	       ((type >= 130 && type <= 137) || type == 143);
}

enum verdict case_expected(const struct packet_case *p,
			   const struct decision *d)
{
	if (case_is_neighbours(p))
		return V_ACCEPT;
	if (case_is_spoofed(p))
		return p->policy->ir.observe ? V_ACCEPT : V_DROP;
	switch (d->kind) {
	case DECISION_NOT_YET:
		return V_QUEUE;
	case DECISION_ALLOW:
		return V_ACCEPT;
	case DECISION_REFUSE:
		break;
	}
	if (p->policy->ir.observe)
		return V_ACCEPT;
	return d->silent ? V_DROP : V_REJECT;
}

const char *case_comment(const struct packet_case *p, const struct decision *d)
{
	if (case_is_neighbours(p))
		return NULL;
	if (case_is_spoofed(p))
		return wrong_address(p);
	if (p->facts.zone_src < 0 || p->facts.zone_dst < 0)
		return "interface of no zone";
	return d->rule ? d->rule->name : "no rule";
}

static const char *interface(struct chance *c)
{
	static const char *const names[] = {"lan0", "lan1", "srv0",  "srv1",
					    "wan0", "wan1", "far0",  "far1",
					    "lan0", "wan1", "stray0"};

	return names[chance_below(c, sizeof(names) / sizeof(*names))];
}

/* User and cgroup of a socket. */
static void random_owner(struct chance *c, const struct ir *ir, struct facts *f)
{
	static const uint32_t uids[] = {0, 1000, 65534, 7};
	unsigned in = ir->n_cgroups ? chance_below(c, ir->n_cgroups + 1) : 0;

	f->has_uid = !chance_once_in(c, 4);
	f->uid = uids[chance_below(c, 4)];
	for (unsigned i = 0; i < ir->n_cgroups && in; i++)
		if (ir_cgroup_within(&ir->cgroups[in - 1], &ir->cgroups[i]))
			f->cgroups |= 1U << i;
}

void random_case(struct chance *c, struct packet_case *p)
{
	const struct ir *ir = &p->policy->ir;

	facts_init(&p->facts, NULL);
	random_flow(c, &p->facts);
	p->hook = (enum rs_hook)(RS_INPUT + (int)chance_below(c, 3));
	p->iif = p->hook == RS_OUTPUT ? NULL : interface(c);
	p->oif = p->hook == RS_INPUT ? NULL : interface(c);
	p->facts.has_mac = p->iif != NULL;
	if (!p->iif)
		random_owner(c, ir, &p->facts);
	p->facts.mac = (struct mac){
		{2, 0, 0, 0, 0, (uint8_t)(1 + chance_below(c, 4))}};
	p->facts.zone_src = p->iif ? ir_zone_by_interface(ir, p->iif) : 0;
	p->facts.zone_dst = p->oif ? ir_zone_by_interface(ir, p->oif) : 0;
	/* Most sources fit their zone, or little else would be tried. */
	for (unsigned i = 0; i < 20 && case_is_spoofed(p); i++)
		random_flow(c, &p->facts);
}

struct policy *policy_again(const struct policy *p, unsigned map_from)
{
	struct policy_input in = {
		.text = str_mem(p->canonical.p, p->canonical.len),
		.text_name = "again.conf",
		.env = &random_env,
		.map_from = map_from};
	struct policy *other;

	ck_assert_int_eq(policy_compile(&in, &other), FW_OK);
	return other;
}
