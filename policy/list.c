/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/list.h"

#include "policy/feed.h"

#include <stdlib.h>

static enum fw_err read_entries(const struct feed *feed, struct list *list)
{
	struct feed_names names;
	enum fw_err err;

	if (list->kind == LIST_ADDRESSES)
		return feed_addresses(feed, &list->arena, &list->addrs);
	err = feed_names(feed, &list->arena, &names);
	if (err)
		return err;
	list->names = names.items;
	list->n_names = names.n;
	return nameset_of(&list->arena, names.items, names.n, &list->set);
}

enum fw_err list_read(const struct feed *feed, enum list_kind kind,
		      uint64_t hash, struct list **out_list)
{
	struct list *list = calloc(1, sizeof(*list));
	enum fw_err err;

	if (!list)
		return FW_ERR_NOMEM;
	*list = (struct list){.users = 1, .kind = kind, .hash = hash};
	arena_init(&list->arena, 0, 0);
	err = read_entries(feed, list);
	if (err)
		list_drop(list);
	else
		*out_list = list;
	return err;
}

struct list *list_share(const struct lists *known, enum list_kind kind,
			uint64_t hash)
{
	for (size_t i = 0; known && i < known->n; i++) {
		struct list *list = known->items[i];

		if (list->kind != kind || list->hash != hash)
			continue;
		__atomic_add_fetch(&list->users, 1, __ATOMIC_RELAXED);
		return list;
	}
	return NULL;
}

void list_drop(struct list *list)
{
	if (__atomic_sub_fetch(&list->users, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	arena_done(&list->arena);
	free(list);
}

bool list_is_empty(const struct list *list)
{
	return !list->addrs.n && !list->n_names;
}
