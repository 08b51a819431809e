/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/http2_table.h"

#include <string.h>

static void *mem_malloc(size_t n, void *table)
{
	struct http2_table *t = table;
	void *p = n <= t->most - t->used
			  ? pool_alloc(t->pool->bytes, LIMIT_HTTP2_POOL, n)
			  : NULL;

	if (!p)
		return NULL;
	if (pool_size(p) <= t->most - t->used) {
		t->used += pool_size(p);
		return p;
	}
	pool_free(t->pool->bytes, p);
	return NULL;
}

static void mem_free(void *p, void *table)
{
	struct http2_table *t = table;

	if (p)
		t->used -= pool_size(p);
	pool_free(t->pool->bytes, p);
}

static void *mem_calloc(size_t n, size_t size, void *table)
{
	void *p = size && n > SIZE_MAX / size ? NULL
					      : mem_malloc(n * size, table);

	if (p)
		memset(p, 0, n * size);
	return p;
}

static void *mem_realloc(void *old, size_t n, void *table)
{
	void *p = mem_malloc(n, table);
	size_t keep = old ? pool_size(old) : 0;

	if (p && old)
		memcpy(p, old, keep < n ? keep : n);
	if (p)
		mem_free(old, table);
	return p;
}

static bool is_open(struct http2_table *t)
{
	if (t->inflater)
		return true;
	t->mem = (nghttp2_mem){.mem_user_data = t,
			       .malloc = mem_malloc,
			       .free = mem_free,
			       .calloc = mem_calloc,
			       .realloc = mem_realloc};
	return nghttp2_hd_inflate_new2(&t->inflater, &t->mem) == 0;
}

void http2_table_close(struct http2_table *t)
{
	if (t->inflater)
		nghttp2_hd_inflate_del(t->inflater);
	t->inflater = NULL;
}

bool http2_table_feed(struct http2_table *t, struct reader part, bool last,
		      http2_take *take, void *ctx)
{
	int flags = 0;

	if (!is_open(t))
		return false;
	while (!(flags & NGHTTP2_HD_INFLATE_FINAL)) {
		nghttp2_nv nv = {0};
		ssize_t n;

		flags = 0;
		n = nghttp2_hd_inflate_hd2(t->inflater, &nv, &flags, part.p,
					   part.left, last);
		if (n < 0)
			return false;
		reader_skip(&part, (size_t)n);
		if ((flags & NGHTTP2_HD_INFLATE_EMIT) &&
		    !take(ctx, str_mem(nv.name, nv.namelen),
			  str_mem(nv.value, nv.valuelen)))
			return false;
		if (!(flags & NGHTTP2_HD_INFLATE_EMIT) && part.left == 0)
			break;
	}
	return !last || nghttp2_hd_inflate_end_headers(t->inflater) == 0;
}
