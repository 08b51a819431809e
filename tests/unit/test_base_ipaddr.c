/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/base/ipaddr.h"
#include "tests/unit/support.h"

#include <stdio.h>

static struct ipaddr addr(const char *z)
{
	struct ipaddr a;

	ck_assert_msg(ipaddr_parse(str_of(z), &a) == FW_OK, "%s", z);
	return a;
}

static struct iprange range(const char *z)
{
	struct iprange r;

	ck_assert_msg(iprange_parse(str_of(z), &r) == FW_OK, "%s", z);
	return r;
}

START_TEST(addresses_are_read_and_printed)
{
	static const struct {
		const char *in, *out;
	} good[] = {
		{"192.0.2.1", "192.0.2.1"},
		{"0.0.0.0", "0.0.0.0"},
		{"255.255.255.255", "255.255.255.255"},
		{"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
		{"::", "::"},
		{"::1", "::1"},
		{"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
		{"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	};
	static const char *const bad[] = {
		"",
		"1",
		"1.2.3",
		"1.2.3.4.5",
		"1.2.3.256",
		"01.2.3.4",
		" 1.2.3.4",
		"1.2.3.4 ",
		"1.2.3.4/8",
		"[::1]",
		"fe80::1%1",
		":",
		"1::2::3",
		"::12345",
		"::g",
		"1:2:3:4:5:6:7:8:9",
		"0x1.2.3.4",
		"1.2.3.-4",
		"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555"};
	char buf[IPADDR_TEXT_MAX];

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct ipaddr a = addr(good[i].in);

		ck_assert_str_eq(ipaddr_print(&a, buf), good[i].out);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct ipaddr a;

		ck_assert_msg(ipaddr_parse(str_of(bad[i]), &a) == FW_ERR_INVAL,
			      "%s", bad[i]);
	}
	ck_assert_int_eq(
		ipaddr_parse(str_mem("1.2.3.4\0", 8), &(struct ipaddr){0}),
		FW_ERR_INVAL);
	ck_assert_str_eq(ipaddr_print(&(struct ipaddr){0}, buf), "-");
}
END_TEST

START_TEST(addresses_with_ports)
{
	static const struct {
		const char *in, *addr;
		unsigned port;
	} good[] = {
		{"192.0.2.1", "192.0.2.1", 0},
		{"192.0.2.1:443", "192.0.2.1", 443},
		{"2001:db8::1", "2001:db8::1", 0},
		{"[2001:db8::1]:65535", "2001:db8::1", 65535},
		{"2001:db8::1:443", "2001:db8::1:443", 0},
	};
	static const char *const bad[] = {
		"",
		":443",
		"192.0.2.1:",
		"192.0.2.1:0",
		"192.0.2.1:65536",
		"192.0.2.1:0443",
		"192.0.2.1:4x",
		"[192.0.2.1]:443",
		"[2001:db8::1]",
		"[2001:db8::1]443",
		"2001:db8::1:x",
		"example.org:443",
		"192.0.2.1:443:80",
		"[2001:db8::1]:443 ",
	};
	char buf[IPADDR_TEXT_MAX];
	struct ipaddr a;
	uint16_t port;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		ck_assert_msg(ipaddr_port_parse(str_of(good[i].in), &a,
						&port) == FW_OK,
			      "%s", good[i].in);
		ck_assert_str_eq(ipaddr_print(&a, buf), good[i].addr);
		ck_assert_uint_eq(port, good[i].port);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(ipaddr_port_parse(str_of(bad[i]), &a, &port) ==
				      FW_ERR_INVAL,
			      "%s", bad[i]);
}
END_TEST

START_TEST(next_carries_and_ends)
{
	static const struct {
		const char *a, *next;
	} cases[] = {{"1.2.3.4", "1.2.3.5"},
		     {"1.2.3.255", "1.2.4.0"},
		     {"1.255.255.255", "2.0.0.0"},
		     {"255.255.255.255", NULL},
		     {"::ffff", "::1:0"},
		     {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct ipaddr a = addr(cases[i].a), want;

		ck_assert(ipaddr_next(&a) == (cases[i].next != NULL));
		if (!cases[i].next)
			continue;
		want = addr(cases[i].next);
		ck_assert_int_eq(ipaddr_cmp(&a, &want), 0);
	}
}
END_TEST

START_TEST(families_are_ordered)
{
	struct ipaddr v4 = addr("255.0.0.0"), v6 = addr("::1");

	ck_assert_int_lt(ipaddr_cmp(&v4, &v6), 0);
	ck_assert_int_gt(ipaddr_cmp(&v6, &v4), 0);
	ck_assert_uint_eq(ipaddr_len(IP_V4), 4);
	ck_assert_uint_eq(ipaddr_len(IP_V6), 16);
}
END_TEST

/* Every prefix length: printed, read again, measured. */
START_TEST(every_prefix_is_itself)
{
	static const char *const bases[] = {"203.0.113.171",
					    "2001:db8:5a5a:a5a5:ffff:1:2:3"};

	for (size_t i = 0; i < 2; i++) {
		int most = i ? 128 : 32;

		for (int len = 0; len <= most; len++) {
			char text[IPRANGE_TEXT_MAX], buf[IPRANGE_TEXT_MAX];
			struct iprange r;
			enum fw_err err;

			(void)snprintf(text, sizeof(text), "%s/%d", bases[i],
				       len);
			err = iprange_parse(str_of(text), &r);
			ck_assert_int_eq(err,
					 len == most ? FW_OK : FW_ERR_LIMIT);
			r.lo = r.hi = addr(bases[i]);
			for (int bit = len; bit < most; bit++) {
				uint8_t mask = (uint8_t)(0x80 >> bit % 8);

				r.lo.bytes[bit / 8] &= (uint8_t)~mask;
				r.hi.bytes[bit / 8] |= mask;
			}
			ck_assert_int_eq(iprange_prefix_len(&r), len);
			(void)iprange_print(&r, buf);
			r = range(buf);
			ck_assert_int_eq(iprange_prefix_len(&r), len);
		}
	}
}
END_TEST

START_TEST(ranges_are_read_strictly)
{
	static const struct {
		const char *in, *out;
	} good[] = {{"10.0.0.0/8", "10.0.0.0/8"},
		    {"10.0.0.1", "10.0.0.1"},
		    {"10.0.0.1/32", "10.0.0.1"},
		    {"10.0.0.0-10.255.255.255", "10.0.0.0/8"},
		    {"10.0.0.1-10.0.0.2", "10.0.0.1-10.0.0.2"},
		    {"::/0", "::/0"},
		    {"::1-::1", "::1"}};
	static const struct {
		const char *in;
		enum fw_err want;
	} bad[] = {{"", FW_ERR_INVAL},
		   {"10.0.0.1/8", FW_ERR_LIMIT},
		   {"10.0.0.0/33", FW_ERR_INVAL},
		   {"10.0.0.0/", FW_ERR_INVAL},
		   {"10.0.0.0/08", FW_ERR_INVAL},
		   {"10.0.0.0/-1", FW_ERR_INVAL},
		   {"10.0.0.0/8x", FW_ERR_INVAL},
		   {"10.0.0.0/1000", FW_ERR_INVAL},
		   {"10.0.0.2-10.0.0.1", FW_ERR_INVAL},
		   {"10.0.0.2-", FW_ERR_INVAL},
		   {"-10.0.0.2", FW_ERR_INVAL},
		   {"10.0.0.2-::1", FW_ERR_INVAL},
		   {"::/129", FW_ERR_INVAL},
		   {"1.0.0.0-2.0.0.0/8", FW_ERR_INVAL}};
	char buf[IPRANGE_TEXT_MAX];

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct iprange r = range(good[i].in);

		ck_assert_str_eq(iprange_print(&r, buf), good[i].out);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct iprange r;

		ck_assert_msg(iprange_parse(str_of(bad[i].in), &r) ==
				      bad[i].want,
			      "%s", bad[i].in);
	}
}
END_TEST

/* Sets of ranges within 16 addresses, against a plain table. */
START_TEST(sets_agree_with_a_table)
{
	uint32_t state = 7;

	for (unsigned round = 0; round < 3000; round++) {
		struct iprange ranges[5];
		bool table[16] = {false};
		struct ipset s;
		size_t n = round % 6;

		for (size_t i = 0; i < n; i++) {
			uint8_t lo, hi;

			state = state * 1664525 + 1013904223;
			lo = state >> 24 & 15;
			hi = (uint8_t)(lo + (state >> 20 & 3));
			hi = hi > 15 ? 15 : hi;
			ranges[i] = range("10.0.0.0");
			ranges[i].lo.bytes[3] = lo;
			ranges[i].hi.bytes[3] = hi;
			for (uint8_t a = lo; a <= hi; a++)
				table[a] = true;
		}
		s = ipset_of(ranges, n);
		for (uint8_t a = 0; a < 16; a++) {
			struct ipaddr at = addr("10.0.0.0");

			at.bytes[3] = a;
			ck_assert(ipset_has(&s, &at) == table[a]);
		}
		for (size_t i = 1; i < s.n; i++)
			ck_assert_int_gt(s.items[i].lo.bytes[3],
					 s.items[i - 1].hi.bytes[3] + 1);
	}
}
END_TEST

START_TEST(sets_hold_both_families)
{
	struct iprange ranges[] = {range("::/0"), range("0.0.0.0/0"),
				   range("10.0.0.0/8"), range("::1")};
	struct ipset s = ipset_of(ranges, 4), v4, v6, none;
	struct ipaddr a = addr("255.255.255.255"), b = addr("::");

	ck_assert_uint_eq(s.n, 2);
	ck_assert(ipset_has(&s, &a));
	ck_assert(ipset_has(&s, &b));
	v4 = ipset_family(&s, IP_V4);
	v6 = ipset_family(&s, IP_V6);
	ck_assert_uint_eq(v4.n, 1);
	ck_assert_uint_eq(v6.n, 1);
	ck_assert(ipset_has(&v4, &a) && !ipset_has(&v4, &b));
	ck_assert(!ipset_has(&v6, &a) && ipset_has(&v6, &b));
	none = ipset_family(&v4, IP_V6);
	ck_assert_uint_eq(none.n, 0);
	ck_assert_ptr_null(ipset_overlap(&v4, &v6));
	ck_assert_ptr_eq(ipset_overlap(&v4, &s), s.items);
	ck_assert_ptr_null(ipset_overlap(&none, &s));
}
END_TEST

START_TEST(a_set_has_all_of_a_family)
{
	struct iprange ranges[3];
	struct ipset s;

	ck_assert_int_eq(iprange_parse(str_of("128.0.0.0/1"), &ranges[0]), 0);
	ck_assert_int_eq(
		iprange_parse(str_of("0.0.0.0-127.255.255.255"), &ranges[1]),
		0);
	ck_assert_int_eq(iprange_parse(str_of("::1"), &ranges[2]), 0);
	s = ipset_of(ranges, 3);
	ck_assert(ipset_is_all(&s, IP_V4) && !ipset_is_all(&s, IP_V6));
}
END_TEST

/* Two sets by chance over 16 addresses, of both families. */
static struct ipset chance_set(unsigned *state, struct iprange ranges[8],
			       bool table[2][16])
{
	size_t n = *state >> 28 & 7;

	memset(table, 0, sizeof(bool[2][16]));
	for (size_t i = 0; i < n; i++) {
		uint8_t lo, hi;
		bool v6;

		*state = *state * 1664525 + 1013904223;
		v6 = *state >> 31;
		lo = *state >> 24 & 15;
		hi = (uint8_t)(lo + (*state >> 20 & 3));
		hi = hi > 15 ? 15 : hi;
		ranges[i] = range(v6 ? "ffff::" : "255.255.255.240");
		ranges[i].lo.bytes[v6 ? 15 : 3] = (uint8_t)(v6 ? lo : 240 + lo);
		ranges[i].hi.bytes[v6 ? 15 : 3] = (uint8_t)(v6 ? hi : 240 + hi);
		for (uint8_t a = lo; a <= hi; a++)
			table[v6][a] = true;
	}
	return ipset_of(ranges, n);
}

START_TEST(differences_agree_with_a_table)
{
	struct iprange ra[8], rb[8];
	bool ta[2][16], tb[2][16];
	unsigned state = 7;
	struct arena arena;

	arena_init(&arena, 0, 0);
	for (unsigned round = 0; round < 5000; round++) {
		struct ipset a, b, d;

		state = state * 1664525 + 1013904223;
		a = chance_set(&state, ra, ta);
		state = state * 1664525 + 1013904223;
		b = chance_set(&state, rb, tb);
		ck_assert_int_eq(ipset_subtract(&arena, &a, &b, &d), FW_OK);
		for (unsigned i = 0; i < 32; i++) {
			bool v6 = i >= 16;
			struct ipaddr at =
				addr(v6 ? "ffff::" : "255.255.255.240");

			at.bytes[v6 ? 15 : 3] |= (uint8_t)(i & 15);
			ck_assert(ipset_has(&d, &at) ==
				  (ta[v6][i & 15] && !tb[v6][i & 15]));
		}
		for (size_t i = 1; i < d.n; i++)
			ck_assert_int_lt(
				ipaddr_cmp(&d.items[i - 1].hi, &d.items[i].lo),
				0);
	}
	arena_done(&arena);
}
END_TEST

START_TEST(counts_addresses)
{
	static const struct {
		const char *range;
		uint64_t most, size;
	} cases[] = {
		{"10.0.0.1", 100, 1},
		{"10.0.0.0/24", 1000, 256},
		{"10.0.0.255-10.0.1.0", 100, 2},
		{"10.0.255.255-10.1.0.0", 100, 2},
		{"10.0.0.0/24", 255, 255},
		{"0.0.0.0/0", 1000, 1000},
		{"::/0", 1000, 1000},
		{"2001:db8::-2001:db8::1:0", 100000, 65537},
		{"fd00::ffff:ffff:ffff:ffff-fd00:0:0:1::", 100, 2},
	};
	struct iprange r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ck_assert_int_eq(iprange_parse(str_of(cases[i].range), &r),
				 FW_OK);
		ck_assert_uint_eq(iprange_size(&r, cases[i].most),
				  cases[i].size);
	}
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, counts_addresses);
	tcase_add_test(tc, addresses_are_read_and_printed);
	tcase_add_test(tc, addresses_with_ports);
	tcase_add_test(tc, next_carries_and_ends);
	tcase_add_test(tc, families_are_ordered);
	tcase_add_test(tc, every_prefix_is_itself);
	tcase_add_test(tc, ranges_are_read_strictly);
	tcase_add_test(tc, sets_agree_with_a_table);
	tcase_add_test(tc, sets_hold_both_families);
	tcase_add_test(tc, a_set_has_all_of_a_family);
	tcase_add_test(tc, differences_agree_with_a_table);
}

int main(void)
{
	return run_suite("base/ipaddr", add);
}
