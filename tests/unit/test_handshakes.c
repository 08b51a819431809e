/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections whose SYN the kernel lets go by: the table of servers' answers,
 * and the engine that asks it. */
#include "agent/flow/handshakes.h"

#include "tests/unit/engine_case.h"

#define NOW 1700000000u

static struct handshakes *table;

static void setup(void)
{
	table = lab_handshakes(LIMIT_HANDSHAKES);
}

static void teardown(void)
{
	free(table);
}

/* The server's answer to this client's port. */
static struct packet answer_to(struct ipaddr client, uint16_t port)
{
	bool v4 = client.family == IP_V4;

	return (struct packet){
		.l4 = IPPROTO_TCP,
		.src = v4 ? ipaddr_v4((const uint8_t[]){192, 0, 2, 80})
			  : ipaddr_v6((const uint8_t[16]){0x20, 1, 0xd, 0xb8}),
		.dst = client,
		.sport = 443,
		.dport = port,
		.tcp_flags = TCP_SYN | TCP_ACK,
		.seq = 7000 + port,
		.ack = 3000 + port + 1,
		.window = 5,
		.has_timestamps = true,
		.tsval = 9};
}

/* What the client says first. */
static struct packet first_of(const struct packet *answer)
{
	return (struct packet){.l4 = IPPROTO_TCP,
			       .src = answer->dst,
			       .dst = answer->src,
			       .sport = answer->dport,
			       .dport = answer->sport,
			       .tcp_flags = TCP_ACK,
			       .seq = answer->ack,
			       .ack = answer->seq + 1};
}

static struct ipaddr v4(uint32_t n)
{
	return ipaddr_v4((const uint8_t[]){10, (uint8_t)(n >> 16),
					   (uint8_t)(n >> 8), (uint8_t)n});
}

/* In IPv6 those of one network: one client. */
static struct ipaddr v6(uint8_t n)
{
	return ipaddr_v6((const uint8_t[16]){0xfd, [15] = n});
}

static bool takes(const struct packet *pkt, int zone_src, int zone_dst,
		  uint32_t now, enum dir want)
{
	struct handshake h;
	enum dir dir;

	if (!handshakes_take(table, pkt, zone_src, zone_dst, now, &dir, &h))
		return false;
	ck_assert_int_eq(dir, want);
	return true;
}

START_TEST(what_a_server_answers_is_known_once)
{
	for (unsigned family = 0; family < 2; family++) {
		struct packet a = answer_to(family ? v6(7) : v4(7), 40000);
		struct packet p = first_of(&a);
		struct handshake h;
		enum dir dir;

		handshakes_note(table, &a, 2, 1, NOW);
		ck_assert(handshakes_take(table, &p, 1, 2, NOW, &dir, &h));
		ck_assert_int_eq(dir, DIR_CLIENT);
		ck_assert_uint_eq(h.isn[DIR_CLIENT], 43000);
		ck_assert_uint_eq(h.isn[DIR_SERVER], 47000);
		ck_assert_uint_eq(h.answer.window, 5);
		ck_assert_uint_eq(h.answer.tsval, 9);
		ck_assert(h.answer.has_timestamps);
		ck_assert(!takes(&p, 1, 2, NOW, DIR_CLIENT));
	}
}
END_TEST

START_TEST(a_server_may_speak_first)
{
	struct packet a = answer_to(v4(7), 40000), p = a;

	p.tcp_flags = TCP_ACK;
	p.seq = a.seq + 1;
	handshakes_note(table, &a, 2, 1, NOW);
	ck_assert(takes(&p, 2, 1, NOW, DIR_SERVER));
	/* What it has said before that may be lost on its way. */
	handshakes_note(table, &a, 2, 1, NOW);
	p.seq = a.seq + 1001;
	ck_assert(takes(&p, 2, 1, NOW, DIR_SERVER));
	handshakes_note(table, &a, 2, 1, NOW);
	p.seq = a.seq - 1;
	ck_assert(!takes(&p, 2, 1, NOW, DIR_SERVER));
}
END_TEST

START_TEST(another_connection_is_not_known_by_it)
{
	struct packet a = answer_to(v4(7), 40000), p = first_of(&a), other;

	handshakes_note(table, &a, 2, 1, NOW);
	other = p;
	other.ack++;
	ck_assert(!takes(&other, 1, 2, NOW, DIR_CLIENT));
	other = p;
	other.tcp_flags = TCP_RST;
	ck_assert(!takes(&other, 1, 2, NOW, DIR_CLIENT));
	other = p;
	other.sport++;
	ck_assert(!takes(&other, 1, 2, NOW, DIR_CLIENT));
	/* From where the server is not. */
	ck_assert(!takes(&p, 1, 3, NOW, DIR_CLIENT));
	ck_assert(!takes(&p, 3, 2, NOW, DIR_CLIENT));
	ck_assert(!takes(&p, 1, 2, NOW + LIMIT_HANDSHAKE_SECONDS + 1,
			 DIR_CLIENT));
	ck_assert(takes(&p, 1, 2, NOW, DIR_CLIENT));
	/* Nothing but an answer is one. */
	for (unsigned flags = 0; flags < 64; flags++) {
		if ((flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) ==
		    (TCP_SYN | TCP_ACK))
			continue;
		a.tcp_flags = (uint8_t)flags;
		handshakes_note(table, &a, 2, 1, NOW);
		ck_assert(!takes(&p, 1, 2, NOW, DIR_CLIENT));
	}
}
END_TEST

START_TEST(the_last_answer_counts)
{
	struct packet a = answer_to(v4(7), 40000), first = first_of(&a), last;

	handshakes_note(table, &a, 2, 1, NOW);
	a.seq += 100000;
	a.ack += 5;
	last = first_of(&a);
	handshakes_note(table, &a, 2, 1, NOW);
	ck_assert(!takes(&first, 1, 2, NOW, DIR_CLIENT));
	ck_assert(takes(&last, 1, 2, NOW, DIR_CLIENT));
}
END_TEST

/* Of 1000 other clients, those whose connections are still known behind a
 * million of one client. */
START_TEST(one_client_takes_little_from_others)
{
	unsigned kept = 0;

	for (uint32_t i = 0; i < 1000; i++) {
		struct packet a = answer_to(v4(1000 + i), 40000);

		handshakes_note(table, &a, 2, 1, NOW);
	}
	for (uint32_t i = 0; i < 1000000; i++) {
		struct packet a = answer_to(v4(7), (uint16_t)i);

		a.sport = (uint16_t)(i >> 16);
		handshakes_note(table, &a, 2, 1, NOW + 1);
	}
	for (uint32_t i = 0; i < 1000; i++) {
		struct packet a = answer_to(v4(1000 + i), 40000);
		struct packet p = first_of(&a);

		kept += takes(&p, 1, 2, NOW + 1, DIR_CLIENT);
	}
	/* An eighth is the flood's. */
	ck_assert_uint_ge(kept, 800);
	ck_assert_uint_lt(kept, 1000);
}
END_TEST

/* --- the engine ---------------------------------------------------------- */

START_TEST(a_flow_begins_by_its_copy)
{
	struct reader hello = lab_hello("good.example.org");
	struct lab *l = lab_new(POLICY, NULL);

	lab_begin(l);
	lab_client(l, 1, hello);
	acknowledge(l, 1 + (uint32_t)hello.left);
	lab_expect(l, "pass 1, allow 2");
	lab_expect_events(l, "rule.allow good");
	lab_expect_server_has(l, hello.p, hello.left);
	lab_free(l);

	l = lab_new(POLICY, NULL);
	lab_begin(l);
	lab_client(l, 1, lab_hello("evil.example.org"));
	lab_expect_events(l, "default.deny");
	lab_expect_server_has(l, NULL, 0);
	lab_free(l);
}
END_TEST

/* The client would have its first bytes read elsewhere than its server does. */
START_TEST(what_comes_first_may_lie_behind)
{
	struct reader hello = lab_hello("good.example.org");
	struct lab *l = lab_new(POLICY, NULL);

	lab_begin(l);
	lab_client(l, 101, hello);
	lab_expect(l, "");
	lab_client(l, 1, text("GET /evil HTTP/1.1\r\nHost: evil\r\n\r\n"));
	lab_expect_server_has(l, NULL, 0);
	lab_expect_events(l, "default.deny");
	lab_free(l);

	l = lab_new(POLICY, NULL);
	lab_begin(l);
	send_part(l, hello, 60, hello.left);
	send_part(l, hello, 0, 60);
	acknowledge(l, 1 + (uint32_t)hello.left);
	lab_expect(l, "pass 1, pass 2, allow 3");
	lab_free(l);
}
END_TEST

START_TEST(without_an_answer_the_beginning_is_lost)
{
	struct lab *l = lab_new(POLICY, NULL);

	l->mark = MARK_PENDING;
	lab_client(l, 1, lab_hello("good.example.org"));
	lab_expect_events(l, "stream.midstream");
	lab_expect_server_has(l, NULL, 0);
	lab_free(l);

	/* Whoever sends it from the client's side is no server. */
	l = lab_new(POLICY, NULL);
	lab_answer_from(l, 1, 1);
	l->mark = MARK_PENDING;
	lab_client(l, 1, lab_hello("good.example.org"));
	lab_expect_events(l, "stream.midstream");
	lab_expect_server_has(l, NULL, 0);
	lab_free(l);
}
END_TEST

/* Nobody has asked for it, and nobody is told. */
START_TEST(a_connection_that_is_refused_is_no_event)
{
	struct lab *l = lab_new(POLICY, NULL);

	l->mark = MARK_PENDING;
	lab_send(l, DIR_SERVER, TCP_RST | TCP_ACK, 0, 1, none);
	lab_expect(l, "pass 1");
	lab_expect_events(l, "");
	lab_send(l, DIR_CLIENT, TCP_RST, 1, 0, text("secret"));
	lab_expect_server_has(l, NULL, 0);
	lab_free(l);
}
END_TEST

START_TEST(a_banner_comes_first)
{
	struct reader banner = text("SSH-2.0-OpenSSH_9.2\r\n");
	struct lab *l = lab_new(POLICY, NULL);

	l->ends.sport = 22;
	lab_begin(l);
	lab_server(l, 1, 1, banner);
	lab_expect(l, "pass 1");
	lab_client(l, 1, text("SSH-2.0-client\r\n"));
	lab_expect_events(l, "rule.allow banner");
	lab_free(l);
}
END_TEST

/* On the ports of one that was allowed. */
static void expect_another(uint32_t client_step, uint32_t server_step)
{
	struct reader hello = lab_hello("good.example.org");
	struct lab *l = lab_new(POLICY, NULL);

	lab_begin(l);
	lab_client(l, 1, hello);
	acknowledge(l, 1 + (uint32_t)hello.left);
	lab_expect(l, "pass 1, allow 2");
	memset(l->have, 0, sizeof(l->have));
	l->ends.isn[DIR_CLIENT] += client_step;
	l->ends.isn[DIR_SERVER] += server_step;
	lab_begin(l);
	lab_client(l, 1, lab_hello("evil.example.org"));
	lab_expect_events(l, "rule.allow good, default.deny");
	lab_expect_server_has(l, NULL, 0);
	lab_free(l);
}

START_TEST(another_connection_is_judged_by_itself)
{
	expect_another(100000, 100000);
	expect_another((uint32_t)-1000, 100000);
	expect_another(10, 0);
	expect_another(0, 100000);
	expect_another(0, 0);
}
END_TEST

/* A network brings the answer once more. */
START_TEST(the_same_answer_again_is_no_news)
{
	struct reader hello = lab_hello("good.example.org");
	struct lab *l = lab_new(POLICY, NULL);

	lab_begin(l);
	send_part(l, hello, 0, 60);
	lab_begin(l);
	send_part(l, hello, 60, hello.left);
	lab_begin(l);
	acknowledge(l, 1 + (uint32_t)hello.left);
	lab_expect(l, "pass 1, pass 2, allow 3");
	lab_free(l);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_a_server_answers_is_known_once);
	tcase_add_test(tc, a_server_may_speak_first);
	tcase_add_test(tc, another_connection_is_not_known_by_it);
	tcase_add_test(tc, the_last_answer_counts);
	tcase_add_test(tc, one_client_takes_little_from_others);
	tcase_add_test(tc, a_flow_begins_by_its_copy);
	tcase_add_test(tc, what_comes_first_may_lie_behind);
	tcase_add_test(tc, without_an_answer_the_beginning_is_lost);
	tcase_add_test(tc, a_connection_that_is_refused_is_no_event);
	tcase_add_test(tc, a_banner_comes_first);
	tcase_add_test(tc, another_connection_is_judged_by_itself);
	tcase_add_test(tc, the_same_answer_again_is_no_news);
}

int main(void)
{
	return run_suite("handshakes", add);
}
