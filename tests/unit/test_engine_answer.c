/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers that lose the keys of encrypted hellos on their way. */
#include "agent/packet/packet.h"
#include "tests/unit/dns_case.h"
#include "tests/unit/engine_case.h"
#include "tests/unit/hello.h"

#define ECH_POLICY(ech)                                                \
	ZONES "addresses: { resolvers = [\"192.0.2.53\"]; };\n"        \
	      "egress: ( { name = \"all\"; action = \"allow\"; } );\n" \
	      "application: { connect = \"allow\"; socks = \"allow\";" \
	      " no-sni = \"allow\"; ech = \"" ech "\"; };\n"

static struct bytes asked, answered, stripped, data, datagram;

static void question(unsigned id)
{
	static struct bytes m;

	dns_question(&m, id, "a.org", DNS_HTTPS);
	bytes_u16(&asked, (unsigned)m.n);
	bytes_add(&asked, m.p, m.n);
}

/* An answer, and what is to become of it. */
static void answer(unsigned id, bool with_keys)
{
	struct bytes *out[] = {&answered, &stripped};

	for (unsigned i = 0; i < 2; i++) {
		static struct bytes m;

		dns_answer(&m, id, "a.org", DNS_HTTPS);
		data.n = 0;
		bytes_u16(&data, 1);
		bytes_u8(&data, 0);
		dns_parameter(&data, 1, "\2h2", 3);
		if (with_keys)
			dns_parameter(&data, i ? 65280 : 5,
				      i ? "\0\0\0\0" : "keys", 4);
		dns_record(&m, "a.org", DNS_HTTPS, 300, data.p, data.n);
		bytes_u16(out[i], (unsigned)m.n);
		bytes_add(out[i], m.p, m.n);
	}
}

static void dialogue(void)
{
	asked.n = answered.n = stripped.n = 0;
	question(1);
	question(2);
	question(3);
	answer(1, false);
	answer(2, true);
	answer(3, false);
}

static void begin(struct lab *l)
{
	l->mark = MARK_NEW;
	l->ends.cport++;
	l->ends.isn[0] += 100000;
	memset(l->have, 0, sizeof(l->have));
	memset(l->told, 0xee, sizeof(l->told));
	lab_connect(l);
	lab_client(l, 1, reader_of(asked.p, asked.n));
	l->mark = MARK_PENDING;
}

static void server_says(struct lab *l, size_t from, size_t to)
{
	lab_server(l, 1 + (uint32_t)from, 1 + (uint32_t)asked.n,
		   reader_of(answered.p + from, to - from));
}

static void forget(struct lab *l)
{
	strbuf_done(&l->outputs);
	strbuf_init(&l->outputs, 0);
	strbuf_done(&l->events);
	strbuf_init(&l->events, 0);
}

static struct lab *lab_of(const char *policy)
{
	struct lab *l = lab_new(policy, NULL);

	l->ends.server.bytes[3] = 53;
	l->ends.sport = 53;
	dialogue();
	return l;
}

static void expect_stripped(const struct lab *l)
{
	ck_assert_mem_eq(l->told + 1, stripped.p, stripped.n);
}

START_TEST(wherever_it_is_cut)
{
	struct lab *l = lab_of(ECH_POLICY("strip"));

	for (size_t a = 0; a < answered.n; a += 3) {
		for (size_t b = a + 1; b <= answered.n; b += 5) {
			begin(l);
			server_says(l, 0, a);
			server_says(l, a, b);
			server_says(l, b, answered.n);
			expect_stripped(l);
			lab_client(l, 1 + (uint32_t)asked.n,
				   (struct reader){0});
		}
	}
	ck_assert_ptr_null(strstr(strbuf_text(&l->outputs), "drop"));
	lab_free(l);
}
END_TEST

START_TEST(byte_by_byte_and_the_last_first)
{
	struct lab *l = lab_of(ECH_POLICY("strip"));

	begin(l);
	for (size_t i = 0; i < answered.n; i++) {
		server_says(l, i, i + 1);
		/* Twice each. */
		server_says(l, i, i + 1);
	}
	expect_stripped(l);
	begin(l);
	for (size_t i = 60; i > 0; i--)
		server_says(l, i - 1, i);
	server_says(l, 60, answered.n);
	expect_stripped(l);
	lab_free(l);
}
END_TEST

START_TEST(what_comes_again_is_changed_again)
{
	struct lab *l = lab_of(ECH_POLICY("strip"));
	uint32_t all;

	begin(l);
	forget(l);
	all = (uint32_t)answered.n;
	server_says(l, 0, all);
	lab_expect_events(l, "ech.stripped");
	expect_stripped(l);
	memset(l->told, 0xee, sizeof(l->told));
	server_says(l, 0, all);
	expect_stripped(l);
	server_says(l, 60, all);
	expect_stripped(l);
	/* The client has it: what it gets of it now it passes over. */
	lab_send(l, DIR_CLIENT, TCP_ACK, 1 + (uint32_t)asked.n, 1 + all,
		 (struct reader){0});
	forget(l);
	server_says(l, 0, all);
	lab_expect_events(l, "");
	ck_assert_ptr_null(strstr(strbuf_text(&l->outputs), "changed"));
	ck_assert_uint_eq(l->stats.counters[STAT_ANSWERS_STRIPPED], 1);
	lab_free(l);
}
END_TEST

/* A packet is held until its answer is whole, and no longer. */
START_TEST(only_what_is_not_whole_waits)
{
	struct lab *l = lab_of(ECH_POLICY("strip"));
	size_t first = 2 + number_u16(answered.p);

	begin(l);
	forget(l);
	server_says(l, 0, first);
	lab_expect(l, "pass 5");
	server_says(l, first, first + 9);
	lab_expect(l, "");
	/* A flow that goes takes with it what waits. */
	lab_send(l, DIR_SERVER, TCP_FIN | TCP_ACK, 1 + (uint32_t)answered.n,
		 1 + (uint32_t)asked.n, (struct reader){0});
	lab_expect(l, "pass 7");
	lab_wait(l, 400 * LAB_SECOND);
	lab_expect(l, "drop 6");
	lab_free(l);
}
END_TEST

START_TEST(nobody_is_asked_to)
{
	struct lab *l = lab_of(ECH_POLICY("allow"));

	begin(l);
	server_says(l, 0, answered.n);
	ck_assert_mem_eq(l->told + 1, answered.p, answered.n);
	lab_free(l);
	l = lab_of(ECH_POLICY("strip"));
	/* Another server. */
	l->ends.server.bytes[3] = 54;
	begin(l);
	server_says(l, 0, answered.n);
	ck_assert_mem_eq(l->told + 1, answered.p, answered.n);
	lab_free(l);
	l = lab_of(ECH_POLICY("strip") "gateway: { mode = \"observe\"; };\n");
	begin(l);
	server_says(l, 0, answered.n);
	ck_assert_mem_eq(l->told + 1, answered.p, answered.n);
	lab_free(l);
}
END_TEST

/* --- over UDP ------------------------------------------------------------- */

static void sum_header(uint8_t *p)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < 20; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	p[10] = (uint8_t)(~sum >> 8);
	p[11] = (uint8_t)~sum;
}

static void send_datagram(struct lab *l, enum dir dir, const uint8_t *p,
			  size_t n, unsigned sum)
{
	bool asks = dir == DIR_CLIENT;

	datagram.n = 0;
	bytes_u16(&datagram, 0x4500);
	bytes_u16(&datagram, (unsigned)n + 28);
	bytes_u32(&datagram, 0);
	bytes_u32(&datagram, 64u << 24 | 17 << 16);
	bytes_u32(&datagram, asks ? 0x0a000007 : 0xc0000235);
	bytes_u32(&datagram, asks ? 0xc0000235 : 0x0a000007);
	sum_header(datagram.p);
	bytes_u16(&datagram, asks ? 5353 : 53);
	bytes_u16(&datagram, asks ? 53 : 5353);
	bytes_u16(&datagram, (unsigned)n + 8);
	bytes_u16(&datagram, 0);
	bytes_add(&datagram, p, n);
	if (sum) {
		struct packet pkt;

		ck_assert_int_eq(packet_parse(reader_of(datagram.p, datagram.n),
					      (struct packet_options){0}, &pkt),
				 PACKET_OK);
		datagram.p[26] = 1;
		packet_sum_anew(&pkt, datagram.p + 20);
	}
	lab_raw(l, datagram.p, datagram.n, asks ? 1 : 2, asks ? 2 : 1);
}

START_TEST(datagrams_are_changed)
{
	struct lab *l = lab_of(ECH_POLICY("strip"));

	asked.n = answered.n = stripped.n = 0;
	question(1);
	answer(1, true);
	for (unsigned sum = 0; sum < 2; sum++) {
		l->mark = MARK_NEW;
		send_datagram(l, DIR_CLIENT, asked.p + 2, asked.n - 2, sum);
		l->mark = MARK_PENDING;
		forget(l);
		send_datagram(l, DIR_SERVER, answered.p + 2, answered.n - 2,
			      sum);
		lab_expect(l, sum ? "pass 4 changed" : "pass 2 changed");
		ck_assert_uint_eq(l->n_changed, datagram.n);
		ck_assert_mem_eq(l->changed + 28, stripped.p + 2,
				 stripped.n - 2);
	}
	ck_assert_uint_eq(l->stats.counters[STAT_ANSWERS_STRIPPED], 2);
	lab_free(l);
	/* Nobody knows of the question any more. */
	l = lab_of(ECH_POLICY("strip"));
	asked.n = answered.n = stripped.n = 0;
	answer(1, true);
	l->mark = MARK_PENDING;
	send_datagram(l, DIR_SERVER, answered.p + 2, answered.n - 2, 1);
	ck_assert_mem_eq(l->changed + 28, stripped.p + 2, stripped.n - 2);
	lab_free(l);
}
END_TEST

/* --- hellos --------------------------------------------------------------- */

#define OUTER "\0\0\1\0\1\7\0\2ab\0\3xyz"

static struct reader hello(const char *name, const char *ech, size_t n)
{
	static struct bytes body, record, sni;
	struct extension ext[2] = {{0}};
	struct hello h = {.ext = ext, .n_ext = 2};

	sni.n = body.n = record.n = 0;
	bytes_u16(&sni, (unsigned)strlen(name) + 3);
	bytes_u8(&sni, 0);
	bytes_u16(&sni, (unsigned)strlen(name));
	bytes_text(&sni, name);
	ext[0] = (struct extension){0, (const char *)sni.p, sni.n};
	ext[1] = (struct extension){n ? 0xfe0d : 0xffce, ech, n};
	hello_body(&body, &h);
	bytes_add(&record, "\x16\3\1", 3);
	bytes_u16(&record, (unsigned)body.n + 4);
	bytes_u16(&record, 0x0100);
	bytes_u16(&record, (unsigned)body.n);
	bytes_add(&record, body.p, body.n);
	return reader_of(record.p, record.n);
}

static void expect_hello(const char *policy, struct reader first,
			 const char *event)
{
	struct lab *l = lab_new(policy, NULL);

	lab_connect(l);
	lab_client(l, 1, first);
	lab_expect_events(l, event);
	lab_free(l);
}

START_TEST(fronts_are_refused)
{
	static const char *const front = "cloudflare-ech.com";
	static const char *const policies[] = {ECH_POLICY("strip"),
					       ECH_POLICY("deny")};
	static const char own[] =
		ECH_POLICY("deny\"; ech-outer-names = \"*.example.org");

	for (unsigned i = 0; i < 2; i++) {
		expect_hello(policies[i],
			     hello(front, OUTER, sizeof(OUTER) - 1),
			     "guard.ech");
		expect_hello(
			policies[i],
			hello("CloudFlare-ECH.com.", OUTER, sizeof(OUTER) - 1),
			"guard.ech");
		/* The forerunner, which has no other use. */
		expect_hello(policies[i], hello("a.org", "", 0), "guard.ech");
		/* Made to look so. */
		expect_hello(policies[i],
			     hello("a.org", OUTER, sizeof(OUTER) - 1),
			     "rule.allow all");
		expect_hello(policies[i], lab_hello(front), "rule.allow all");
	}
	expect_hello(ECH_POLICY("allow"),
		     hello(front, OUTER, sizeof(OUTER) - 1), "rule.allow all");
	expect_hello(own, hello(front, OUTER, sizeof(OUTER) - 1),
		     "rule.allow all");
	expect_hello(own, hello("x.example.org", OUTER, sizeof(OUTER) - 1),
		     "guard.ech");
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, fronts_are_refused);
	tcase_add_test(tc, wherever_it_is_cut);
	tcase_add_test(tc, byte_by_byte_and_the_last_first);
	tcase_add_test(tc, what_comes_again_is_changed_again);
	tcase_add_test(tc, only_what_is_not_whole_waits);
	tcase_add_test(tc, nobody_is_asked_to);
	tcase_add_test(tc, datagrams_are_changed);
}

int main(void)
{
	return run_suite("engine_answer", add);
}
