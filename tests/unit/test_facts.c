/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/facts.h"

#include "policy/base/arena.h"

#include "tests/unit/support.h"

#include <check.h>

static struct arena arena;
static struct facts facts;

static void set_up(void)
{
	arena_init(&arena, 0, 0);
	facts_init(&facts, &arena);
}

static void tear_down(void)
{
	arena_done(&arena);
}

START_TEST(nothing_is_known_at_first)
{
	ck_assert(facts.open);
	ck_assert_uint_eq(facts.n_layers, 0);
	ck_assert_int_eq(facts.zone_src, -1);
	ck_assert_int_eq(facts.zone_dst, -1);
	ck_assert_uint_eq(facts_get(&facts, FIELD_HOST, 0).len, 0);
}
END_TEST

START_TEST(layers_open_and_settle)
{
	ck_assert(facts_layer_begin(&facts, APP_HTTP));
	ck_assert(!facts.open);
	ck_assert(!facts.layers[0].settled);
	facts_layer_settle(&facts, true);
	ck_assert(facts.layers[0].settled);
	ck_assert(facts.open);
	ck_assert(facts_layer_begin(&facts, APP_TLS));
	facts_layer_settle(&facts, false);
	ck_assert(!facts.open);
	ck_assert_uint_eq(facts.n_layers, 2);
}
END_TEST

START_TEST(layers_are_bounded)
{
	for (int i = 0; i < FACTS_LAYERS_MAX; i++)
		ck_assert(facts_layer_begin(&facts, APP_SOCKS));
	ck_assert(!facts_layer_begin(&facts, APP_TLS));
	ck_assert_uint_eq(facts.n_layers, FACTS_LAYERS_MAX);
}
END_TEST

START_TEST(values_belong_to_their_layer)
{
	char wire[] = "a.example";

	ck_assert(facts_layer_begin(&facts, APP_HTTP));
	facts_add(&facts, FIELD_HOST, 0, str_of(wire));
	facts_add(&facts, FIELD_HOST, 1, str_of("b.example"));
	memset(wire, 'x', 9);
	ck_assert(facts_layer_begin(&facts, APP_TLS));
	facts_add(&facts, FIELD_HOST, 0, str_mem("c\0d", 3));
	ck_assert(str_is(facts_get(&facts, FIELD_HOST, 0), "a.example"));
	ck_assert_uint_eq(facts_get(&facts, FIELD_HOST, 1).len, 3);
	ck_assert_uint_eq(facts.values[1].message, 1);
	ck_assert_uint_eq(facts.values[2].layer, 1);
	ck_assert_uint_eq(facts_get(&facts, FIELD_TLS_SNI, 0).len, 0);
}
END_TEST

START_TEST(values_are_bounded_and_counted)
{
	ck_assert(facts_layer_begin(&facts, APP_HTTP));
	for (unsigned i = 0; i < FACTS_VALUES_MAX + 10; i++)
		facts_add(&facts, FIELD_HTTP_HOST, i, str_of("x"));
	ck_assert_uint_eq(facts.n_values, FACTS_VALUES_MAX);
	ck_assert_uint_eq(facts.dropped, 10);
}
END_TEST

START_TEST(values_without_memory_are_counted)
{
	struct arena small;

	arena_init(&small, 512, 512);
	facts_init(&facts, &small);
	ck_assert(facts_layer_begin(&facts, APP_HTTP));
	for (unsigned i = 0; i < 100; i++)
		facts_add(&facts, FIELD_HTTP_HOST, i, str_of("0123456789"));
	ck_assert_uint_lt(facts.n_values, 100);
	ck_assert_uint_eq(facts.n_values + facts.dropped, 100);
	arena_done(&small);
}
END_TEST

START_TEST(message_numbers_do_not_wrap)
{
	ck_assert(facts_layer_begin(&facts, APP_HTTP));
	facts_add(&facts, FIELD_HTTP_HOST, 70000, str_of("x"));
	ck_assert_uint_eq(facts.values[0].message, 65535);
}
END_TEST

START_TEST(apps_are_found_by_name)
{
	for (enum app a = 0; a < APP_COUNT; a++)
		ck_assert_int_eq(app_find(str_of(app_name(a))), a);
	ck_assert_int_eq(app_find(str_of("TLS")), APP_COUNT);
	ck_assert_int_eq(app_find(str_of("")), APP_COUNT);
	ck_assert_str_eq(app_name(APP_COUNT), "none");
	ck_assert(app_carries_name(APP_TLS));
	ck_assert(!app_carries_name(APP_UNKNOWN));
	ck_assert(!app_carries_name(APP_COUNT));
}
END_TEST

START_TEST(fields_have_names_of_their_own)
{
	for (enum field a = 0; a < FIELD_COUNT; a++)
		for (enum field b = 0; b < a; b++)
			ck_assert_str_ne(field_name(a), field_name(b));
	ck_assert_str_eq(field_name(FIELD_COUNT), "none");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("facts");
	TCase *c = tcase_create("layers and values");

	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_add_test(c, nothing_is_known_at_first);
	tcase_add_test(c, layers_open_and_settle);
	tcase_add_test(c, layers_are_bounded);
	tcase_add_test(c, values_belong_to_their_layer);
	tcase_add_test(c, values_are_bounded_and_counted);
	tcase_add_test(c, values_without_memory_are_counted);
	tcase_add_test(c, message_numbers_do_not_wrap);
	tcase_add_test(c, apps_are_found_by_name);
	tcase_add_test(c, fields_have_names_of_their_own);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return run_made_suite(suite());
}
