/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/overlap.h"

#include "policy/base/arena.h"

#include <stdlib.h>

#define PARTS 64

/* Of a long set its ends are enough to cut a dimension in parts. */
#define SAMPLES_PER_REACH 16

/* Where the parts of one dimension begin: part i holds the values from its cut
 * to before the next. */
struct cuts {
	struct ipaddr items[PARTS];
	size_t n;
};

static int address_cmp(const void *a, const void *b)
{
	return ipaddr_cmp(a, b);
}

/* A service as a point of one line: protocol, then port. */
static uint32_t service_low(const struct service *s)
{
	return (uint32_t)s->l4 << 16 | s->lo;
}

static uint32_t service_high(const struct service *s)
{
	return (uint32_t)s->l4 << 16 | s->hi;
}

/* So that addresses and services are cut by the same code. */
static struct ipaddr point_of(uint32_t value)
{
	uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16),
			    (uint8_t)(value >> 8), (uint8_t)value};

	return ipaddr_v4(bytes);
}

static struct cuts cut(struct ipaddr *samples, size_t n)
{
	struct cuts c = {0};

	if (n)
		qsort(samples, n, sizeof(*samples), address_cmp);
	for (size_t i = 0; i < PARTS && n; i++) {
		const struct ipaddr *at = &samples[i * n / PARTS];

		if (c.n == 0 || ipaddr_cmp(&c.items[c.n - 1], at) != 0)
			c.items[c.n++] = *at;
	}
	return c;
}

/* The part of an address; what lies before the first cut is in part 0. */
static size_t part_of(const struct cuts *c, const struct ipaddr *a)
{
	size_t lo = 0, hi = c->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (ipaddr_cmp(&c->items[mid], a) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? lo - 1 : 0;
}

static uint64_t parts_between(size_t from, size_t to)
{
	uint64_t up_to = to == PARTS - 1 ? UINT64_MAX : (2ULL << to) - 1;

	return up_to & ~((1ULL << from) - 1);
}

/* Of a long set only the ranges at the cuts are looked at. */
static uint64_t address_parts(const struct cuts *c, const struct ipset *set)
{
	uint64_t parts = 0;
	size_t i = 0;

	if (!set)
		return UINT64_MAX;
	while (i < set->n) {
		size_t from = part_of(c, &set->items[i].lo);
		size_t to = part_of(c, &set->items[i].hi);
		size_t next = 0;

		parts |= parts_between(from, to);
		if (to + 1 >= c->n)
			break;
		/* The last that begins before the next part may reach it. */
		next = ipset_begun(set, &c->items[to + 1]);
		i = next > i + 1 ? next - 1 : i + 1;
	}
	return parts;
}

static uint64_t service_parts(const struct cuts *c, const struct reach *r)
{
	uint64_t parts = 0;

	if (r->n_services == 0)
		return UINT64_MAX;
	for (size_t i = 0; i < r->n_services; i++) {
		struct ipaddr lo = point_of(service_low(&r->services[i]));
		struct ipaddr hi = point_of(service_high(&r->services[i]));

		parts |= parts_between(part_of(c, &lo), part_of(c, &hi));
	}
	return parts;
}

static size_t sample_set(struct ipaddr *samples, size_t n,
			 const struct ipset *set)
{
	size_t take =
		set && set->n < SAMPLES_PER_REACH ? set->n : SAMPLES_PER_REACH;

	for (size_t i = 0; set && i < take; i++)
		samples[n++] = set->items[i * set->n / take].lo;
	return n;
}

static size_t sample_services(struct ipaddr *samples, size_t n,
			      const struct reach *r)
{
	for (size_t i = 0; i < r->n_services && i < SAMPLES_PER_REACH; i++)
		samples[n++] = point_of(service_low(&r->services[i]));
	return n;
}

/* A dimension: how it is sampled, and what a reach touches of it. */
struct dimension {
	size_t (*sample)(struct ipaddr *samples, size_t n,
			 const struct reach *r);
	void (*touch)(const struct cuts *c, struct reach *r);
};

static size_t sample_src(struct ipaddr *samples, size_t n,
			 const struct reach *r)
{
	return sample_set(samples, n, r->src);
}

static size_t sample_dst(struct ipaddr *samples, size_t n,
			 const struct reach *r)
{
	return sample_set(samples, n, r->dst);
}

static void touch_src(const struct cuts *c, struct reach *r)
{
	r->src_parts = address_parts(c, r->src);
}

static void touch_dst(const struct cuts *c, struct reach *r)
{
	r->dst_parts = address_parts(c, r->dst);
}

static void touch_services(const struct cuts *c, struct reach *r)
{
	r->service_parts = service_parts(c, r);
}

static struct reach *nth(struct reach *reaches, size_t i, size_t step)
{
	return (struct reach *)(void *)((char *)reaches + i * step);
}

bool reach_prepare(struct reach *reaches, size_t n, size_t step,
		   struct arena *arena)
{
	static const struct dimension dimensions[] = {
		{sample_src, touch_src},
		{sample_dst, touch_dst},
		{sample_services, touch_services},
	};
	struct ipaddr *samples = arena_calloc(arena, n * SAMPLES_PER_REACH + 1,
					      sizeof(*samples));

	if (!samples)
		return false;
	for (size_t d = 0; d < 3; d++) {
		size_t taken = 0;
		struct cuts c;

		for (size_t i = 0; i < n; i++)
			taken = dimensions[d].sample(samples, taken,
						     nth(reaches, i, step));
		c = cut(samples, taken);
		for (size_t i = 0; i < n; i++)
			dimensions[d].touch(&c, nth(reaches, i, step));
	}
	return true;
}

/* --- the index --------------------------------------------------------------
 */

static void parts_of(const struct reach *r, uint64_t out[3])
{
	out[0] = r->src_parts;
	out[1] = r->dst_parts;
	out[2] = r->service_parts;
}

static void index_put(struct reach_index *index, const struct reach *r,
		      size_t i)
{
	uint64_t parts[3];

	parts_of(r, parts);
	for (size_t d = 0; d < 3; d++)
		for (uint64_t left = parts[d]; left; left &= left - 1)
			index->touch[d][(size_t)__builtin_ctzll(left) *
						index->words +
					i / 64] |= 1ULL << i % 64;
}

bool reach_index_make(struct reach_index *index, const struct reach *reaches,
		      size_t n, size_t step, struct arena *arena)
{
	*index = (struct reach_index){.n = n, .words = n / 64 + 1};
	index->found = arena_calloc(arena, index->words, sizeof(uint64_t));
	for (size_t d = 0; d < 3; d++)
		index->touch[d] = arena_calloc(arena, PARTS * index->words,
					       sizeof(uint64_t));
	if (!index->found || !index->touch[0] || !index->touch[1] ||
	    !index->touch[2])
		return false;
	for (size_t i = 0; i < n; i++)
		index_put(index,
			  (const struct reach *)(const void *)((const char *)
								       reaches +
							       i * step),
			  i);
	return true;
}

/* Keep of `found` what touches one of the parts. */
static void keep_touching(struct reach_index *index, const uint64_t *touch,
			  uint64_t parts, size_t words)
{
	if (parts == UINT64_MAX)
		return;
	for (size_t w = 0; w < words; w++) {
		uint64_t any = 0;

		for (uint64_t left = parts; left && index->found[w];
		     left &= left - 1)
			any |= touch[(size_t)__builtin_ctzll(left) *
					     index->words +
				     w];
		index->found[w] &= any;
	}
}

void reach_index_look(struct reach_index *index, const struct reach *r,
		      size_t i)
{
	size_t words = i / 64 + 1;
	uint64_t parts[3];

	parts_of(r, parts);
	memset(index->found, 0, index->words * sizeof(uint64_t));
	memset(index->found, 0xff, words * sizeof(uint64_t));
	index->found[i / 64] = (1ULL << i % 64) - 1;
	for (size_t d = 0; d < 3; d++)
		keep_touching(index, index->touch[d], parts[d], words);
}

size_t reach_index_next(const struct reach_index *index, size_t from)
{
	for (size_t w = from / 64; w < index->words; w++) {
		uint64_t bits = index->found[w];

		if (w == from / 64)
			bits &= UINT64_MAX << from % 64;
		if (bits)
			return w * 64 + (size_t)__builtin_ctzll(bits);
	}
	return SIZE_MAX;
}

/* --- exactly -----------------------------------------------------------------
 */

/* They are sorted: lower_services(). */
static bool services_meet(const struct reach *a, const struct reach *b)
{
	size_t i = 0, j = 0;

	if (a->n_services == 0 || b->n_services == 0)
		return true;
	while (i < a->n_services && j < b->n_services) {
		if (service_high(&a->services[i]) <
		    service_low(&b->services[j]))
			i++;
		else if (service_high(&b->services[j]) <
			 service_low(&a->services[i]))
			j++;
		else
			return true;
	}
	return false;
}

static bool addresses_meet(const struct ipset *a, const struct ipset *b)
{
	return !a || !b || ipset_overlap(a, b) != NULL;
}

bool reach_meets(const struct reach *a, const struct reach *b)
{
	return (a->src_parts & b->src_parts) && (a->dst_parts & b->dst_parts) &&
	       (a->service_parts & b->service_parts) && services_meet(a, b) &&
	       addresses_meet(a->src, b->src) && addresses_meet(a->dst, b->dst);
}
