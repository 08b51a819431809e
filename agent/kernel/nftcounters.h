/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the named counters of a table have counted so far: for a table that is
 * made anew. */
#pragma once

#include "policy/backend.h"

struct nft_counters {
	struct arena arena;
	struct map values; /* name -> struct rs_counted */
};

/* Read them anew, if the table has any: else what was read last stays. */
FW_MUST_CHECK enum fw_err nft_counters_read(const char *table,
					    struct nft_counters *c);

void nft_counters_forget(struct nft_counters *c);
