/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One client that floods takes nothing from others. */
#include "tests/unit/engine_case.h"

static struct ipaddr client_of(unsigned n)
{
	return ipaddr_v4((const uint8_t[]){10, 0, 0, (uint8_t)n});
}

static void forget_outputs(struct lab *l)
{
	strbuf_done(&l->outputs);
	strbuf_init(&l->outputs, 0);
}

static void forget_events(struct lab *l)
{
	strbuf_done(&l->events);
	strbuf_init(&l->events, 0);
}

/* A connection that is not told from others yet. */
static void begin(struct lab *l, struct ipaddr client)
{
	l->ends.client = client;
	l->ends.cport++;
	lab_send(l, DIR_CLIENT, TCP_SYN, 0, 0, none);
}

START_TEST(a_client_has_a_share_of_flows)
{
	struct engine_options opt = {.most_flows = 8};
	struct lab *l = lab_new(POLICY, &opt);

	begin(l, client_of(7));
	begin(l, client_of(7));
	begin(l, client_of(7));
	lab_expect(l, "pass 1, pass 2, drop 3");
	lab_expect_events(l, "client.limit");
	begin(l, client_of(8));
	lab_expect(l, "pass 4");
	lab_free(l);
}
END_TEST

START_TEST(what_is_decided_is_no_part_of_a_share)
{
	struct engine_options opt = {.most_flows = 8};
	struct lab *l = lab_new(POLICY, &opt);
	struct reader hello = lab_hello("evil.example.org");

	for (unsigned i = 0; i < 20; i++) {
		begin(l, client_of(7));
		lab_client(l, 1, hello);
		forget_outputs(l);
	}
	forget_events(l);
	begin(l, client_of(7));
	begin(l, client_of(7));
	lab_expect(l, "pass 41, pass 42");
	lab_expect_events(l, "");
	lab_free(l);
}
END_TEST

START_TEST(fail_open_is_no_way_past_a_share)
{
	struct engine_options opt = {.most_flows = 4};
	struct lab *l =
		lab_new("gateway: { fail = \"open\"; };\n" POLICY, &opt);

	begin(l, client_of(7));
	begin(l, client_of(7));
	lab_expect(l, "pass 1, drop 2");
	lab_expect_events(l, "client.limit");
	lab_free(l);
}
END_TEST

START_TEST(an_ipv6_network_is_one_client)
{
	struct engine_options opt = {.most_flows = 4};
	struct lab *l = lab_new(POLICY, &opt);
	uint8_t a[16] = {0xfd, 0, 0, 0x10, [15] = 1};

	l->ends.server = ipaddr_v6((const uint8_t[16]){0x20, 1, 0xd, 0xb8});
	begin(l, ipaddr_v6(a));
	a[8] = 9;
	begin(l, ipaddr_v6(a));
	lab_expect_events(l, "client.limit");
	a[7] = 1;
	begin(l, ipaddr_v6(a));
	lab_expect(l, "pass 1, drop 2, pass 3");
	/* Unless another host of it sends them. */
	l->has_mac = true;
	l->mac = (struct mac){{2, 0, 0, 0, 0, 7}};
	begin(l, ipaddr_v6(a));
	lab_expect(l, "pass 4");
	lab_free(l);
}
END_TEST

START_TEST(a_full_table_takes_from_who_has_most)
{
	struct engine_options opt = {.most_flows = 8};
	struct lab *l = lab_new(POLICY, &opt);

	for (unsigned n = 7; n < 11; n++) {
		begin(l, client_of(n));
		begin(l, client_of(n));
	}
	forget_outputs(l);
	lab_expect_events(l, "");
	begin(l, client_of(20));
	begin(l, client_of(20));
	lab_expect(l, "pass 9, pass 10");
	lab_expect_events(l, "client.limit, client.limit");
	lab_free(l);
}
END_TEST

START_TEST(what_was_given_up_is_not_taken_for_lost)
{
	struct engine_options opt = {.most_flows = 2};
	struct lab *l =
		lab_new("gateway: { fail = \"open\"; };\n" POLICY, &opt);

	begin(l, client_of(7));
	begin(l, client_of(8));
	begin(l, client_of(9));
	lab_expect_events(l, "client.limit");
	forget_outputs(l);
	l->ends.client = client_of(7);
	l->ends.cport -= 2;
	l->mark = MARK_PENDING;
	lab_client(l, 1, lab_hello("evil.example.org"));
	lab_expect_server_has(l, NULL, 0);
	lab_free(l);
}
END_TEST

/* A connection that has said one byte of a hello, which waits. */
static void hold_one(struct lab *l, struct ipaddr client)
{
	begin(l, client);
	lab_client(l, 1, reader_of(lab_hello("good.example.org").p, 1));
}

START_TEST(a_client_has_a_share_of_what_is_held)
{
	struct lab *l = lab_new(POLICY, NULL);
	struct reader hello = lab_hello("good.example.org");
	unsigned i;

	for (i = 0; i < LIMIT_HELD_TOTAL / LIMIT_CLIENT_PARTS; i++)
		hold_one(l, client_of(7));
	lab_expect_events(l, "");
	hold_one(l, client_of(7));
	lab_expect_events(l, "client.limit");
	begin(l, client_of(8));
	send_part(l, hello, 0, 30);
	send_part(l, hello, 30, hello.left);
	lab_expect_events(l, "rule.allow good");
	/* When their time is over, there is room again. */
	forget_outputs(l);
	lab_wait(l, LIMIT_HOLD_NS + 1);
	forget_events(l);
	hold_one(l, client_of(7));
	lab_expect_events(l, "");
	lab_free(l);
}
END_TEST

START_TEST(who_holds_most_makes_room)
{
	struct lab *l = lab_new(POLICY, NULL);
	struct reader hello = lab_hello("good.example.org");

	for (unsigned n = 7; n < 7 + LIMIT_CLIENT_PARTS; n++)
		for (unsigned i = 0; i < LIMIT_HELD_TOTAL / LIMIT_CLIENT_PARTS;
		     i++)
			hold_one(l, client_of(n));
	lab_expect_events(l, "");
	begin(l, client_of(20));
	send_part(l, hello, 0, 30);
	lab_expect_events(l, "client.limit");
	send_part(l, hello, 30, hello.left);
	lab_expect_events(l, "rule.allow good");
	lab_free(l);
}
END_TEST

START_TEST(who_has_most_is_told)
{
	struct lab *l = lab_new(POLICY, NULL);
	struct ipaddr eight = client_of(8);
	struct stats_fill fill;

	engine_fill(l->engine, &fill);
	ck_assert_uint_eq(fill.top.family, IP_NONE);
	begin(l, client_of(7));
	begin(l, client_of(8));
	hold_one(l, client_of(8));
	begin(l, client_of(9));
	engine_fill(l->engine, &fill);
	ck_assert_uint_eq(fill.flows, 4);
	ck_assert_uint_eq(fill.undecided, 4);
	ck_assert_uint_eq(fill.held, 1);
	ck_assert_uint_eq(fill.top_flows, 2);
	ck_assert_uint_eq(fill.top_held, 1);
	ck_assert(ipaddr_eq(&fill.top, &eight));
	/* When all is over, nobody has any. */
	lab_wait(l, LIMIT_IDLE_UNDECIDED_NS + 1);
	engine_fill(l->engine, &fill);
	ck_assert_uint_eq(fill.undecided, 0);
	ck_assert_uint_eq(fill.held, 0);
	ck_assert_uint_eq(fill.top.family, IP_NONE);
	lab_free(l);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, a_client_has_a_share_of_flows);
	tcase_add_test(tc, what_is_decided_is_no_part_of_a_share);
	tcase_add_test(tc, fail_open_is_no_way_past_a_share);
	tcase_add_test(tc, an_ipv6_network_is_one_client);
	tcase_add_test(tc, a_full_table_takes_from_who_has_most);
	tcase_add_test(tc, what_was_given_up_is_not_taken_for_lost);
	tcase_add_test(tc, a_client_has_a_share_of_what_is_held);
	tcase_add_test(tc, who_holds_most_makes_room);
	tcase_add_test(tc, who_has_most_is_told);
}

int main(void)
{
	return run_suite("clients", add);
}
