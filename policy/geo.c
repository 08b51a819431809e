/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tree of a database has a bit of an address at each level; its leaves
 * lead to records, many to the same one.  What a record says is asked once.
 *
 * A database of IPv6 has the IPv4 addresses below ::/96, and other places
 * (::ffff:0:0/96, 2002::/16 ...) that lead to the same nodes: these are left
 * out, an address has one form here.  No node is then met twice, so that a
 * broken tree with loops is found by counting.
 */
#include "policy/geo.h"

#include "policy/base/map.h"

#include <maxminddb.h>
#include <stdio.h>

#define V4_DEPTH 96 /* bits before an IPv4 address in a database of IPv6 */

struct record {
	uint32_t offset;         /* what it is known by */
	struct geo_query *query; /* that it answers, or NULL */
};

struct walk {
	MMDB_s db;
	enum geo_kind kind;
	struct geo_query *queries;
	size_t n;
	struct arena *arena;
	struct map records; /* by offset */
	struct map codes;   /* that records had so far */
	unsigned bits;      /* of an address */
	uint32_t nodes_left;
	enum fw_err err;
};

struct branch {
	uint8_t bytes[16]; /* the address so far */
	unsigned depth;
};

/* --- records ------------------------------------------------------------- */

static bool get_string(MMDB_entry_s entry, const char *group, struct str *out)
{
	MMDB_entry_data_s data;

	if (MMDB_get_value(&entry, &data, group, "iso_code", NULL) !=
		    MMDB_SUCCESS ||
	    !data.has_data || data.type != MMDB_DATA_TYPE_UTF8_STRING)
		return false;
	*out = str_mem(data.utf8_string, data.data_size);
	return true;
}

static bool get_number(struct walk *w, MMDB_entry_s entry, struct str *out)
{
	MMDB_entry_data_s data;

	if (MMDB_get_value(&entry, &data, "autonomous_system_number", NULL) !=
		    MMDB_SUCCESS ||
	    !data.has_data || data.type != MMDB_DATA_TYPE_UINT32)
		return false;
	*out = str_of(arena_printf(w->arena, "%u", data.uint32));
	return true;
}

/* A network belongs to the country it is used in, or failing that to the one
 * it is registered in. */
static bool code_of(struct walk *w, MMDB_entry_s entry, struct str *out)
{
	if (w->kind == GEO_AS)
		return get_number(w, entry, out);
	return get_string(entry, "country", out) ||
	       get_string(entry, "registered_country", out);
}

/* The query for that code, which is known now; NULL: nobody asks for it. */
static struct geo_query *query_of(struct walk *w, struct str code)
{
	bool offered = map_get(&w->codes, code) != NULL;
	struct geo_query *found = NULL;

	for (size_t i = 0; i < w->n; i++) {
		if (!offered)
			suggest_offer(&w->queries[i].near, code);
		if (str_eq(code, w->queries[i].code))
			found = &w->queries[i];
	}
	if (found)
		found->known = true;
	return found;
}

/* A record that was not met before; NULL without memory. */
static struct record *record_new(struct walk *w, MMDB_entry_s entry)
{
	struct record *made = arena_alloc(w->arena, sizeof(*made));
	struct str code = {0};

	if (!made)
		return NULL;
	made->offset = entry.offset;
	if (code_of(w, entry, &code)) {
		code = arena_str(w->arena, code);
		if (!code.p)
			return NULL;
		made->query = query_of(w, code);
		if (!map_put(w->arena, &w->codes, code, made))
			return NULL;
	}
	return map_put(w->arena, &w->records,
		       str_mem(&made->offset, sizeof(made->offset)), made)
		       ? made
		       : NULL;
}

static struct record *record_get(struct walk *w, MMDB_entry_s entry)
{
	struct record *known = map_get(
		&w->records, str_mem(&entry.offset, sizeof(entry.offset)));

	return known ? known : record_new(w, entry);
}

/* --- the tree ------------------------------------------------------------ */

/* All addresses below the branch. */
static struct iprange range_of(const struct walk *w, const struct branch *b)
{
	static const uint8_t zero[V4_DEPTH / 8];
	bool below = w->bits == 128 && b->depth >= V4_DEPTH &&
		     !memcmp(b->bytes, zero, sizeof(zero));
	unsigned skip = below ? V4_DEPTH / 8 : 0;
	bool v4 = below || w->bits == 32;
	struct iprange r = {.lo.family = v4 ? IP_V4 : IP_V6};

	memcpy(r.lo.bytes, b->bytes + skip, ipaddr_len(r.lo.family));
	r.hi = r.lo;
	for (unsigned i = b->depth; i < w->bits; i++)
		r.hi.bytes[i / 8 - skip] |= (uint8_t)(0x80U >> i % 8);
	return r;
}

static void take_leaf(struct walk *w, const struct branch *b,
		      MMDB_entry_s entry)
{
	struct record *record = record_get(w, entry);
	struct iprange *slot;

	if (record && !record->query)
		return;
	slot = record ? vec_push(w->arena, &record->query->ranges) : NULL;
	if (slot)
		*slot = range_of(w, b);
	else
		w->err = FW_ERR_NOMEM;
}

/* Another place that leads to the IPv4 addresses? */
static bool is_alias(const struct walk *w, const struct branch *b,
		     uint64_t node)
{
	static const uint8_t zero[16];

	return w->bits == 128 && node == w->db.ipv4_start_node.node_value &&
	       memcmp(b->bytes, zero, sizeof(zero)) != 0;
}

static void walk_node(struct walk *w, const struct branch *b, uint32_t node);

static void walk_record(struct walk *w, const struct branch *b, uint8_t type,
			uint64_t record, MMDB_entry_s entry)
{
	if (type == MMDB_RECORD_TYPE_DATA)
		take_leaf(w, b, entry);
	else if (type == MMDB_RECORD_TYPE_INVALID)
		w->err = FW_ERR_INVAL;
	else if (type == MMDB_RECORD_TYPE_SEARCH_NODE &&
		 !is_alias(w, b, record))
		walk_node(w, b, (uint32_t)record);
}

/* As deep as an address has bits. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static void walk_node(struct walk *w, const struct branch *b, uint32_t node)
{
	struct branch left = *b, right = *b;
	MMDB_search_node_s s;

	if (b->depth >= w->bits || w->nodes_left-- == 0 ||
	    MMDB_read_node(&w->db, node, &s) != MMDB_SUCCESS)
		w->err = FW_ERR_INVAL;
	if (w->err)
		return;
	right.bytes[b->depth / 8] |= (uint8_t)(0x80U >> b->depth % 8);
	left.depth = right.depth = b->depth + 1;
	walk_record(w, &left, s.left_record_type, s.left_record,
		    s.left_record_entry);
	if (!w->err)
		walk_record(w, &right, s.right_record_type, s.right_record,
			    s.right_record_entry);
}

enum fw_err geo_ask(const char *path, enum geo_kind kind,
		    struct geo_query *queries, size_t n, struct arena *arena,
		    const char **out_why)
{
	struct walk w = {
		.kind = kind, .queries = queries, .n = n, .arena = arena};
	const struct branch root = {.depth = 0};
	int status = MMDB_open(path, MMDB_MODE_MMAP, &w.db);

	if (status != MMDB_SUCCESS) {
		*out_why = MMDB_strerror(status);
		return FW_ERR_INVAL;
	}
	for (size_t i = 0; i < n; i++)
		suggest_init(&queries[i].near, queries[i].code);
	w.bits = w.db.metadata.ip_version == 4 ? 32 : 128;
	w.nodes_left = w.db.metadata.node_count;
	walk_node(&w, &root, 0);
	MMDB_close(&w.db);
	*out_why = w.err == FW_ERR_INVAL ? "its tree is broken"
					 : fw_err_text(w.err);
	return w.err;
}
