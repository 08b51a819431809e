/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who listens to changes of rulesets.  As soon as one does, in whatever network
 * namespace, the kernel makes an event of every element that anybody loads,
 * which takes many times as long as to load it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct nft_listener {
	char program[32]; /* or "a program" */
	bool elsewhere;   /* in another network namespace */
};

#define NFT_LISTENERS_MOST 8

/* All but the socket of inode `own`; how many. */
size_t nft_listeners(ino_t own, struct nft_listener *out, size_t room);
