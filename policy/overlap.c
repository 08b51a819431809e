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

static uint64_t parts_between(const struct cuts *c, const struct ipaddr *lo,
			      const struct ipaddr *hi)
{
	size_t from = part_of(c, lo), to = part_of(c, hi);
	uint64_t up_to = to == PARTS - 1 ? UINT64_MAX : (2ULL << to) - 1;

	return up_to & ~((1ULL << from) - 1);
}

static uint64_t address_parts(const struct cuts *c, const struct ipset *set)
{
	uint64_t parts = 0;

	if (!set)
		return UINT64_MAX;
	for (size_t i = 0; i < set->n; i++)
		parts |= parts_between(c, &set->items[i].lo, &set->items[i].hi);
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

		parts |= parts_between(c, &lo, &hi);
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

bool reach_prepare(struct reach *reaches, size_t n, struct arena *arena)
{
	struct ipaddr *samples = arena_calloc(arena, n * SAMPLES_PER_REACH + 1,
					      sizeof(*samples));
	size_t n_src = 0, n_dst = 0, n_services = 0;
	struct cuts c;

	if (!samples)
		return false;
	for (size_t i = 0; i < n; i++)
		n_src = sample_set(samples, n_src, reaches[i].src);
	c = cut(samples, n_src);
	for (size_t i = 0; i < n; i++)
		reaches[i].src_parts = address_parts(&c, reaches[i].src);

	for (size_t i = 0; i < n; i++)
		n_dst = sample_set(samples, n_dst, reaches[i].dst);
	c = cut(samples, n_dst);
	for (size_t i = 0; i < n; i++)
		reaches[i].dst_parts = address_parts(&c, reaches[i].dst);

	for (size_t i = 0; i < n; i++)
		n_services = sample_services(samples, n_services, &reaches[i]);
	c = cut(samples, n_services);
	for (size_t i = 0; i < n; i++)
		reaches[i].service_parts = service_parts(&c, &reaches[i]);
	return true;
}

static bool services_meet(const struct reach *a, const struct reach *b)
{
	if (a->n_services == 0 || b->n_services == 0)
		return true;
	for (size_t i = 0; i < a->n_services; i++)
		for (size_t j = 0; j < b->n_services; j++)
			if (service_low(&a->services[i]) <=
				    service_high(&b->services[j]) &&
			    service_low(&b->services[j]) <=
				    service_high(&a->services[i]))
				return true;
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
