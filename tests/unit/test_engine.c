/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of a flow, packet by packet. */
#include "tests/unit/engine_case.h"

START_TEST(a_handshake_passes)
{
	struct lab *l = lab_new(POLICY, NULL);

	lab_send(l, DIR_CLIENT, TCP_SYN, 0, 0, none);
	lab_send(l, DIR_SERVER, TCP_SYN | TCP_ACK, 0, 1, none);
	lab_send(l, DIR_CLIENT, TCP_ACK, 1, 1, none);
	lab_expect(l, "pass 1, pass 2, pass 3");
	lab_expect_events(l, "");
	lab_free(l);
}
END_TEST

START_TEST(a_whole_hello_is_allowed_or_refused)
{
	struct lab *l = connected(POLICY);
	struct reader hello = lab_hello("good.example.org");

	lab_client(l, 1, hello);
	lab_expect(l, "pass 4");
	lab_expect_events(l, "rule.allow good");
	lab_expect_server_has(l, hello.p, hello.left);
	acknowledge(l, 1 + (uint32_t)hello.left);
	lab_expect(l, "allow 5");
	lab_free(l);

	l = connected(POLICY);
	lab_client(l, 1, lab_hello("bad.example.org"));
	lab_expect(l, "refuse 4, to server RA seq 1 ack 1");
	lab_expect_events(l, "default.deny");
	lab_expect_server_has(l, NULL, 0);
	lab_free(l);
}
END_TEST

/* `back`: the second part comes first. */
static void play_cut(uint32_t isn, const char *name, size_t cut, bool back)
{
	struct lab *l = lab_new(POLICY, NULL);
	struct reader hello = lab_hello(name);
	bool good = !strcmp(name, "good.example.org");

	l->ends.isn[DIR_CLIENT] = isn;
	l->ends.isn[DIR_SERVER] = isn - 1;
	lab_connect(l);
	for (unsigned i = 0; i < 2; i++) {
		bool first = (i == 0) != back;

		send_part(l, hello, first ? 0 : cut, first ? cut : hello.left);
	}
	lab_expect_events(l, good ? "rule.allow good" : "default.deny");
	lab_expect_server_has(l, hello.p, good ? hello.left : 0);
	lab_expect(l, good ? "pass 4, pass 5"
			   : "drop 4, refuse 5, to server RA seq 1 ack 1");
	lab_free(l);
}

START_TEST(a_hello_in_two_is_one)
{
	static const uint32_t isns[] = {1000, UINT32_MAX - 40, UINT32_MAX};
	size_t n = lab_hello("good.example.org").left;

	for (size_t i = 0; i < 3; i++)
		for (size_t cut = 1; cut < n; cut++)
			for (unsigned back = 0; back < 2; back++) {
				play_cut(isns[i], "good.example.org", cut,
					 back);
				play_cut(isns[i], "evil.example.org", cut,
					 back);
			}
}
END_TEST

START_TEST(a_retransmit_is_acknowledged_and_then_delivered)
{
	struct lab *l = connected(POLICY);
	struct reader hello = lab_hello("good.example.org");

	send_part(l, hello, 0, 30);
	send_part(l, hello, 0, 30);
	/* A client that sends again waits for an answer: it gets one. */
	lab_expect(l, "drop 5, drop 4, to client A seq 1 ack 31");
	lab_expect_server_has(l, NULL, 0);
	send_part(l, hello, 30, hello.left);
	lab_expect(l, "drop 6, to server PA seq 1 ack 1 bytes 77");
	lab_expect_events(l, "rule.allow good");
	lab_expect_server_has(l, hello.p, hello.left);
	/* Again and again until the server has it, then the kernel goes on. */
	lab_wait(l, LAB_SECOND / 2);
	lab_expect(l, "to server PA seq 1 ack 1 bytes 77");
	lab_server(l, 1, 20, none);
	lab_expect(l, "pass 7");
	lab_server(l, 1, 1 + (uint32_t)hello.left, none);
	lab_expect(l, "allow 8");
	lab_wait(l, 4 * LAB_SECOND);
	lab_expect(l, "");
	lab_free(l);
}
END_TEST

START_TEST(refuses_bytes_that_change)
{
	struct lab *l = connected(POLICY);
	struct reader hello = lab_hello("good.example.org");
	struct reader other = lab_hello("evil.example.org");

	send_part(l, hello, 0, 70);
	send_part(l, other, 50, other.left);
	lab_expect(l, "drop 4, refuse 5, to server RA seq 1 ack 1");
	lab_expect_events(l, "stream.conflict");
	lab_expect_server_has(l, NULL, 0);
	lab_free(l);
}
END_TEST

#define UNKNOWN_TOO                                                            \
	ZONES "egress: ("                                                      \
	      " { name = \"good\"; app = \"tls\"; host = "                     \
	      "\"good.example.org\"; action = \"allow\"; },"                   \
	      " { name = \"others\"; app = \"unknown\"; action = \"allow\"; }" \
	      ");"

static void expect_untold(const char *name, size_t first, const char *want,
			  const char *event)
{
	struct lab *l = connected(UNKNOWN_TOO);
	struct reader hello = lab_hello(name);

	send_part(l, hello, 0, first);
	lab_expect(l, "");
	lab_wait(l, LIMIT_HOLD_NS);
	lab_expect(l, "pass 4");
	lab_expect_events(l, "");
	send_part(l, hello, 0, first);
	lab_expect(l, "pass 5");
	send_part(l, hello, first, hello.left);
	lab_expect(l, want);
	lab_expect_events(l, event);
	lab_free(l);
}

/* What may yet become anything is not refused for it, and not let be it. */
START_TEST(what_tells_nothing_goes_on_where_unknown_may)
{
	struct lab *l = connected(UNKNOWN_TOO);

	expect_untold("good.example.org", 3, "pass 6", "rule.allow good");
	expect_untold("evil.example.org", 3,
		      "refuse 6, to server RA seq 4 ack 1", "default.deny");
	/* the rest shows that it is none of them */
	lab_client(l, 1, text("\x16"));
	lab_wait(l, LIMIT_HOLD_NS);
	lab_server(l, 1, 2, text("yes?"));
	lab_client(l, 2, text("no"));
	lab_expect(l, "pass 4, pass 5, pass 6");
	lab_expect_events(l, "rule.allow others");
	lab_free(l);
}
END_TEST

START_TEST(refuses_what_does_not_come_in_time)
{
	struct lab *l = connected(POLICY);
	struct reader hello = lab_hello("good.example.org");

	send_part(l, hello, 0, 30);
	lab_expect(l, "");
	ck_assert_uint_eq(engine_next_deadline(l->engine),
			  l->now + LIMIT_HOLD_NS);
	lab_wait(l, LIMIT_HOLD_NS - 1);
	lab_expect(l, "");
	lab_wait(l, 1);
	lab_expect(l, "refuse 4, to server RA seq 1 ack 1");
	lab_expect_events(l, "hold.timeout");
	/* What comes late is refused as well. */
	send_part(l, hello, 30, hello.left);
	lab_expect(l, "refuse 5");
	lab_expect_server_has(l, NULL, 0);
	lab_free(l);
}
END_TEST

START_TEST(a_lost_beginning_is_refused_or_passed)
{
	struct lab *l = lab_new(POLICY, NULL);

	l->mark = MARK_PENDING;
	lab_client(l, 100, text("more"));
	lab_expect(l, "refuse 1, to server RA seq 100 ack 1");
	lab_expect_events(l, "stream.midstream");
	lab_free(l);

	l = lab_new("gateway: { fail = \"open\"; };\n" POLICY, NULL);
	l->mark = MARK_PENDING;
	lab_client(l, 100, text("more"));
	lab_expect(l, "allow 1");
	lab_expect_events(l, "stream.midstream");
	lab_free(l);
}
END_TEST

#define CONNECT                                                               \
	"CONNECT good.example.org:443 HTTP/1.1\r\nHost: good.example.org\r\n" \
	"\r\n"
#define ESTABLISHED "HTTP/1.1 200 Connection established\r\n\r\n"

static struct lab *tunnel(void)
{
	struct lab *l = lab_new(POLICY, NULL);

	l->ends.sport = 3128;
	lab_connect(l);
	lab_client(l, 1, text(CONNECT));
	lab_server(l, 1, 1 + sizeof(CONNECT) - 1, text(ESTABLISHED));
	lab_expect(l, "pass 4, pass 5");
	lab_expect_events(l, "");
	return l;
}

START_TEST(a_tunnel_is_judged_by_what_is_inside)
{
	struct lab *l = tunnel();
	struct reader hello = lab_hello("good.example.org");
	uint32_t seq = sizeof(CONNECT);

	lab_send(l, DIR_CLIENT, TCP_ACK, seq, sizeof(ESTABLISHED), hello);
	lab_expect(l, "pass 6");
	lab_expect_events(l, "rule.allow good");
	lab_free(l);

	l = tunnel();
	hello = lab_hello("evil.example.org");
	lab_send(l, DIR_CLIENT, TCP_ACK, seq, sizeof(ESTABLISHED), hello);
	lab_expect(l, "refuse 6, to server RA seq 66 ack 40");
	lab_expect_events(l, "default.deny");
	lab_expect_server_has(l, CONNECT, sizeof(CONNECT) - 1);
	lab_free(l);
}
END_TEST

START_TEST(a_denied_tunnel_never_reaches_the_proxy)
{
	struct lab *l = lab_new(ZONES RULES, NULL);

	l->ends.sport = 3128;
	lab_connect(l);
	lab_client(l, 1, text(CONNECT));
	lab_expect(l, "refuse 4, to server RA seq 1 ack 1");
	lab_expect_events(l, "guard.connect");
	lab_expect_server_has(l, NULL, 0);
	lab_free(l);
}
END_TEST

START_TEST(socks_is_judged_by_what_is_inside)
{
	static const uint8_t greeting[] = {5, 1, 0};
	static const uint8_t chosen[] = {5, 0};
	static const char ask[] = "\5\1\0\3\x10good.example.org\1\xbb";
	static const uint8_t done[] = {5, 0, 0, 1, 0, 0, 0, 0, 0, 0};
	struct lab *l = lab_new(POLICY, NULL);

	l->ends.sport = 1080;
	lab_connect(l);
	lab_client(l, 1, reader_of(greeting, 3));
	lab_server(l, 1, 4, reader_of(chosen, 2));
	lab_client(l, 4, reader_of((const uint8_t *)ask, sizeof(ask) - 1));
	lab_server(l, 3, 4 + sizeof(ask) - 1, reader_of(done, sizeof(done)));
	lab_expect(l, "pass 4, pass 5, pass 6, pass 7");
	lab_client(l, 4 + sizeof(ask) - 1, lab_hello("good.example.org"));
	lab_expect(l, "pass 8");
	lab_expect_events(l, "rule.allow good");
	lab_free(l);
}
END_TEST

START_TEST(a_server_may_speak_first)
{
	struct lab *l = lab_new(POLICY, NULL);

	l->ends.sport = 22;
	lab_connect(l);
	lab_server(l, 1, 1, text("SSH-2.0-OpenSSH_9.2\r\n"));
	lab_expect(l, "pass 4");
	lab_client(l, 1, text("SSH-2.0-client\r\n"));
	lab_expect(l, "pass 5");
	lab_expect_events(l, "rule.allow banner");
	lab_free(l);
}
END_TEST

START_TEST(what_the_server_has_not_cannot_change)
{
	struct lab *l = connected(POLICY);
	struct reader hello = lab_hello("good.example.org");
	struct reader other = lab_hello("evil.example.org");

	lab_client(l, 1, hello);
	lab_expect(l, "pass 4");
	/* The same again, what comes next, and half an acknowledgement. */
	lab_client(l, 1, hello);
	lab_client(l, 1 + (uint32_t)hello.left, text("more"));
	acknowledge(l, 20);
	lab_expect(l, "pass 5, pass 6, pass 7");
	lab_client(l, 1, other);
	lab_expect(l, "refuse 8, to server RA seq 1 ack 1");
	lab_expect_events(l, "rule.allow good, stream.conflict");
	lab_free(l);
}
END_TEST

START_TEST(data_of_a_syn_that_is_not_taken_binds)
{
	struct lab *l = lab_new(POLICY, NULL);
	struct reader hello = lab_hello("good.example.org");

	lab_send(l, DIR_CLIENT, TCP_SYN, 0, 0, hello);
	lab_send(l, DIR_SERVER, TCP_SYN | TCP_ACK, 0, 1, none);
	lab_expect(l, "pass 1, pass 2");
	lab_client(l, 1, lab_hello("evil.example.org"));
	lab_expect_events(l, "rule.allow good, stream.conflict");
	lab_expect(l, "refuse 3, to server RA seq 1 ack 1");
	lab_free(l);
}
END_TEST

START_TEST(urgent_data_is_refused_before_a_decision)
{
	struct lab *l = connected(POLICY);
	struct reader hello = lab_hello("good.example.org");

	lab_send(l, DIR_CLIENT, TCP_ACK | TCP_URG, 1, 1, hello);
	lab_expect_events(l, "stream.urgent");
	lab_expect_server_has(l, NULL, 0);
	lab_free(l);
}
END_TEST

/* Its pointer takes out a byte that comes before or after it. */
START_TEST(urgent_without_a_byte_is_refused_until_all_is_confirmed)
{
	struct lab *l = connected(POLICY);

	lab_send(l, DIR_CLIENT, TCP_ACK | TCP_URG, 1, 1, none);
	lab_expect_events(l, "stream.urgent");
	lab_free(l);

	l = connected(POLICY);
	lab_client(l, 1, lab_hello("good.example.org"));
	lab_expect(l, "pass 4");
	lab_send(l, DIR_CLIENT, TCP_ACK | TCP_URG, 1, 1, none);
	lab_expect_events(l, "rule.allow good, stream.conflict");
	lab_free(l);
}
END_TEST

START_TEST(a_reset_carries_nothing_and_forgets_nothing)
{
	struct lab *l = connected("gateway: { fail = \"open\"; };\n" POLICY);

	lab_send(l, DIR_CLIENT, TCP_RST | TCP_ACK, 200, 1, text("secret"));
	lab_expect(l, "drop 4");
	lab_send(l, DIR_CLIENT, TCP_RST | TCP_ACK, 200, 1, none);
	l->mark = MARK_PENDING;
	lab_client(l, 1, lab_hello("evil.example.org"));
	lab_expect(l, "pass 5, refuse 6, to server RA seq 1 ack 1");
	lab_expect_events(l, "default.deny");
	lab_free(l);
}
END_TEST

START_TEST(waiting_does_not_open_an_open_gate)
{
	struct lab *l = connected("gateway: { fail = \"open\"; };\n" POLICY);

	lab_wait(l, LIMIT_IDLE_UNDECIDED_NS + LAB_SECOND);
	l->mark = MARK_PENDING;
	lab_client(l, 1, lab_hello("good.example.org"));
	lab_expect_events(l, "stream.midstream");
	lab_expect_server_has(l, NULL, 0);
	lab_free(l);
}
END_TEST

START_TEST(an_end_waits_behind_what_is_held)
{
	struct lab *l = connected(POLICY);
	struct reader hello = lab_hello("good.example.org");

	send_part(l, hello, 0, 30);
	lab_send(l, DIR_CLIENT, TCP_FIN | TCP_ACK, 31, 1, none);
	lab_expect(l, "");
	lab_wait(l, LIMIT_HOLD_NS);
	lab_expect(l, "drop 4, refuse 5, to server RA seq 1 ack 1");
	lab_free(l);

	l = connected(POLICY);
	send_part(l, hello, 0, 30);
	lab_send(l, DIR_CLIENT, TCP_RST | TCP_ACK, 31, 1, none);
	lab_expect(l, "pass 5, drop 4");
	lab_expect_server_has(l, NULL, 0);
	lab_free(l);
}
END_TEST

START_TEST(a_reset_carries_nothing_past_us)
{
	struct lab *l = connected(POLICY);

	lab_send(l, DIR_CLIENT, TCP_RST | TCP_ACK, 1, 1, text("G"));
	lab_expect(l, "drop 4");
	lab_expect_server_has(l, NULL, 0);
	lab_free(l);
}
END_TEST

START_TEST(a_port_used_again_is_another_flow)
{
	struct lab *l = connected(POLICY);

	lab_client(l, 1, lab_hello("good.example.org"));
	lab_expect(l, "pass 4");
	l->ends.isn[DIR_CLIENT] += 100000;
	memset(l->have, 0, sizeof(l->have));
	lab_connect(l);
	lab_client(l, 1, lab_hello("evil.example.org"));
	lab_expect(l, "refuse 8, to server RA seq 1 ack 1");
	lab_expect_events(l, "rule.allow good, default.deny");
	lab_expect_server_has(l, NULL, 0);
	lab_free(l);
}
END_TEST

/* Whoever chooses ports and sequence numbers can choose the same again: the
 * kernel knows that this is another connection. */
START_TEST(the_same_beginning_again_is_another_flow)
{
	struct reader hello = lab_hello("good.example.org");
	struct lab *l = connected(POLICY);

	l->mark = MARK_PENDING;
	lab_client(l, 1, hello);
	acknowledge(l, 1 + (uint32_t)hello.left);
	lab_expect(l, "pass 4, allow 5");
	memset(l->have, 0, sizeof(l->have));
	l->mark = MARK_NEW;
	lab_send(l, DIR_CLIENT, TCP_SYN, 0, 0, none);
	lab_expect(l, "pass 6");
	l->mark = MARK_PENDING;
	lab_send(l, DIR_SERVER, TCP_SYN | TCP_ACK, 0, 1, none);
	lab_client(l, 1, lab_hello("evil.example.org"));
	lab_expect_events(l, "rule.allow good, default.deny");
	lab_expect_server_has(l, NULL, 0);
	lab_free(l);
}
END_TEST

START_TEST(udp_that_must_be_known_is_refused)
{
	static const uint8_t packet[] = {
		0x45, 0,    0, 32, 0, 0,   0, 0, 64, 17,   0xae,
		0x76, 10,   0, 0,  7, 192, 0, 2, 80, 0x9c, 0x40,
		1,    0xbb, 0, 12, 0, 0,   1, 2, 3,  4};
	struct lab *l = lab_new(POLICY, NULL);

	lab_raw(l, packet, sizeof(packet), 1, 2);
	lab_expect(l, "refuse 1");
	lab_expect_events(l, "default.deny");
	lab_free(l);
}
END_TEST

/* Were it taken for the server's, a list of the other direction would judge. */
START_TEST(a_low_source_port_makes_no_server)
{
	static const uint8_t packet[] = {
		0x45, 0,    0, 32, 0, 0,   0, 0, 64, 17, 0xae,
		0x76, 10,   0, 0,  7, 192, 0, 2, 80, 0,  53,
		0x9c, 0x40, 0, 12, 0, 0,   1, 2, 3,  4};
	struct lab *l = lab_new(POLICY, NULL);

	lab_raw(l, packet, sizeof(packet), 1, 2);
	lab_expect(l, "refuse 1");
	lab_free(l);
}
END_TEST

START_TEST(ipv6_is_the_same)
{
	static const uint8_t client[16] = {0xfd, [15] = 7};
	static const uint8_t server[16] = {0x20, 1, 0xd, 0xb8, [15] = 80};

	for (unsigned good = 0; good < 2; good++) {
		struct lab *l = lab_new(POLICY, NULL);

		l->ends.client = ipaddr_v6(client);
		l->ends.server = ipaddr_v6(server);
		lab_connect(l);
		lab_client(l, 1,
			   lab_hello(good ? "good.example.org"
					  : "evil.example.org"));
		lab_expect(l, good ? "pass 4"
				   : "refuse 4, to server RA seq 1 ack 1");
		lab_free(l);
	}
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, a_handshake_passes);
	tcase_add_test(tc, a_whole_hello_is_allowed_or_refused);
	tcase_add_test(tc, a_hello_in_two_is_one);
	tcase_add_test(tc, a_retransmit_is_acknowledged_and_then_delivered);
	tcase_add_test(tc, refuses_bytes_that_change);
	tcase_add_test(tc, what_tells_nothing_goes_on_where_unknown_may);
	tcase_add_test(tc, refuses_what_does_not_come_in_time);
	tcase_add_test(tc, a_lost_beginning_is_refused_or_passed);
	tcase_add_test(tc, a_tunnel_is_judged_by_what_is_inside);
	tcase_add_test(tc, a_denied_tunnel_never_reaches_the_proxy);
	tcase_add_test(tc, socks_is_judged_by_what_is_inside);
	tcase_add_test(tc, a_server_may_speak_first);
	tcase_add_test(tc, what_the_server_has_not_cannot_change);
	tcase_add_test(tc, data_of_a_syn_that_is_not_taken_binds);
	tcase_add_test(tc, urgent_data_is_refused_before_a_decision);
	tcase_add_test(tc,
		       urgent_without_a_byte_is_refused_until_all_is_confirmed);
	tcase_add_test(tc, a_reset_carries_nothing_and_forgets_nothing);
	tcase_add_test(tc, waiting_does_not_open_an_open_gate);
	tcase_add_test(tc, an_end_waits_behind_what_is_held);
	tcase_add_test(tc, a_reset_carries_nothing_past_us);
	tcase_add_test(tc, a_port_used_again_is_another_flow);
	tcase_add_test(tc, the_same_beginning_again_is_another_flow);
	tcase_add_test(tc, udp_that_must_be_known_is_refused);
	tcase_add_test(tc, a_low_source_port_makes_no_server);
	tcase_add_test(tc, ipv6_is_the_same);
}

int main(void)
{
	return run_suite("engine", add);
}
