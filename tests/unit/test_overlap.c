/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support.h"

#include "policy/base/map.h"
#include "policy/overlap.h"

#include <netinet/in.h>
#include <stdio.h>

START_TEST(a_map_keeps_what_was_put)
{
	static unsigned values[1000];
	static char keys[1000][16];
	struct map m = {0};
	struct arena a;

	arena_init(&a, 0, 0);
	ck_assert_ptr_null(map_get(&m, str_of("key 0")));
	for (size_t i = 0; i < 1000; i++) {
		(void)snprintf(keys[i], sizeof(keys[i]), "key %zu", i);
		ck_assert(map_put(&a, &m, str_of(keys[i]), &values[i]));
	}
	ck_assert(map_put(&a, &m, str_of("key 7"), &values[8]));
	ck_assert_uint_eq(m.n, 1000);
	for (size_t i = 0; i < 1000; i++)
		ck_assert_ptr_eq(map_get(&m, str_of(keys[i])),
				 &values[i == 7 ? 8 : i]);
	ck_assert_ptr_null(map_get(&m, str_of("key")));
	ck_assert_ptr_null(map_get(&m, str_of("")));
	arena_done(&a);
}
END_TEST

/* --- reaches -------------------------------------------------------------- */

struct one {
	struct iprange src, dst;
	struct ipset src_set, dst_set;
	struct service service;
	struct reach reach;
};

static void make(struct one *o, const char *src, const char *dst,
		 const char *service)
{
	*o = (struct one){0};
	if (src) {
		ck_assert_int_eq(iprange_parse(str_of(src), &o->src), FW_OK);
		o->src_set = ipset_of(&o->src, 1);
		o->reach.src = &o->src_set;
	}
	if (dst) {
		ck_assert_int_eq(iprange_parse(str_of(dst), &o->dst), FW_OK);
		o->dst_set = ipset_of(&o->dst, 1);
		o->reach.dst = &o->dst_set;
	}
	if (service) {
		ck_assert_int_eq(service_parse(str_of(service), &o->service),
				 FW_OK);
		o->reach.services = &o->service;
		o->reach.n_services = 1;
	}
}

static const struct {
	const char *a[3], *b[3];
	bool meet;
} pairs[] = {
	{{NULL, NULL, NULL}, {NULL, NULL, NULL}, true},
	{{"10.0.0.0/8", NULL, NULL}, {"10.9.9.9", NULL, NULL}, true},
	{{"10.0.0.0/8", NULL, NULL}, {"11.0.0.0", NULL, NULL}, false},
	{{"10.0.0.0/8", NULL, NULL}, {"fd00::1", NULL, NULL}, false},
	{{"10.0.0.0/8", NULL, NULL}, {NULL, "10.0.0.0/8", NULL}, true},
	{{NULL, "::/0", NULL}, {NULL, "0.0.0.0/0", NULL}, false},
	{{NULL, "fd00::/8", "tcp/80"}, {NULL, "fd01::1", "tcp/1-99"}, true},
	{{NULL, "fd00::/8", "tcp/80"}, {NULL, "fd01::1", "udp/80"}, false},
	{{NULL, NULL, "tcp/80"}, {NULL, NULL, "tcp/81"}, false},
	{{NULL, NULL, "tcp/80-90"}, {NULL, NULL, "tcp/90-99"}, true},
	{{NULL, NULL, "icmp/8"}, {NULL, NULL, "icmpv6/8"}, false},
	{{NULL, NULL, "proto/47"}, {NULL, NULL, NULL}, true},
};

START_TEST(what_shares_a_flow_meets)
{
	struct one a, b;
	struct reach both[2];
	struct arena arena;

	arena_init(&arena, 0, 0);
	make(&a, pairs[_i].a[0], pairs[_i].a[1], pairs[_i].a[2]);
	make(&b, pairs[_i].b[0], pairs[_i].b[1], pairs[_i].b[2]);
	both[0] = a.reach;
	both[1] = b.reach;
	ck_assert(reach_prepare(both, 2, sizeof(*both), &arena));
	ck_assert_int_eq(reach_meets(&both[0], &both[1]), pairs[_i].meet);
	ck_assert_int_eq(reach_meets(&both[1], &both[0]), pairs[_i].meet);
	arena_done(&arena);
}
END_TEST

/* Parts are a short cut: they may never part what meets. */
START_TEST(parts_never_part_what_meets)
{
	enum { N = 300 };
	static struct one ones[N];
	static struct reach reaches[N];
	unsigned long state = 42;
	unsigned met = 0;
	struct reach_index index;
	struct arena arena;

	arena_init(&arena, 0, 0);
	for (size_t i = 0; i < N; i++) {
		char src[64], dst[64], service[64];
		unsigned x;

		state = state * 6364136223846793005UL + 1442695040888963407UL;
		x = (unsigned)(state >> 33);
		(void)snprintf(src, sizeof(src), "10.%u.0.0/%u", x & 63,
			       16 + (x >> 6 & 7) % 2);
		(void)snprintf(dst, sizeof(dst), "10.0.%u.%u", x >> 8 & 3,
			       x >> 10 & 7);
		(void)snprintf(service, sizeof(service), "tcp/%u-%u",
			       x >> 13 & 31, (x >> 13 & 31) + (x >> 18 & 7));
		if ((x & 64) && !(x >> 6 & 1))
			(void)snprintf(src, sizeof(src), "fd00::%u", x & 3);
		make(&ones[i],
		     iprange_parse(str_of(src), &ones[i].src) == FW_OK ? src
								       : NULL,
		     x >> 21 & 1 ? dst : NULL, x >> 22 & 1 ? service : NULL);
		reaches[i] = ones[i].reach;
	}
	ck_assert(reach_prepare(reaches, N, sizeof(*reaches), &arena));
	ck_assert(
		reach_index_make(&index, reaches, N, sizeof(*reaches), &arena));
	for (size_t i = 0; i < N; i++) {
		reach_index_look(&index, &reaches[i], i);
		for (size_t j = 0; j < N; j++) {
			struct reach a = reaches[i], b = reaches[j];
			bool plain;

			a.src_parts = a.dst_parts = a.service_parts = ~0UL;
			b.src_parts = b.dst_parts = b.service_parts = ~0UL;
			plain = reach_meets(&a, &b);
			met += plain;
			ck_assert_int_eq(reach_meets(&reaches[i], &reaches[j]),
					 plain);
			if (plain && j < i)
				ck_assert_uint_eq(reach_index_next(&index, j),
						  j);
			if (j >= i)
				ck_assert_uint_eq(reach_index_next(&index, j),
						  SIZE_MAX);
		}
	}
	ck_assert_uint_gt(met, N);
	ck_assert_uint_lt(met, N * N);
	arena_done(&arena);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, a_map_keeps_what_was_put);
	tcase_add_loop_test(tc, what_shares_a_flow_meets, 0,
			    sizeof(pairs) / sizeof(*pairs));
	tcase_add_test(tc, parts_never_part_what_meets);
}

int main(void)
{
	return run_suite("overlap", add);
}
