/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the targets for stream protocols share.  An input is a dialogue: it is
 * cut into deliveries at each marker, and the first byte of a delivery says by
 * its lowest bit who speaks.  The dialogue is played twice, as it is and byte
 * by byte: the same facts must come of it.
 *
 * Bodies stand here, for each target is linked alone.
 */
#pragma once

#include "agent/proto/stack.h"
#include "policy/base/arena.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIRE_MARKER_LEN 4
#define WIRE_INPUT_MAX  4096

static const uint8_t wire_marker[WIRE_MARKER_LEN] = {0xf0, 0x5a, 0xa5, 0x0f};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One direction's bytes that the stack has not read. */
struct wire_side {
	uint8_t bytes[WIRE_INPUT_MAX];
	size_t n;
};

struct wire_run {
	struct arena arena;
	struct facts facts;
	struct proto_stack stack;
	struct wire_side sides[2];
	bool early; /* the server has spoken before it was asked */
};

/* Offered in a block of its own size, so that a read beyond shows. */
static bool wire_offer(struct wire_run *w, enum dir dir)
{
	struct wire_side *side = &w->sides[dir];
	size_t before = side->n;
	struct reader in;
	uint8_t *copy;

	if (before == 0 || w->stack.state == STACK_DONE ||
	    w->stack.state == STACK_BAD)
		return false;
	copy = malloc(before);
	if (!copy)
		abort();
	memcpy(copy, side->bytes, before);
	in = reader_of(copy, before);
	(void)proto_stack_feed(&w->stack, dir, &in, &w->facts);
	if (in.failed || in.left > before)
		abort();
	memmove(side->bytes, &side->bytes[before - in.left], in.left);
	side->n = in.left;
	free(copy);
	return in.left < before;
}

static void wire_deliver(struct wire_run *w, enum dir dir, const uint8_t *p,
			 size_t n)
{
	struct wire_side *side = &w->sides[dir];

	w->early |= w->sides[!dir].n > 0;
	memcpy(&side->bytes[side->n], p, n);
	side->n += n;
	for (bool moved = true; moved;) {
		bool client = wire_offer(w, DIR_CLIENT);
		bool server = wire_offer(w, DIR_SERVER);

		moved = client || server;
	}
}

/* Bytes up to the next marker. */
static size_t wire_delivery(const uint8_t *p, size_t n)
{
	size_t i = 0;

	while (i < n && (n - i < WIRE_MARKER_LEN ||
			 memcmp(&p[i], wire_marker, WIRE_MARKER_LEN) != 0))
		i++;
	return i;
}

/* `piece` bytes at a time, 0 for whole deliveries. */
static void wire_play(struct wire_run *w, const uint8_t *p, size_t n,
		      size_t piece)
{
	memset(w, 0, sizeof(*w));
	arena_init(&w->arena, 65536, 0);
	facts_init(&w->facts, &w->arena);
	proto_stack_init(&w->stack, IPPROTO_TCP);
	for (size_t at = 0; at < n;) {
		size_t len = wire_delivery(&p[at], n - at);
		size_t end = at + len;

		if (len > 0) {
			enum dir dir = p[at++] & 1 ? DIR_SERVER : DIR_CLIENT;

			while (at < end) {
				size_t some = piece && piece < end - at
						      ? piece
						      : end - at;

				wire_deliver(w, dir, &p[at], some);
				at += some;
			}
		}
		at = end + WIRE_MARKER_LEN;
	}
}

/* The next value of this side's from `i` on. */
static unsigned wire_next(const struct facts *f, unsigned i, enum dir dir)
{
	while (i < f->n_values &&
	       (f->values[i].field == FIELD_HTTP_STATUS) != (dir == DIR_SERVER))
		i++;
	return i;
}

/* What each side says is in its order; an answer that comes early is heard
 * before or behind what its client says meanwhile. */
static bool wire_same_values(const struct facts *a, const struct facts *b,
			     enum dir dir)
{
	unsigned i = wire_next(a, 0, dir), j = wire_next(b, 0, dir);

	while (i < a->n_values && j < b->n_values) {
		const struct fact_value *x = &a->values[i];
		const struct fact_value *y = &b->values[j];

		if (x->field != y->field || x->layer != y->layer ||
		    x->message != y->message || !str_eq(x->value, y->value))
			return false;
		i = wire_next(a, i + 1, dir);
		j = wire_next(b, j + 1, dir);
	}
	return i == a->n_values && j == b->n_values;
}

/* Inside a tunnel a server may speak before it is asked: of its answers nothing
 * need be the same. */
static bool wire_same_answers(const struct facts *a, const struct facts *b)
{
	return a->n_layers > 1 || wire_same_values(a, b, DIR_SERVER);
}

static bool wire_same_facts(const struct facts *a, const struct facts *b)
{
	if (a->n_layers != b->n_layers || a->open != b->open ||
	    a->dropped != b->dropped)
		return false;
	for (unsigned i = 0; i < a->n_layers; i++)
		if (a->layers[i].app != b->layers[i].app ||
		    a->layers[i].settled != b->layers[i].settled)
			return false;
	return wire_same_values(a, b, DIR_CLIENT) && wire_same_answers(a, b);
}

/* For who has to find out why. */
static void wire_print(const char *how, const struct wire_run *w)
{
	const struct facts *f = &w->facts;

	(void)fprintf(stderr, "%s: state %d%s\n", how, w->stack.state,
		      f->open ? ", open" : "");
	for (unsigned i = 0; i < f->n_layers; i++)
		(void)fprintf(stderr, "  layer %u: %s%s\n", i,
			      app_name(f->layers[i].app),
			      f->layers[i].settled ? ", settled" : "");
	for (unsigned i = 0; i < f->n_values; i++)
		(void)fprintf(stderr, "  %u.%u %s: %.*s\n", f->values[i].layer,
			      f->values[i].message,
			      f->values[i].field == FIELD_COUNT
				      ? "unmade"
				      : field_name(f->values[i].field),
			      STR_ARG(f->values[i].value));
}

/* The greeting of SOCKS 5 is taken more strictly when bytes stand behind it, so
 * a flow that is bad in one way may be unknown in the other. */
static void wire_compare(const struct wire_run *a, const struct wire_run *b)
{
	if (a->stack.state == STACK_BAD || b->stack.state == STACK_BAD)
		return;
	/* What one side said in the tunnel before there was one is heard before
	 * or behind what the other says then. */
	if (a->early && (a->facts.n_layers > 1 || b->facts.n_layers > 1))
		return;
	if (a->stack.state != b->stack.state ||
	    !wire_same_facts(&a->facts, &b->facts)) {
		wire_print("whole", a);
		wire_print("byte by byte", b);
		abort();
	}
}

/* The same where each delivery is a datagram. */
static inline int wire_fuzz_messages(const uint8_t *data, size_t size,
				     uint8_t l4)
{
	static struct wire_run w;

	if (size < 2 || size > WIRE_INPUT_MAX)
		return -1;
	memset(&w, 0, sizeof(w));
	arena_init(&w.arena, 65536, 0);
	facts_init(&w.facts, &w.arena);
	proto_stack_init(&w.stack, l4);
	if (l4 != IPPROTO_UDP)
		proto_stack_number(&w.stack, &w.facts);
	for (size_t at = 0; at < size;) {
		size_t len = wire_delivery(&data[at], size - at);
		uint8_t *copy;

		if (len == 0) {
			at += WIRE_MARKER_LEN;
			continue;
		}
		copy = malloc(len);
		if (!copy)
			abort();
		memcpy(copy, &data[at], len);
		if (w.stack.state != STACK_DONE && w.stack.state != STACK_BAD)
			(void)proto_stack_datagram(
				&w.stack, copy[0] & 1 ? DIR_SERVER : DIR_CLIENT,
				reader_of(&copy[1], len - 1), &w.facts);
		free(copy);
		at += len + WIRE_MARKER_LEN;
	}
	arena_done(&w.arena);
	return 0;
}

static inline int wire_fuzz_datagrams(const uint8_t *data, size_t size)
{
	return wire_fuzz_messages(data, size, IPPROTO_UDP);
}

/* `only`: inputs that do not begin like this protocol are not for the target.
 */
static inline int wire_fuzz(const uint8_t *data, size_t size,
			    const struct proto *only)
{
	static struct wire_run whole, bytes;
	struct probe first;

	if (size < 2 || size > WIRE_INPUT_MAX)
		return -1;
	first = (struct probe){.client = reader_of(&data[1], size - 1)};
	if (only && only->probe(&first) == PROBE_NO)
		return -1;
	wire_play(&whole, data, size, 0);
	wire_play(&bytes, data, size, 1);
	wire_compare(&whole, &bytes);
	arena_done(&whole.arena);
	arena_done(&bytes.arena);
	return 0;
}
