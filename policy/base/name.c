/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/base/name.h"

#include "policy/base/arena.h"
#include "policy/base/ipaddr.h"

#include <stdlib.h>

#define LABEL_MAX_LEN 63
#define HASH_BASIS    0xcbf29ce484222325ULL

/* What a byte of a name is in its normal form; of all others 0. */
static const char normal[256] = {
	['-'] = '-', ['.'] = '.', ['0'] = '0', ['1'] = '1', ['2'] = '2',
	['3'] = '3', ['4'] = '4', ['5'] = '5', ['6'] = '6', ['7'] = '7',
	['8'] = '8', ['9'] = '9', ['_'] = '_', ['A'] = 'a', ['B'] = 'b',
	['C'] = 'c', ['D'] = 'd', ['E'] = 'e', ['F'] = 'f', ['G'] = 'g',
	['H'] = 'h', ['I'] = 'i', ['J'] = 'j', ['K'] = 'k', ['L'] = 'l',
	['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p', ['Q'] = 'q',
	['R'] = 'r', ['S'] = 's', ['T'] = 't', ['U'] = 'u', ['V'] = 'v',
	['W'] = 'w', ['X'] = 'x', ['Y'] = 'y', ['Z'] = 'z', ['a'] = 'a',
	['b'] = 'b', ['c'] = 'c', ['d'] = 'd', ['e'] = 'e', ['f'] = 'f',
	['g'] = 'g', ['h'] = 'h', ['i'] = 'i', ['j'] = 'j', ['k'] = 'k',
	['l'] = 'l', ['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p',
	['q'] = 'q', ['r'] = 'r', ['s'] = 's', ['t'] = 't', ['u'] = 'u',
	['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y', ['z'] = 'z',
};

static bool is_label(size_t len)
{
	return len > 0 && len <= LABEL_MAX_LEN;
}

enum fw_err name_normalise(struct str in, char *buf, struct str *out_name)
{
	size_t label = 0; /* where it begins */

	if (in.len > 0 && in.p[in.len - 1] == '.')
		in.len--;
	if (in.len == 0 || in.len > NAME_MAX_LEN)
		return FW_ERR_INVAL;
	for (size_t i = 0; i < in.len; i++) {
		char c = normal[(uint8_t)in.p[i]];

		if (!c)
			return FW_ERR_INVAL;
		buf[i] = c;
		if (c != '.')
			continue;
		if (!is_label(i - label))
			return FW_ERR_INVAL;
		label = i + 1;
	}
	if (!is_label(in.len - label))
		return FW_ERR_INVAL;
	buf[in.len] = '\0';
	*out_name = str_mem(buf, in.len);
	return FW_OK;
}

bool name_is_normal(struct str s)
{
	size_t label = 0; /* where it begins */

	if (s.len > NAME_MAX_LEN)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (normal[(uint8_t)c] != c || !c)
			return false;
		if (c != '.')
			continue;
		if (!is_label(i - label))
			return false;
		label = i + 1;
	}
	return is_label(s.len - label);
}

bool name_is_address(struct str s)
{
	struct ipaddr a;

	if (s.len > 2 && s.p[0] == '[' && s.p[s.len - 1] == ']')
		s = str_mem(s.p + 1, s.len - 2);
	/* Most are names, and seen at a glance to be none. */
	if (s.len == 0 ||
	    (!ascii_is_digit(s.p[s.len - 1]) && !memchr(s.p, ':', s.len)))
		return false;
	return ipaddr_parse(s, &a) == FW_OK;
}

static int by_text(const void *pa, const void *pb)
{
	const struct str *a = pa, *b = pb;

	return str_cmp(*a, *b);
}

/* --- sets ------------------------------------------------------------------
 *
 * A table with open places, at most half of them taken.  A name is hashed from
 * its end, so that on the way to its first byte every name above it is looked
 * up as well.
 */

struct nameset_slot {
	uint32_t hash;
	uint32_t number; /* from 1: of `exact`, behind them of `below`; 0: none
			  */
};

static uint64_t hash_byte(uint64_t h, char c)
{
	return (h ^ (uint8_t)c) * 0x100000001b3ULL; /* as FNV-1a */
}

/* The upper half: in the lower, the end of a name tells little. */
static uint32_t folded(uint64_t h)
{
	return (uint32_t)(h >> 32);
}

static uint32_t hash_of(struct str s)
{
	uint64_t h = HASH_BASIS;

	for (size_t i = s.len; i-- > 0;)
		h = hash_byte(h, s.p[i]);
	return folded(h);
}

static struct str name_of(const struct nameset *s, uint32_t number)
{
	return number <= s->n_exact ? s->exact[number - 1]
				    : s->below[number - 1 - s->n_exact];
}

/* Is it one of `exact`, or else one of `below`? */
static bool is_in(const struct nameset *s, uint32_t hash, struct str name,
		  bool exact)
{
	for (uint32_t i = hash & s->mask; s->slots[i].number;
	     i = (i + 1) & s->mask) {
		const struct nameset_slot *slot = &s->slots[i];

		if (slot->hash == hash &&
		    (slot->number <= s->n_exact) == exact &&
		    str_eq(name_of(s, slot->number), name))
			return true;
	}
	return false;
}

static bool make_table(struct arena *arena, struct nameset *s)
{
	size_t n = s->n_exact + s->n_below, room = 2;

	if (n >= UINT32_MAX / 4)
		return false;
	while (room < 2 * n)
		room *= 2;
	s->mask = (uint32_t)(room - 1);
	s->slots = arena_calloc(arena, room, sizeof(*s->slots));
	for (uint32_t k = 1; s->slots && k <= n; k++) {
		uint32_t hash = hash_of(name_of(s, k));
		uint32_t i = hash & s->mask;

		while (s->slots[i].number)
			i = (i + 1) & s->mask;
		s->slots[i] = (struct nameset_slot){hash, k};
	}
	return s->slots;
}

enum fw_err nameset_of(struct arena *arena, const struct str *patterns,
		       size_t n, struct nameset *out_set)
{
	struct nameset s = {0};

	s.exact = arena_calloc(arena, n + 1, sizeof(*s.exact));
	s.below = arena_calloc(arena, n + 1, sizeof(*s.below));
	if (!s.exact || !s.below)
		return FW_ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		if (str_is(patterns[i], "*"))
			s.any = true;
		else if (str_starts(patterns[i], "*."))
			s.below[s.n_below++] = str_skip(patterns[i], 2);
		else
			s.exact[s.n_exact++] = patterns[i];
	}
	if (s.n_exact)
		qsort(s.exact, s.n_exact, sizeof(*s.exact), by_text);
	if (s.n_below)
		qsort(s.below, s.n_below, sizeof(*s.below), by_text);
	*out_set = s;
	return make_table(arena, out_set) ? FW_OK : FW_ERR_NOMEM;
}

bool nameset_has(const struct nameset *s, struct str name)
{
	/* An address literal is matched only when it is written out. */
	bool is_address = name_is_address(name), below = false;
	uint64_t h = HASH_BASIS;

	if (name.len == 0 || (s->any && !is_address))
		return name.len > 0;
	if (s->n_exact + s->n_below == 0)
		return false;
	for (size_t i = name.len; i-- > 0; h = hash_byte(h, name.p[i]))
		if (name.p[i] == '.' && s->n_below && !is_address)
			below |= is_in(s, folded(h), str_skip(name, i + 1),
				       false);
	return below || is_in(s, folded(h), name, true);
}

struct str name_without_brackets(struct str s)
{
	if (s.len >= 2 && s.p[0] == '[' && s.p[s.len - 1] == ']')
		s = str_mem(s.p + 1, s.len - 2);
	return s;
}

struct str name_without_port(struct str s)
{
	for (size_t i = s.len; i-- > 0;) {
		if (s.p[i] == ':') {
			s.len = i;
			break;
		}
		if (!ascii_is_digit(s.p[i]))
			break;
	}
	return name_without_brackets(s);
}
