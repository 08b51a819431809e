/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Our table in the kernel: send a batch as one transaction, learn what the
 * kernel says of each message, and what others do to the table.
 *
 * One socket does all the sending: where the kernel can, the table belongs to
 * it, and nobody else may change it.
 */
#pragma once

#include "policy/backend.h"

#include <stdbool.h>
#include <sys/types.h>

struct nft {
	int fd;
	uint32_t port; /* its address: ours, in what the kernel reports */
	int events;    /* what anybody changes */
	bool listens;
};

FW_MUST_CHECK enum fw_err nft_open(struct nft *out);
void nft_close(struct nft *n);

/* More errors than this are only counted: later ones follow from the first. */
#define NFT_ERRORS_MAX 256

struct nft_error {
	uint32_t seq; /* sources.items[seq - 1]; 0: the batch as a whole */
	int errnum;
};

struct nft_errors {
	struct nft_error items[NFT_ERRORS_MAX];
	size_t n;
	size_t more;
	bool deaf; /* others' changes were not listened to meanwhile */
};

/* FW_OK: the kernel has taken all of it.  Else nothing has changed, and
 * `errors` says why (none: the socket itself failed, errno is set).  Changes by
 * others right behind it may be missed: nft_genid() tells. */
FW_MUST_CHECK enum fw_err nft_send(const struct nft *n,
				   const struct nl_batch *batch,
				   struct nft_errors *errors);

/* Did it fail because somebody else changed the ruleset since `genid`? */
bool nft_was_overtaken(const struct nft_errors *errors);

/* Hear of others' changes, or do not: where nobody listens the kernel need not
 * tell of each of a million elements.  At first nobody does; nft_send() stops
 * while it sends much. */
void nft_listen(struct nft *n, bool on);

/* What went wrong, in words for people; static. */
const char *nft_error_text(int errnum);

/* How this kernel queues packets.  FW_ERR_UNSUPPORTED: not at all;
 * FW_ERR_PERM: not allowed to ask; FW_ERR_NOENT: no nf_tables. */
FW_MUST_CHECK enum fw_err nft_probe_queue(const struct nft *n,
					  enum queue_target *out_target);

/* The flags of a table that belongs to one socket and stays when that goes
 * away; 0 where the kernel has no such tables.  FW_ERR_NOMEM: not asked. */
FW_MUST_CHECK enum fw_err nft_probe_owner(const struct nft *n,
					  uint32_t *out_flags);

/* Is there a table of this name in family inet? */
FW_MUST_CHECK enum fw_err nft_table_present(const struct nft *n,
					    const char *table, bool *out_there);

/* Take the table away; that it is not there is no failure. */
FW_MUST_CHECK enum fw_err nft_table_remove(const struct nft *n,
					   const char *table);

/* Make a table that is there ours, with these flags. */
FW_MUST_CHECK enum fw_err nft_table_claim(const struct nft *n,
					  const char *table, uint32_t flags);

/* The number of the ruleset: it changes with every transaction of anybody. */
FW_MUST_CHECK enum fw_err nft_genid(const struct nft *n, uint32_t *out_genid);

/* Chains, rules, sets and counters of the table as a number: another when one
 * was added, removed or replaced (elements of sets do not count). */
FW_MUST_CHECK enum fw_err nft_fingerprint(const struct nft *n,
					  const char *table, uint64_t *out);

/* --- nftwatch.c: what others do ------------------------------------------- */

struct nft_change {
	bool touched; /* somebody else changed the table */
	bool lost;    /* too much to be read: it may have been */
	pid_t pid;    /* who, if known */
	char program[32];
};

/* Read what there is of tables whose names begin so, and note it in `change`,
 * which may hold what an earlier call has noted.  Waits only while a change has
 * been told and who made it not yet, some milliseconds at most. */
void nft_watch(const struct nft *n, const char *table,
	       struct nft_change *change);
