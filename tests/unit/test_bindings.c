/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/binding/bindings.h"

#include "tests/unit/support.h"

#define NOW  1700000000u
#define HOUR 3600u

static const uint8_t secret[32] = {1, 2, 3};
static void *memory;
static size_t size;
static struct bindings *b;

static void open_table(size_t entries)
{
	size = bindings_size(entries);
	memory = malloc(size);
	ck_assert_ptr_nonnull(memory);
	bindings_format(memory, size, secret);
	b = bindings_new(memory, size);
	ck_assert_ptr_nonnull(b);
}

static void setup(void)
{
	open_table(4096);
}

static void teardown(void)
{
	bindings_free(b);
	free(memory);
}

static struct binding_client client(uint8_t n)
{
	return (struct binding_client){.len = 1, .bytes = {n}};
}

static struct ipaddr v4(uint32_t n)
{
	return ipaddr_v4((const uint8_t[]){(uint8_t)(n >> 24),
					   (uint8_t)(n >> 16),
					   (uint8_t)(n >> 8), (uint8_t)n});
}

static uint64_t name(const char *z)
{
	return bindings_name(b, str_of(z));
}

static void learn(uint8_t who, const char *n, uint32_t address, uint32_t expiry)
{
	struct binding_client c = client(who);
	struct ipaddr a = v4(address);

	bindings_learn(b, &c, name(n), &a, NOW, expiry);
}

static enum binding_answer ask(uint8_t who, const char *n, uint32_t address,
			       uint32_t now)
{
	struct binding_client c = client(who);
	struct ipaddr a = v4(address);

	return bindings_ask(b, &c, name(n), &a, now, 0);
}

START_TEST(a_name_fits_what_its_client_was_told)
{
	learn(1, "good.example.org", 1, NOW + HOUR);
	learn(1, "good.example.org", 2, NOW + HOUR);
	ck_assert_int_eq(ask(1, "good.example.org", 1, NOW), BINDING_FITS);
	ck_assert_int_eq(ask(1, "GOOD.example.ORG", 2, NOW), BINDING_FITS);
	ck_assert_int_eq(ask(1, "good.example.org", 3, NOW), BINDING_OTHERS);
	ck_assert_int_eq(ask(1, "other.example.org", 1, NOW), BINDING_UNKNOWN);
	ck_assert_int_eq(ask(2, "good.example.org", 1, NOW), BINDING_UNKNOWN);
}
END_TEST

START_TEST(families_are_apart)
{
	struct binding_client c = client(1);
	struct ipaddr a4 = v4(0x20010db8), a6 = {.family = IP_V6};

	memcpy(a6.bytes, a4.bytes, 4);
	bindings_learn(b, &c, name("x.org"), &a4, NOW, NOW + 1);
	ck_assert_int_eq(bindings_ask(b, &c, name("x.org"), &a6, NOW, 0),
			 BINDING_OTHERS);
}
END_TEST

START_TEST(it_expires_unless_a_flow_uses_it)
{
	struct binding_client c = client(1);
	struct ipaddr a = v4(1);

	learn(1, "x.org", 1, NOW + 60);
	ck_assert_int_eq(ask(1, "x.org", 1, NOW + 59), BINDING_FITS);
	ck_assert_int_eq(ask(1, "x.org", 1, NOW + 60), BINDING_UNKNOWN);
	learn(1, "x.org", 1, NOW + 60);
	ck_assert_int_eq(
		bindings_ask(b, &c, name("x.org"), &a, NOW + 50, NOW + HOUR),
		BINDING_FITS);
	ck_assert_int_eq(ask(1, "x.org", 1, NOW + HOUR - 1), BINDING_FITS);
	ck_assert_int_eq(ask(1, "x.org", 2, NOW + HOUR - 1), BINDING_OTHERS);
	/* An answer that is shorter takes nothing away. */
	learn(1, "x.org", 1, NOW + 60);
	ck_assert_int_eq(ask(1, "x.org", 1, NOW + HOUR - 1), BINDING_FITS);
}
END_TEST

START_TEST(no_clock_makes_it_stay_for_ever)
{
	learn(1, "x.org", 1, UINT32_MAX);
	ck_assert_int_eq(ask(1, "x.org", 1, NOW + BINDING_MOST_SECONDS - 1),
			 BINDING_FITS);
	ck_assert_int_eq(ask(1, "x.org", 1, NOW + BINDING_MOST_SECONDS),
			 BINDING_UNKNOWN);
	/* It was learnt by a clock that was years ahead. */
	ck_assert_int_eq(ask(1, "x.org", 1, NOW - BINDING_MOST_SECONDS),
			 BINDING_UNKNOWN);
}
END_TEST

START_TEST(a_name_may_stand_for_others)
{
	struct binding_client c = client(1), other = client(2);
	struct ipaddr a = v4(7);

	bindings_alias(b, &c, name("x.org"), name("svc.x.net"), 0, NOW,
		       NOW + 9);
	bindings_alias(b, &c, name("x.org"), name("svc2.x.net"), 1, NOW,
		       NOW + 9);
	ck_assert_int_eq(ask(1, "x.org", 7, NOW), BINDING_UNKNOWN);
	learn(1, "svc2.x.net", 7, NOW + 9);
	ck_assert_int_eq(ask(1, "x.org", 7, NOW), BINDING_FITS);
	ck_assert_int_eq(ask(1, "x.org", 8, NOW), BINDING_UNKNOWN);
	ck_assert_int_eq(ask(1, "svc.x.net", 7, NOW), BINDING_UNKNOWN);
	ck_assert_int_eq(bindings_ask(b, &other, name("x.org"), &a, NOW, 0),
			 BINDING_UNKNOWN);
	/* The last word counts. */
	bindings_alias(b, &c, name("x.org"), name("y.net"), 1, NOW, NOW + 9);
	ck_assert_int_eq(ask(1, "x.org", 7, NOW), BINDING_UNKNOWN);
}
END_TEST

START_TEST(who_floods_drives_out_himself)
{
	for (uint8_t who = 2; who < 12; who++)
		learn(who, "quiet.example.org", who, NOW + HOUR);
	for (uint32_t i = 0; i < 100000; i++)
		learn(1, "flood.example.org", i, NOW + 2 * HOUR);
	for (uint8_t who = 2; who < 12; who++)
		ck_assert_int_eq(ask(who, "quiet.example.org", who, NOW),
				 BINDING_FITS);
	ck_assert_uint_gt(bindings_count(b, NOW), 4000);
	/* What has expired makes room for all. */
	for (uint32_t i = 0; i < 500; i++) {
		struct binding_client c = client(20);
		struct ipaddr a = v4(i);

		bindings_learn(b, &c, name("late.org"), &a, NOW + 3 * HOUR,
			       NOW + 4 * HOUR);
	}
	ck_assert_uint_ge(bindings_count(b, NOW + 3 * HOUR), 495);
}
END_TEST

START_TEST(a_full_table_keeps_a_million)
{
	teardown();
	open_table(1048576);
	ck_assert_uint_le(size, 32u << 20);
	for (uint32_t i = 0; i < 500000; i++) {
		struct binding_client c = {.len = 4};
		struct ipaddr a = v4(i);

		memcpy(c.bytes, &i, 4);
		bindings_learn(b, &c, i, &a, NOW, NOW + HOUR);
	}
	/* Two entries each: filled to the brim. */
	ck_assert_uint_gt(bindings_count(b, NOW), 850000);
}
END_TEST

START_TEST(it_is_there_after_a_restart)
{
	void *copy = malloc(size);

	learn(1, "x.org", 1, NOW + 60);
	bindings_free(b);
	memcpy(copy, memory, size);
	free(memory);
	memory = copy;
	b = bindings_new(memory, size);
	ck_assert_ptr_nonnull(b);
	ck_assert_int_eq(ask(1, "x.org", 1, NOW), BINDING_FITS);
}
END_TEST

START_TEST(what_is_no_table_is_refused)
{
	uint8_t *p = memory;

	ck_assert(bindings_is_table(memory, size));
	ck_assert(!bindings_is_table(memory, size / 2));
	ck_assert(!bindings_is_table(memory, 16));
	for (unsigned i = 0; i < 24; i++) {
		p[i] ^= 1;
		ck_assert(!bindings_is_table(memory, size));
		ck_assert_ptr_null(bindings_new(memory, size));
		p[i] ^= 1;
	}
}
END_TEST

START_TEST(any_bytes_are_a_table)
{
	uint8_t *p = memory;
	uint32_t x = 1;

	for (size_t i = 56; i < size; i++)
		p[i] = (uint8_t)((x = x * 1103515245 + 12345) >> 16);
	for (uint32_t i = 0; i < 20000; i++)
		learn((uint8_t)i, "x.org", i, NOW + 60);
	ck_assert_int_eq(ask(31, "x.org", 19999, NOW), BINDING_FITS);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_name_fits_what_its_client_was_told);
	tcase_add_test(tc, families_are_apart);
	tcase_add_test(tc, it_expires_unless_a_flow_uses_it);
	tcase_add_test(tc, no_clock_makes_it_stay_for_ever);
	tcase_add_test(tc, a_name_may_stand_for_others);
	tcase_add_test(tc, who_floods_drives_out_himself);
	tcase_add_test(tc, a_full_table_keeps_a_million);
	tcase_add_test(tc, it_is_there_after_a_restart);
	tcase_add_test(tc, what_is_no_table_is_refused);
	tcase_add_test(tc, any_bytes_are_a_table);
}

int main(void)
{
	return run_suite("bindings", add);
}
