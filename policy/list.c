/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/list.h"

#include "policy/feed.h"

#include <stdlib.h>

static enum fw_err read_addresses(const struct feed *feed, struct list *list)
{
	enum fw_err err = feed_addresses(feed, &list->arena, &list->addrs);

	if (err)
		return err;
	list->addrs.size = ipset_size(&list->addrs);
	return ipset_name(&list->addrs, &list->addrs.name) ? FW_OK
							   : FW_ERR_NOMEM;
}

static enum fw_err read_entries(const struct feed *feed, struct list *list)
{
	struct feed_names names;
	enum fw_err err;

	if (list->kind == LIST_ADDRESSES)
		return read_addresses(feed, list);
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

static struct list *find(const struct lists *known, enum list_kind kind,
			 uint64_t hash)
{
	for (size_t i = 0; i < known->n; i++)
		if (known->items[i]->kind == kind &&
		    known->items[i]->hash == hash)
			return known->items[i];
	return NULL;
}

struct list *list_share(const struct lists *known, enum list_kind kind,
			uint64_t hash)
{
	struct list *list = known ? find(known, kind, hash) : NULL;

	if (list)
		__atomic_add_fetch(&list->users, 1, __ATOMIC_RELAXED);
	return list;
}

bool lists_known(const struct lists *known, const struct lists *wanted,
		 uint64_t hash)
{
	for (size_t i = 0; i < wanted->n; i++) {
		const struct list *list = wanted->items[i];

		if (list->hash == hash && !find(known, list->kind, hash))
			return false;
	}
	return true;
}

void list_drop(struct list *list)
{
	if (__atomic_sub_fetch(&list->users, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	arena_done(&list->arena);
	free(list);
}

size_t list_size(const struct list *list)
{
	return list->kind == LIST_ADDRESSES ? list->addrs.n : list->n_names;
}
