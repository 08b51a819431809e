/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Send a batch as one transaction; what the kernel says, by message. */
#pragma once

#include "policy/backend.h"

#include <stdbool.h>

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
};

/* FW_OK: the kernel has taken all of it.  Else nothing has changed, and
 * `errors` says why (none: the socket itself failed, errno is set). */
FW_MUST_CHECK enum fw_err nft_send(const struct nl_batch *batch,
				   struct nft_errors *errors);

/* What went wrong, in words for people; static. */
const char *nft_error_text(int errnum);

/* How this kernel queues packets.  FW_ERR_UNSUPPORTED: not at all;
 * FW_ERR_PERM: not allowed to ask; FW_ERR_NOENT: no nf_tables. */
FW_MUST_CHECK enum fw_err nft_probe_queue(enum queue_target *out_target);

/* Is there a table of this name in family inet? */
FW_MUST_CHECK enum fw_err nft_table_present(const char *table, bool *out_there);

/* Take the table away; that it is not there is no failure. */
FW_MUST_CHECK enum fw_err nft_table_remove(const char *table);
