/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/stream/ledger.h"

#include "agent/limits.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ENTRIES 8
#define FIRST_BYTES   1024

void ledger_done(struct ledger *l)
{
	free(l->entries);
	free(l->bytes);
	*l = (struct ledger){0};
}

static bool is_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static bool grow(void **p, uint32_t *room, uint32_t need, size_t size,
		 uint32_t first)
{
	uint32_t more = *room ? *room : first;
	void *grown;

	if (need <= *room)
		return true;
	while (more < need)
		more *= 2;
	grown = realloc(*p, more * size);
	if (!grown)
		return false;
	*p = grown;
	*room = more;
	return true;
}

bool ledger_note(struct ledger *l, uint32_t seq, struct reader bytes)
{
	uint32_t n = (uint32_t)bytes.left;
	struct ledger_entry *last;
	const uint8_t *p = reader_take(&bytes, n);

	if (n == 0)
		return true;
	if (!p || n > LIMIT_LEDGER_BYTES - l->used ||
	    l->n == LIMIT_LEDGER_ENTRIES ||
	    !grow((void **)&l->bytes, &l->room, l->used + n, 1, FIRST_BYTES) ||
	    !grow((void **)&l->entries, &l->capacity, l->n + 1,
		  sizeof(*l->entries), FIRST_ENTRIES))
		return false;
	memcpy(&l->bytes[l->used], p, n);
	l->used += n;
	last = &l->entries[l->n];
	if (l->n > 0 && last[-1].seq + last[-1].len == seq) {
		last[-1].len += n;
	} else {
		*last = (struct ledger_entry){
			.seq = seq, .len = n, .at = l->used - n};
		l->n++;
	}
	return true;
}

/* The part of the payload that the entry has too is the same? */
static bool is_same(const struct ledger *l, const struct ledger_entry *e,
		    uint32_t seq, struct reader payload)
{
	uint32_t from = is_before(seq, e->seq) ? e->seq : seq;
	uint32_t to = seq + (uint32_t)payload.left;
	const uint8_t *p;

	if (is_before(e->seq + e->len, to))
		to = e->seq + e->len;
	if (!is_before(from, to))
		return true;
	reader_skip(&payload, from - seq);
	p = reader_take(&payload, to - from);
	return p && !memcmp(p, &l->bytes[e->at + (from - e->seq)], to - from);
}

bool ledger_differs(const struct ledger *l, uint32_t seq, struct reader payload)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (!is_same(l, &l->entries[i], seq, payload))
			return true;
	return false;
}

void ledger_acknowledge(struct ledger *l, uint32_t ack)
{
	uint32_t gone = 0, from;

	while (gone < l->n &&
	       !is_before(ack, l->entries[gone].seq + l->entries[gone].len))
		gone++;
	if (gone == l->n) {
		ledger_done(l);
		return;
	}
	if (gone == 0)
		return;
	from = l->entries[gone].at;
	memmove(l->bytes, &l->bytes[from], l->used - from);
	l->used -= from;
	l->n -= gone;
	memmove(l->entries, &l->entries[gone], l->n * sizeof(*l->entries));
	for (uint32_t i = 0; i < l->n; i++)
		l->entries[i].at -= from;
}
