/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an answer of a resolver tells, and what it does not. */
#include "agent/binding/answer.h"

#include "tests/unit/dns_case.h"

#include <stdio.h>

#define NOW   1700000000u
#define FLOOR 3600u

static const uint8_t secret[32] = {9};
static struct bindings *b;
static void *memory;
static struct binding_questions *questions;
static const struct binding_askers askers = {.v4 = {1, {4}}, .v6 = {1, {6}}};
static struct bytes m, data;

static void setup(void)
{
	size_t size = bindings_size(65536);

	memory = malloc(size);
	ck_assert_ptr_nonnull(memory);
	bindings_format(memory, size, secret);
	b = bindings_new(memory, size);
	ck_assert_ptr_nonnull(b);
	questions = NULL;
}

static void teardown(void)
{
	bindings_free(b);
	free(memory);
	free(questions);
}

static void asks(unsigned id, const char *name, unsigned type)
{
	ck_assert(binding_note_question(b, &questions,
					dns_question(&m, id, name, type)));
}

static bool learn(void)
{
	return binding_learn_answer(b, questions, &askers,
				    reader_of(at_page_end(m.p, m.n), m.n), NOW,
				    FLOOR);
}

static struct ipaddr v4(uint32_t n)
{
	return ipaddr_v4((const uint8_t[]){(uint8_t)(n >> 24),
					   (uint8_t)(n >> 16),
					   (uint8_t)(n >> 8), (uint8_t)n});
}

static bool fits_at(const char *name, uint32_t address, uint32_t now)
{
	struct ipaddr a = v4(address);

	return bindings_ask(b, &askers.v4, bindings_name(b, str_of(name)), &a,
			    now, 0) == BINDING_FITS;
}

static bool fits(const char *name, uint32_t address)
{
	return fits_at(name, address, NOW);
}

START_TEST(addresses_belong_to_the_name_asked)
{
	asks(7, "Www.Example.org", DNS_A);
	dns_answer(&m, 7, "wWW.eXAMPLE.org", DNS_A);
	dns_a(&m, "www.example.org", 1);
	dns_a(&m, "WWW.EXAMPLE.ORG", 2);
	ck_assert(learn());
	ck_assert(fits("www.example.org", 1) && fits("www.example.org", 2));
	ck_assert(!fits("www.example.org", 3) && !fits("example.org", 1));
	/* The floor, not the second that the record has. */
	ck_assert(fits_at("www.example.org", 1, NOW + FLOOR - 1));
	ck_assert(!fits_at("www.example.org", 1, NOW + FLOOR));
	/* Once more. */
	ck_assert(learn());
}
END_TEST

START_TEST(a_long_life_is_kept_within_bounds)
{
	static const uint32_t ttls[][2] = {{7200, 7200},
					   {0x7fffffff, BINDING_MOST_SECONDS},
					   {0x80000001, FLOOR}};

	for (unsigned i = 0; i < 3; i++) {
		asks(i, "x.org", DNS_A);
		dns_answer(&m, i, "x.org", DNS_A);
		dns_record(&m, "x.org", DNS_A, ttls[i][0],
			   (const uint8_t[]){0, 0, 0, (uint8_t)i}, 4);
		ck_assert(learn());
		ck_assert(fits_at("x.org", i, NOW + ttls[i][1] - 1));
		ck_assert(!fits_at("x.org", i, NOW + ttls[i][1]));
	}
}
END_TEST

START_TEST(all_names_on_the_way_have_them)
{
	asks(7, "a.org", DNS_A);
	dns_answer(&m, 7, "a.org", DNS_A);
	/* In any order. */
	dns_a(&m, "c.org", 5);
	dns_alias(&m, "B.org", "C.org");
	dns_alias(&m, "a.org", "b.org");
	dns_a(&m, "d.org", 6); /* a stranger */
	dns_a(&m, "b.org", 7); /* not the last one */
	ck_assert(learn());
	ck_assert(fits("a.org", 5) && fits("b.org", 5) && fits("c.org", 5));
	ck_assert(!fits("d.org", 6) && !fits("a.org", 6));
	ck_assert(!fits("a.org", 7) && !fits("b.org", 7));
}
END_TEST

START_TEST(a_ring_of_names_ends)
{
	char from[16], to[16];

	asks(7, "a.org", DNS_A);
	dns_answer(&m, 7, "a.org", DNS_A);
	dns_alias(&m, "a.org", "b.org");
	dns_alias(&m, "b.org", "a.org");
	dns_a(&m, "b.org", 5);
	ck_assert(learn());
	ck_assert(fits("a.org", 5));
	asks(8, "n0.org", DNS_A);
	dns_answer(&m, 8, "n0.org", DNS_A);
	for (int i = 0; i < 40; i++) {
		(void)snprintf(from, sizeof(from), "n%d.org", i);
		(void)snprintf(to, sizeof(to), "n%d.org", i + 1);
		dns_alias(&m, from, to);
	}
	dns_a(&m, "n40.org", 6);
	ck_assert(learn());
	ck_assert(!fits("n0.org", 6) && !fits("n40.org", 6));
}
END_TEST

START_TEST(strangers_in_a_message_do_not_count)
{
	static const uint8_t p[4] = {0, 0, 0, 9};

	asks(7, "a.org", DNS_A);
	dns_answer(&m, 7, "a.org", DNS_A);
	dns_a(&m, "a.org", 1);
	dns_a(&m, "bank.org", 9);
	dns_record_in(&m, 3, "a.org", DNS_A, 1, p, 4);
	dns_record_in(&m, 3, "bank.org", DNS_A, 1, p, 4);
	ck_assert(learn());
	ck_assert(fits("a.org", 1) && !fits("a.org", 9));
	ck_assert(!fits("bank.org", 9));
}
END_TEST

START_TEST(what_nobody_asked_is_not_believed)
{
	asks(7, "a.org", DNS_A);
	dns_answer(&m, 8, "a.org", DNS_A);
	dns_a(&m, "a.org", 1);
	ck_assert(!learn());
	dns_answer(&m, 7, "b.org", DNS_A);
	dns_a(&m, "b.org", 1);
	ck_assert(!learn());
	dns_answer(&m, 7, "a.org", DNS_AAAA);
	dns_a(&m, "a.org", 1);
	ck_assert(!learn());
	dns_answer(&m, 7, "a.org", DNS_A);
	m.p[5] = 2; /* questions */
	dns_a(&m, "a.org", 1);
	ck_assert(!learn());
	ck_assert(!fits("a.org", 1) && !fits("b.org", 1));
	/* Without answers it tells nothing. */
	dns_answer(&m, 9, "z.org", DNS_A);
	ck_assert(learn());
	/* A question is no answer. */
	dns_question(&m, 7, "a.org", DNS_A);
	ck_assert(learn());
	ck_assert_uint_eq(bindings_count(b, NOW), 0);
}
END_TEST

START_TEST(many_questions_may_be_open)
{
	char name[16];

	for (unsigned i = 0; i < LIMIT_BINDING_QUESTIONS; i++) {
		(void)snprintf(name, sizeof(name), "n%u.org", i);
		asks(i, name, DNS_A);
	}
	for (unsigned i = 0; i < LIMIT_BINDING_QUESTIONS; i++) {
		(void)snprintf(name, sizeof(name), "n%u.org", i);
		dns_answer(&m, i, name, DNS_A);
		dns_a(&m, name, i);
		ck_assert(learn());
		ck_assert(fits(name, i));
	}
	asks(1000, "more.org", DNS_A);
	dns_answer(&m, 0, "n0.org", DNS_A);
	dns_a(&m, "n0.org", 99);
	ck_assert(!learn());
}
END_TEST

static void put_service(const char *owner, unsigned priority,
			const char *target, bool hints)
{
	data.n = 0;
	bytes_u16(&data, priority);
	dns_put_name(&data, target);
	if (hints) {
		bytes_u32(&data, 0x00010003); /* alpn h2 */
		bytes_add(&data, "\2h2", 3);
		bytes_u32(&data, 0x00040008); /* two of IPv4 */
		bytes_u32(&data, 21);
		bytes_u32(&data, 22);
		bytes_u32(&data, 0x00060010); /* one of IPv6 */
		bytes_add(&data, "0123456789abcdef", 16);
	}
	dns_record(&m, owner, DNS_HTTPS, 1, data.p, data.n);
}

START_TEST(services_have_hints)
{
	struct ipaddr a6 = ipaddr_v6((const uint8_t *)"0123456789abcdef");
	uint64_t n = bindings_name(b, str_of("www.a.org"));

	asks(7, "www.a.org", DNS_HTTPS);
	dns_answer(&m, 7, "www.a.org", DNS_HTTPS);
	dns_alias(&m, "www.a.org", "a.org");
	put_service("a.org", 1, ".", true);
	ck_assert(learn());
	ck_assert(fits("www.a.org", 21) && fits("a.org", 22));
	ck_assert_int_eq(bindings_ask(b, &askers.v6, n, &a6, NOW, 0),
			 BINDING_FITS);
	ck_assert_int_eq(bindings_ask(b, &askers.v4, n, &a6, NOW, 0),
			 BINDING_OTHERS);
}
END_TEST

START_TEST(services_stand_elsewhere)
{
	asks(7, "a.org", DNS_HTTPS);
	dns_answer(&m, 7, "a.org", DNS_HTTPS);
	put_service("a.org", 1, "svc.b.net", false);
	put_service("a.org", 2, "svc.c.net", true);
	ck_assert(learn());
	ck_assert(fits("a.org", 21) && !fits("svc.c.net", 21));
	asks(8, "svc.b.net", DNS_A);
	dns_answer(&m, 8, "svc.b.net", DNS_A);
	dns_a(&m, "svc.b.net", 31);
	ck_assert(learn());
	ck_assert(fits("a.org", 31) && fits("svc.b.net", 31));
	/* By another name alone. */
	asks(9, "e.org", DNS_HTTPS);
	dns_answer(&m, 9, "e.org", DNS_HTTPS);
	put_service("e.org", 0, "svc.b.net", false);
	ck_assert(learn());
	ck_assert(fits("e.org", 31) && !fits("e.org", 21));
}
END_TEST

START_TEST(services_of_a_port_are_of_the_name)
{
	asks(7, "_8443._https.a.org", DNS_HTTPS);
	dns_answer(&m, 7, "_8443._https.a.org", DNS_HTTPS);
	put_service("_8443._https.a.org", 1, ".", true);
	ck_assert(learn());
	ck_assert(fits("a.org", 21));
	/* Not where addresses are asked for. */
	asks(8, "_x.b.org", DNS_A);
	dns_answer(&m, 8, "_x.b.org", DNS_A);
	dns_a(&m, "_x.b.org", 1);
	ck_assert(learn());
	ck_assert(fits("_x.b.org", 1) && !fits("b.org", 1));
}
END_TEST

/* A dot in a label makes no other name of it. */
START_TEST(odd_bytes_are_names_of_their_own)
{
	asks(7, "a.org", DNS_A);
	m.p[13] = '.'; /* one label: ".": then "org" */
	ck_assert(binding_note_question(b, &questions, reader_of(m.p, m.n)));
	m.p[2] = 0x81;
	m.p[7] = 0;
	bytes_u16(&m, 0xc00c); /* the name asked */
	bytes_u16(&m, DNS_A);
	bytes_u16(&m, 1);
	bytes_u32(&m, 1);
	bytes_u16(&m, 4);
	bytes_u32(&m, 5);
	m.p[7] = 1;
	ck_assert(learn());
	ck_assert(fits("\\..org", 5) && !fits("..org", 5) && !fits("org", 5));
}
END_TEST

START_TEST(survives_whatever_comes)
{
	struct bytes whole;

	asks(7, "a.org", DNS_HTTPS);
	dns_answer(&m, 7, "a.org", DNS_HTTPS);
	dns_alias(&m, "a.org", "b.org");
	put_service("b.org", 1, "svc.b.net", true);
	dns_a(&m, "b.org", 3);
	whole = m;
	for (size_t n = 0; n < whole.n; n++) {
		m.n = n;
		(void)learn();
	}
	for (size_t i = 0; i < whole.n; i++) {
		static const uint8_t values[] = {0, 1, 0x3f, 0x7f, 0xc0, 0xff};

		for (unsigned v = 0; v < sizeof(values); v++) {
			m = whole;
			m.p[i] = values[v];
			(void)learn();
		}
	}
	ck_assert(!fits("bank.org", 3));
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, addresses_belong_to_the_name_asked);
	tcase_add_test(tc, a_long_life_is_kept_within_bounds);
	tcase_add_test(tc, all_names_on_the_way_have_them);
	tcase_add_test(tc, a_ring_of_names_ends);
	tcase_add_test(tc, strangers_in_a_message_do_not_count);
	tcase_add_test(tc, what_nobody_asked_is_not_believed);
	tcase_add_test(tc, many_questions_may_be_open);
	tcase_add_test(tc, services_have_hints);
	tcase_add_test(tc, services_stand_elsewhere);
	tcase_add_test(tc, services_of_a_port_are_of_the_name);
	tcase_add_test(tc, odd_bytes_are_names_of_their_own);
	tcase_add_test(tc, survives_whatever_comes);
}

int main(void)
{
	return run_suite("binding_answer", add);
}
