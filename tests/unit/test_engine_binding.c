/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that must be what their client was told of their addresses. */
#include "agent/binding/bindings.h"
#include "tests/unit/dns_case.h"
#include "tests/unit/engine_case.h"

#include <stdio.h>

#define RESOLVERS                                                      \
	"addresses: { resolvers = [\"192.0.2.53\", \"2001:db8::53\"];" \
	" proxies = [\"192.0.2.80\"]; };\n"
#define DNS_RULE                                                     \
	" { name = \"dns\"; to = \"@resolvers\"; service = \"dns\";" \
	" action = \"allow\"; },\n"
#define WEB_RULE                                         \
	" { name = \"web\"; to = \"wan\"; host = \"*\";" \
	" app = [\"http\", \"tls\", \"quic\"]; action = \"allow\"; }\n"
#define BINDING(mode)                                            \
	"application: { connect = \"allow\"; socks = \"allow\";" \
	" no-sni = \"allow\"; binding = \"" mode "\"; };\n"
#define BOUND                                           \
	ZONES RESOLVERS "egress: (\n" DNS_RULE WEB_RULE \
			");\n" BINDING("enforce")
#define LOGGED \
	ZONES RESOLVERS "egress: (\n" DNS_RULE WEB_RULE ");\n" BINDING("log")
/* Without a name anything goes, but for what is bound. */
#define OPEN                                                            \
	ZONES RESOLVERS                                                 \
		"egress: (\n" DNS_RULE                                  \
		" { name = \"any\"; action = \"allow\"; });\n" BINDING( \
			"enforce")
#define PROXY                                                     \
	ZONES RESOLVERS "egress: (\n" DNS_RULE                    \
			" { name = \"proxy\"; to = \"@proxies\";" \
			" action = \"allow\"; });\n" BINDING("enforce")
#define LITERAL                                                              \
	ZONES RESOLVERS                                                      \
		"egress: ( { name = \"literal\";"                            \
		" host = \"192.0.2.80\"; action = \"allow\"; });\n" BINDING( \
			"enforce")

#define SERVER   0xc0000250u /* 192.0.2.80: the lab's */
#define CLIENT   0x0a000007u /* 10.0.0.7 */
#define RESOLVER 0xc0000235u

static struct bindings *table;
static void *memory;
static struct bytes packet, message;

static void setup(void)
{
	static const uint8_t secret[32] = {7};
	size_t size = bindings_size(262144);

	memory = malloc(size);
	ck_assert_ptr_nonnull(memory);
	bindings_format(memory, size, secret);
	table = bindings_new(memory, size);
	ck_assert_ptr_nonnull(table);
}

static void teardown(void)
{
	bindings_free(table);
	free(memory);
}

static struct lab *lab_of(const char *policy)
{
	const struct engine_options opt = {.bindings = table};

	return lab_new(policy, &opt);
}

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

/* Between client and resolver, port 5353 of the client's. */
static void datagram(struct lab *l, enum dir dir, uint32_t client,
		     struct reader payload)
{
	bool asks = dir == DIR_CLIENT;

	packet.n = 0;
	bytes_u16(&packet, 0x4500);
	bytes_u16(&packet, (unsigned)payload.left + 28);
	bytes_u32(&packet, 0);
	bytes_u32(&packet, 64u << 24 | IPPROTO_UDP << 16);
	bytes_u32(&packet, asks ? client : RESOLVER);
	bytes_u32(&packet, asks ? RESOLVER : client);
	sum_header(packet.p);
	bytes_u16(&packet, asks ? 5353 : 53);
	bytes_u16(&packet, asks ? 53 : 5353);
	bytes_u16(&packet, (unsigned)payload.left + 8);
	bytes_u16(&packet, 0);
	bytes_add(&packet, payload.p, payload.left);
	lab_raw(l, packet.p, packet.n, asks ? 1 : 2, asks ? 2 : 1);
}

static struct reader written(void)
{
	return reader_of(message.p, message.n);
}

static void asks(struct lab *l, uint32_t client, unsigned id, const char *name)
{
	l->mark = MARK_NEW;
	datagram(l, DIR_CLIENT, client,
		 dns_question(&message, id, name, DNS_A));
}

static void answers(struct lab *l, uint32_t client)
{
	l->mark = MARK_PENDING;
	datagram(l, DIR_SERVER, client, written());
	l->mark = MARK_NEW;
}

static void forget(struct lab *l)
{
	strbuf_done(&l->outputs);
	strbuf_init(&l->outputs, 0);
	strbuf_done(&l->events);
	strbuf_init(&l->events, 0);
}

/* The client asks for the name, and is told the address. */
static void resolve(struct lab *l, uint32_t client, const char *name,
		    uint32_t address)
{
	asks(l, client, 9, name);
	dns_answer(&message, 9, name, DNS_A);
	dns_a(&message, name, address);
	answers(l, client);
	forget(l);
}

/* A connection between other ports. */
static void begin(struct lab *l)
{
	l->ends.cport++;
	l->ends.isn[0] += 100000;
	memset(l->have, 0, sizeof(l->have));
	lab_connect(l);
	forget(l);
}

/* What becomes of a connection that begins so. */
static void expect_first(struct lab *l, struct reader first, const char *event)
{
	begin(l);
	lab_client(l, 1, first);
	lab_expect_events(l, event);
	forget(l);
}

static void expect_hello(struct lab *l, const char *name, const char *event)
{
	expect_first(l, lab_hello(name), event);
}

START_TEST(a_name_is_worth_its_address)
{
	struct lab *l = lab_of(BOUND);

	expect_hello(l, "good.example.org", "binding.unresolved");
	resolve(l, CLIENT, "Good.Example.org", SERVER);
	expect_hello(l, "good.example.org", "rule.allow web");
	expect_hello(l, "GOOD.example.ORG.", "rule.allow web");
	expect_hello(l, "www.good.example.org", "binding.unresolved");
	/* The same name at another address, another at this one. */
	l->ends.server.bytes[3] = 81;
	expect_hello(l, "good.example.org", "binding.mismatch");
	expect_hello(l, "other.example.org", "binding.unresolved");
	resolve(l, CLIENT, "good.example.org", SERVER + 1);
	expect_hello(l, "good.example.org", "rule.allow web");
	/* Another client was told nothing. */
	l->ends.client.bytes[3] = 8;
	expect_hello(l, "good.example.org", "binding.unresolved");
	lab_free(l);
}
END_TEST

START_TEST(both_sides_of_a_resolver_stay_in_sight)
{
	struct lab *l = lab_of(BOUND);

	asks(l, CLIENT, 9, "a.org");
	lab_expect(l, "pass 1");
	lab_expect_events(l, "rule.allow dns");
	dns_answer(&message, 9, "a.org", DNS_A);
	dns_a(&message, "a.org", SERVER);
	answers(l, CLIENT);
	lab_expect(l, "pass 2");
	asks(l, CLIENT, 10, "b.org");
	answers(l, CLIENT); /* to nobody: it is the question again */
	lab_expect(l, "pass 3, pass 4");
	lab_expect_events(l, "");
	lab_free(l);
}
END_TEST

START_TEST(an_answer_that_nobody_asked_for_is_dropped)
{
	struct lab *l = lab_of(BOUND);

	asks(l, CLIENT, 9, "a.org");
	dns_answer(&message, 8, "a.org", DNS_A);
	dns_a(&message, "a.org", SERVER);
	answers(l, CLIENT);
	dns_answer(&message, 9, "b.org", DNS_A);
	dns_a(&message, "b.org", SERVER);
	answers(l, CLIENT);
	lab_expect(l, "pass 1, drop 2, drop 3");
	lab_free(l);
	/* After a restart nobody knows what was asked. */
	l = lab_of(BOUND);
	answers(l, CLIENT);
	lab_expect(l, "drop 1");
	lab_expect_events(l, "");
	asks(l, CLIENT, 9, "b.org");
	answers(l, CLIENT);
	lab_expect(l, "pass 2, pass 3");
	lab_free(l);
	l = lab_of(LOGGED);
	asks(l, CLIENT, 9, "a.org");
	dns_answer(&message, 9, "b.org", DNS_A);
	dns_a(&message, "b.org", SERVER);
	answers(l, CLIENT);
	lab_expect(l, "pass 1, pass 2");
	lab_free(l);
}
END_TEST

START_TEST(log_refuses_nothing)
{
	struct lab *l = lab_of(LOGGED);

	expect_hello(l, "good.example.org", "rule.allow web");
	expect_hello(l, NULL, "default.deny");
	lab_free(l);
}
END_TEST

START_TEST(it_outlives_the_engine)
{
	struct lab *l = lab_of(BOUND);

	resolve(l, CLIENT, "good.example.org", SERVER);
	lab_free(l);
	l = lab_of(BOUND);
	expect_hello(l, "good.example.org", "rule.allow web");
	lab_wait(l, 3599 * LAB_SECOND);
	expect_hello(l, "good.example.org", "rule.allow web");
	/* The flow has kept it. */
	lab_wait(l, 3599 * LAB_SECOND);
	expect_hello(l, "good.example.org", "rule.allow web");
	lab_wait(l, 3601 * LAB_SECOND);
	expect_hello(l, "good.example.org", "binding.unresolved");
	lab_free(l);
}
END_TEST

START_TEST(requests_are_bound_each)
{
	struct lab *l = lab_of(BOUND);
	static const char good[] = "GET / HTTP/1.1\r\nHost: a.org\r\n\r\n";
	uint32_t n = sizeof(good) - 1;

	l->ends.sport = 80;
	resolve(l, CLIENT, "a.org", SERVER);
	resolve(l, CLIENT, "b.org", SERVER + 9);
	begin(l);
	lab_client(l, 1, text(good));
	lab_expect_events(l, "rule.allow web");
	acknowledge(l, 1 + n);
	l->mark = MARK_WATCHED;
	lab_client(l, 1 + n, text("GET / HTTP/1.1\r\nHost: b.org\r\n\r\n"));
	lab_expect_events(l, "binding.mismatch");
	l->mark = MARK_NEW;
	lab_free(l);
}
END_TEST

START_TEST(without_a_name_nothing_goes)
{
	struct lab *l = lab_of(OPEN);

	expect_hello(l, NULL, "binding.no-name");
	expect_first(l, text("GET / HTTP/1.0\r\n\r\n"), "binding.no-name");
	expect_first(l, text("GET / HTTP/1.1\r\nHost: 192.0.2.80\r\n\r\n"),
		     "binding.no-name");
	expect_first(l, text("GET / HTTP/1.1\r\nHost: 192.0.2.81\r\n\r\n"),
		     "binding.mismatch");
	expect_first(l, text("GET / HTTP/1.1\r\nHost: 3221226064\r\n\r\n"),
		     "binding.unresolved");
	/* What has none is not asked for one. */
	expect_first(l, text("SSH-2.0-x\r\n"), "rule.allow any");
	expect_first(l, text("\1\2\3\4\5\6\7\10junk"), "rule.allow any");
	lab_free(l);
	/* But where the rule says the address. */
	l = lab_of(PROXY);
	expect_hello(l, NULL, "rule.allow proxy");
	expect_hello(l, "a.org", "binding.unresolved");
	expect_first(l, text("GET / HTTP/1.0\r\n\r\n"), "rule.allow proxy");
	lab_free(l);
	l = lab_of(LITERAL);
	expect_first(l, text("GET / HTTP/1.1\r\nHost: 192.0.2.80\r\n\r\n"),
		     "rule.allow literal");
	lab_free(l);
}
END_TEST

/* A tunnel is asked for, and opened; then a hello. */
static void expect_tunnel(struct lab *l, const char *request,
			  const char *answer, struct reader inside,
			  const char *event)
{
	uint32_t n = (uint32_t)strlen(request);

	begin(l);
	lab_client(l, 1, text(request));
	if (answer) {
		lab_server(l, 1, 1 + n, text(answer));
		lab_client(l, 1 + n, inside);
	}
	lab_expect_events(l, event);
	forget(l);
}

#define OPENED "HTTP/1.1 200 OK\r\n\r\n"
#define CONNECT(target, host) \
	"CONNECT " target " HTTP/1.1\r\nHost: " host "\r\n\r\n"

START_TEST(what_is_inside_is_what_was_asked_for)
{
	struct lab *l = lab_of(PROXY);
	const char *a = CONNECT("a.org:443", "a.org:443");
	const char *ip = CONNECT("192.0.2.99:443", "192.0.2.99:443");

	expect_tunnel(l, a, OPENED, lab_hello("a.org"), "rule.allow proxy");
	expect_tunnel(l, a, OPENED, lab_hello("A.ORG."), "rule.allow proxy");
	expect_tunnel(l, a, OPENED, lab_hello("b.org"), "binding.mismatch");
	expect_tunnel(l, a, OPENED, text("SSH-2.0-x\r\n"), "rule.allow proxy");
	expect_tunnel(l, a, OPENED,
		      text("GET / HTTP/1.1\r\nHost: b.org\r\n\r\n"),
		      "binding.mismatch");
	expect_tunnel(l, CONNECT("a.org:443", "b.org:443"), OPENED,
		      lab_hello("a.org"), "binding.mismatch");
	/* To an address. */
	expect_tunnel(l, ip, OPENED, lab_hello(NULL), "binding.no-name");
	expect_tunnel(l, ip, OPENED, text("SSH-2.0-x\r\n"), "binding.no-name");
	expect_tunnel(l, ip, OPENED, lab_hello("a.org"), "binding.unresolved");
	resolve(l, CLIENT, "a.org", 0xc0000263);
	expect_tunnel(l, ip, OPENED, lab_hello("a.org"), "rule.allow proxy");
	lab_free(l);
	/* Through a proxy that nobody has named. */
	l = lab_of(OPEN);
	expect_tunnel(l, a, OPENED, lab_hello("a.org"), "binding.mismatch");
	lab_free(l);
}
END_TEST

/* One address of each family: the Ethernet address is what they share. */
START_TEST(a_client_may_have_many_addresses)
{
	static const uint8_t six[16] = {0xfd, [15] = 7};
	static const uint8_t there[16] = {0x20, 1, 0xd, 0xb8, [15] = 80};
	struct lab *l = lab_of(BOUND);

	l->has_mac = true;
	l->mac.bytes[5] = 1;
	asks(l, CLIENT, 9, "a.org");
	dns_question(&message, 9, "a.org", DNS_AAAA);
	datagram(l, DIR_CLIENT, CLIENT, written());
	dns_answer(&message, 9, "a.org", DNS_AAAA);
	dns_record(&message, "a.org", DNS_AAAA, 1, there, 16);
	answers(l, CLIENT);
	forget(l);
	l->ends.client = ipaddr_v6(six);
	l->ends.server = ipaddr_v6(there);
	expect_hello(l, "a.org", "rule.allow web");
	l->mac.bytes[5] = 2;
	expect_hello(l, "a.org", "binding.unresolved");
	/* Of IPv4 each address is a client. */
	l->mac.bytes[5] = 1;
	resolve(l, CLIENT, "b.org", SERVER);
	l->ends.client = ipaddr_v4((const uint8_t[]){10, 0, 0, 8});
	l->ends.server = ipaddr_v4((const uint8_t[]){192, 0, 2, 80});
	expect_hello(l, "b.org", "binding.unresolved");
	l->ends.client.bytes[3] = 7;
	expect_hello(l, "b.org", "rule.allow web");
	lab_free(l);
}
END_TEST

/* --- over TCP ------------------------------------------------------------ */

static void with_length(struct bytes *out, struct reader m)
{
	bytes_u16(out, (unsigned)m.left);
	bytes_add(out, m.p, m.left);
}

static bool knows(uint32_t address)
{
	struct binding_client c = {.len = 17, .bytes = {IP_V4, 10, 0, 0, 7}};
	struct ipaddr a = ipaddr_v4((const uint8_t[]){
		(uint8_t)(address >> 24), (uint8_t)(address >> 16),
		(uint8_t)(address >> 8), (uint8_t)address});

	return bindings_ask(table, &c, bindings_name(table, str_of("a.org")),
			    &a, 1700000000, 0) == BINDING_FITS;
}

/* Two answers, the second cut at `cut`: known when it is whole, and not before,
 * and before its last packet goes on. */
static void expect_cut(struct lab *l, struct reader asked,
		       struct reader answered, size_t cut, uint32_t address)
{
	struct reader first = answered, rest = answered;
	uint32_t n = (uint32_t)asked.left;

	begin(l);
	lab_client(l, 1, asked);
	first.left = cut;
	reader_skip(&rest, cut);
	l->mark = MARK_PENDING;
	/* What comes last is sent first. */
	if (cut % 2) {
		lab_server(l, 1 + (uint32_t)cut, 1 + n, rest);
		ck_assert(!knows(address));
		lab_server(l, 1, 1 + n, first);
	} else {
		lab_server(l, 1, 1 + n, first);
		ck_assert(!knows(address));
		lab_server(l, 1 + (uint32_t)cut, 1 + n, rest);
	}
	ck_assert(knows(address));
	l->mark = MARK_NEW;
	ck_assert_ptr_null(strstr(strbuf_text(&l->outputs), "allow"));
	ck_assert_ptr_null(strstr(strbuf_text(&l->outputs), "drop"));
	forget(l);
}

START_TEST(answers_over_tcp_count)
{
	static struct bytes asked, answered;
	struct lab *l = lab_of(BOUND);
	size_t whole = 2;

	l->ends.server.bytes[3] = 53;
	l->ends.sport = 53;
	for (size_t cut = 1; cut < whole; cut++) {
		asked.n = answered.n = 0;
		with_length(&asked,
			    dns_question(&message, 1, "other.org", DNS_A));
		with_length(&asked, dns_question(&message, 2, "a.org", DNS_A));
		dns_answer(&message, 1, "other.org", DNS_A);
		dns_a(&message, "other.org", 1);
		with_length(&answered, written());
		dns_answer(&message, 2, "a.org", DNS_A);
		dns_a(&message, "a.org", 0x0a010000 + (uint32_t)cut);
		with_length(&answered, written());
		whole = answered.n;
		expect_cut(l, reader_of(asked.p, asked.n),
			   reader_of(answered.p, answered.n), cut,
			   0x0a010000 + (uint32_t)cut);
	}
	lab_free(l);
}
END_TEST

/* --- many ---------------------------------------------------------------- */

#define NAMES 1000
#define FLOWS 10000

static uint32_t address_of(unsigned name, unsigned turn)
{
	return 0xc6120000u + name * 8 + turn % 8;
}

/* Each name has eight addresses, of which each answer gives two, with a life of
 * a second; what a client was told it uses for minutes. */
START_TEST(nothing_that_was_told_is_refused)
{
	struct lab *l = lab_of(BOUND);
	unsigned turns[NAMES] = {0};
	uint32_t x = 12345;
	char name[40];

	for (unsigned i = 0; i < FLOWS; i++) {
		unsigned n = (x = x * 1103515245 + 12345) >> 16 & 0x3ff;
		unsigned at;
		uint32_t to;

		n %= NAMES;
		(void)snprintf(name, sizeof(name), "n%u.example.org", n);
		if (!turns[n] || i % 3 == 0) {
			turns[n]++;
			asks(l, CLIENT, i & 0xffff, name);
			dns_answer(&message, i & 0xffff, name, DNS_A);
			dns_a(&message, name, address_of(n, 2 * turns[n]));
			dns_a(&message, name, address_of(n, 2 * turns[n] + 1));
			answers(l, CLIENT);
			forget(l);
		}
		at = 2 + (x >> 8) % (2 * turns[n]);
		to = address_of(n, at);
		l->ends.server = ipaddr_v4((const uint8_t[]){
			(uint8_t)(to >> 24), (uint8_t)(to >> 16),
			(uint8_t)(to >> 8), (uint8_t)to});
		l->ends.cport = (uint16_t)(1024 + i % 60000);
		expect_hello(l, name, "rule.allow web");
		lab_wait(l, LAB_SECOND / 10);
	}
	lab_free(l);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_name_is_worth_its_address);
	tcase_add_test(tc, both_sides_of_a_resolver_stay_in_sight);
	tcase_add_test(tc, an_answer_that_nobody_asked_for_is_dropped);
	tcase_add_test(tc, log_refuses_nothing);
	tcase_add_test(tc, it_outlives_the_engine);
	tcase_add_test(tc, requests_are_bound_each);
	tcase_add_test(tc, without_a_name_nothing_goes);
	tcase_add_test(tc, what_is_inside_is_what_was_asked_for);
	tcase_add_test(tc, a_client_may_have_many_addresses);
	tcase_add_test(tc, answers_over_tcp_count);
	tcase_add_test(tc, nothing_that_was_told_is_refused);
}

int main(void)
{
	return run_suite("engine_binding", add);
}
