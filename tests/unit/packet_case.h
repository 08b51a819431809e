/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A first packet of a connection on its way through the gateway, and what the
 * evaluation says should become of it. */
#pragma once

#include "tests/unit/random_policy.h"

#include "policy/eval.h"

enum verdict { V_NONE, V_ACCEPT, V_DROP, V_QUEUE, V_REJECT };

struct packet_case {
	const struct policy *policy;
	struct facts facts;
	enum rs_hook hook;
	const char *iif, *oif;
};

/* Is its source one that its interface's zone cannot have? */
bool case_is_spoofed(const struct packet_case *p);

/* Neighbour discovery and listener reports never come to the rules. */
bool case_is_neighbours(const struct packet_case *p);

/* `d`: what eval_flow() says with the kernel's view. */
enum verdict case_expected(const struct packet_case *p,
			   const struct decision *d);

/* The comment of the nft rule that decides, NULL: none of the policy's. */
const char *case_comment(const struct packet_case *p, const struct decision *d);

/* Any interfaces and addresses; most fit their zone. */
void random_case(struct chance *c, struct packet_case *p);

/* The same policy with its rules made into maps from `map_from` rules on. */
struct policy *policy_again(const struct policy *p, unsigned map_from);
