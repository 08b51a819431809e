/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who else filters here.  What another table accepts still comes to ours; what
 * it drops is gone, and what it offloads into a flowtable passes by all others.
 */
#pragma once

#include "policy/base/vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Beyond these nothing is looked at; `incomplete` then says so. */
#define NFT_FOREIGN_MOST  64
#define NFT_FOREIGN_RULES 10000

enum {
	FOREIGN_DROPS_REST = 1, /* what it does not accept */
	FOREIGN_DROPS_SOME = 2,
	FOREIGN_OFFLOADS = 4,
};

/* A base chain of somebody else that sees forwarded or local packets. */
struct nft_foreign {
	char table[64], chain[64];
	const char *family, *hook; /* static */
	uint8_t nfproto;
	int32_t priority;
	unsigned does; /* its rules, and those of the chains it leads to */
};

struct nft_foreigners {
	struct nft_foreign items[NFT_FOREIGN_MOST];
	size_t n;
	bool incomplete;
};

/* Those of the type filter, of all tables but those whose names begin so in
 * family inet. */
void nft_foreign(const char *table, struct nft_foreigners *out);

/* --- nftforeign_rules.c: what the rules of a table do --------------------- */

struct foreign_chain {
	uint64_t name; /* hash */
	unsigned does;
	bool ended; /* no later rule of it is ever met */
};

/* From one chain to another, for every packet or for some. */
struct foreign_jump {
	uint64_t from, to;
	bool always;
};

struct foreign_rules {
	struct arena arena;
	VEC(struct foreign_chain) chains;
	VEC(struct foreign_jump) jumps;
	size_t n; /* rules */
	bool incomplete;
};

/* A message of the kernel about one rule: a callback of mnl_cb_run(), `data` is
 * the struct foreign_rules. */
struct nlmsghdr;
int foreign_take_rule(const struct nlmsghdr *nlh, void *data);

/* When all of a table have been taken: what becomes of packets in a chain. */
unsigned foreign_does(struct foreign_rules *r, const char *chain);
