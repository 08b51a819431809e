/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/json.h"

#include "policy/base/strbuf.h"

#include <pthread.h>
#include <stdlib.h>

/* The library was refused memory; it does not always tell. */
static _Thread_local bool refused;

static void *give(size_t n)
{
	void *p = malloc(n);

	refused |= !p;
	return p;
}

static void watch_memory(void)
{
	json_set_alloc_funcs(give, free);
}

enum fw_err json_read(struct str text, json_t **out_json)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	json_t *o;

	(void)pthread_once(&once, watch_memory);
	refused = false;
	o = json_loadb(text.p ? text.p : "", text.len, 0, NULL);
	if (o && !refused) {
		*out_json = o;
		return FW_OK;
	}
	json_decref(o);
	return refused ? FW_ERR_NOMEM : FW_ERR_INVAL;
}

static int take_piece(const char *piece, size_t n, void *out)
{
	struct strbuf *text = out;

	strbuf_add(text, str_mem(piece, n));
	return text->failed ? -1 : 0;
}

char *json_write(const json_t *o, size_t flags)
{
	struct strbuf text;

	strbuf_init(&text, 0);
	if (json_dump_callback(o, take_piece, &text, flags) || text.failed) {
		strbuf_done(&text);
		return NULL;
	}
	return text.p;
}
