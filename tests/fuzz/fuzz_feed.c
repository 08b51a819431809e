/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists in files: addresses, or with a first byte of odd value names. */
#include "policy/feed.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_addresses(const struct feed *f)
{
	struct ipset set = {0};
	enum fw_err err = feed_addresses(f, f->diags->arena, &set);

	FW_ASSERT((err == FW_OK) == (f->diags->errors == 0));
	for (size_t i = 0; i < set.n; i++) {
		FW_ASSERT(ipset_has(&set, &set.items[i].lo) &&
			  ipset_has(&set, &set.items[i].hi));
		FW_ASSERT(i == 0 || ipaddr_cmp(&set.items[i - 1].hi,
					       &set.items[i].lo) < 0);
	}
}

static void try_names(const struct feed *f)
{
	struct feed_names names = {0};
	enum fw_err err = feed_names(f, f->diags->arena, &names);

	FW_ASSERT((err == FW_OK) == (f->diags->errors == 0));
	for (size_t i = 0; i < names.n; i++)
		FW_ASSERT(names.items[i].len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diag_list diags;
	struct arena arena;
	struct feed feed = {.name = "list", .diags = &diags};

	if (size == 0)
		return 0;
	arena_init(&arena, 0, 0);
	diag_init(&diags, &arena);
	feed.bytes = str_mem(data + 1, size - 1);
	if (data[0] & 1)
		try_names(&feed);
	else
		try_addresses(&feed);
	arena_done(&arena);
	return 0;
}
