/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Connections of many requests and large bodies over a network that loses,
 * doubles and reorders: what is allowed reaches the server to the last byte,
 * and what is not never does, whatever the network did.
 */
#include "tests/unit/lab.h"
#include "tests/unit/random_policy.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#define POLICY                                                             \
	"version = 1;\n"                                                   \
	"zones: { lan: { interfaces = \"lan0\"; networks = "               \
	"[\"10.0.0.0/8\"]; };\n"                                           \
	" wan: { interfaces = \"wan0\"; external = true; }; };\n"          \
	"egress: ( { name = \"good\"; service = \"tcp/443\"; app = "       \
	"\"http\"; path = \"/pub/*\"; method = [\"GET\", \"PUT\"]; action" \
	" = \"allow\"; } );\n"

#define SEGMENT_MOST 1200
#define SAID_LEAST   40000
#define WINDOW_MOST  150 /* segments */
#define ROUNDS_MOST  2000
#define SEEDS        40 /* NETWORK_SEEDS: for a longer run */
#define ANSWERED     "to client A seq 1 ack "
#define DELAYED_MOST 40

struct network {
	struct lab *lab;
	unsigned seed;
	struct chance chance;
	struct bytes said;       /* all that the client has to say */
	uint32_t acked;          /* of it, as the client knows */
	uint32_t next;           /* what it says next */
	unsigned window, most;   /* segments on their way at most */
	unsigned loss, disorder; /* once in so many packets */
	bool left_to_kernel;
	bool selective; /* nothing is sent again that the server has: RFC 2018
			 */
	bool may_be_refused, refused;
};

static unsigned seeds(void)
{
	const char *z = getenv("NETWORK_SEEDS");

	return z ? (unsigned)strtoul(z, NULL, 10) : SEEDS;
}

static bool is_lost(void *ctx)
{
	struct network *n = ctx;

	return chance_once_in(&n->chance, n->loss);
}

/* --- what is said -----------------------------------------------------------
 */

static void body(struct network *n, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		bytes_u8(&n->said, 'a' + chance_below(&n->chance, 26));
}

static void chunked(struct network *n)
{
	static const unsigned sizes[] = {20, 3000, 35000};
	unsigned chunks = chance_below(&n->chance, 4);

	bytes_text(&n->said, "Transfer-Encoding: chunked\r\n\r\n");
	while (chunks-- > 0) {
		unsigned most = sizes[chance_below(&n->chance, 3)];
		uint32_t len = 1 + chance_below(&n->chance, most);
		char line[16];

		(void)snprintf(line, sizeof(line), "%x\r\n", len);
		bytes_text(&n->said, line);
		body(n, len);
		bytes_text(&n->said, "\r\n");
	}
	bytes_text(&n->said, "0\r\n\r\n");
}

static void request(struct network *n, const char *path)
{
	bytes_text(&n->said, "PUT ");
	bytes_text(&n->said, path);
	bytes_text(&n->said, " HTTP/1.1\r\nHost: a.example.org\r\n");
	if (chance_once_in(&n->chance, 4)) {
		bytes_text(&n->said, "Cookie: ");
		body(n, chance_below(&n->chance, 15000));
		bytes_text(&n->said, "\r\n");
	}
	if (chance_once_in(&n->chance, 2)) {
		chunked(n);
	} else {
		uint32_t len = chance_below(&n->chance, 60000);
		char line[40];

		(void)snprintf(line, sizeof(line), "Content-Length: %u\r\n\r\n",
			       len);
		bytes_text(&n->said, line);
		body(n, len);
	}
}

/* --- the way ----------------------------------------------------------------
 */

/* The server, or who speaks in its name, has all before `ack`. */
static void hear(struct network *n, unsigned long ack)
{
	if (!is_lost(n) && ack - 1 > n->acked)
		n->acked = (uint32_t)ack - 1;
}

/* What the verdicts since the last look mean to the kernel and to the client.
 */
static void look(struct network *n)
{
	const char *p = strbuf_text(&n->lab->outputs), *at;

	n->refused |= strstr(p, "refuse") != NULL;
	if (n->refused && !n->may_be_refused)
		ck_abort_msg("seed %u: refused: %s", n->seed,
			     strbuf_text(&n->lab->events));
	for (at = p; *at; at++) {
		if (!strncmp(at, "watch ", 6))
			n->lab->mark = MARK_WATCHED;
		else if (!strncmp(at, "pend ", 5))
			n->lab->mark = MARK_PENDING;
		else if (!strncmp(at, "allow ", 6))
			n->left_to_kernel = true;
		else if (!strncmp(at, ANSWERED, sizeof(ANSWERED) - 1))
			hear(n, strtoul(at + sizeof(ANSWERED) - 1, NULL, 10));
	}
	strbuf_done(&n->lab->outputs);
	strbuf_init(&n->lab->outputs, 0);
}

static void client_sends(struct network *n, uint32_t at)
{
	uint32_t len = (uint32_t)n->said.n - at;

	if (len > SEGMENT_MOST)
		len = SEGMENT_MOST;
	if (len == 0 || is_lost(n) || n->refused)
		return;
	if (n->selective && !memchr(&n->lab->have[1 + at], 0, len))
		return;
	ck_assert(!n->left_to_kernel);
	lab_client(n->lab, 1 + at, reader_of(n->said.p + at, len));
	look(n);
}

/* As much as the window has room for, and the first of it again when nothing
 * came back; some of it late. */
static void client_turn(struct network *n, bool stuck)
{
	uint32_t late[DELAYED_MOST], end;
	unsigned n_late = 0;

	/* RFC 5681 3.1 */
	n->window = stuck ? 1 : n->window * 2;
	if (n->window > n->most)
		n->window = n->most;
	end = n->acked + n->window * SEGMENT_MOST;
	if (n->next < n->acked)
		n->next = n->acked;
	if (stuck && chance_once_in(&n->chance, 4))
		n->next = n->acked;
	else if (stuck)
		client_sends(n, n->acked);
	if (end > n->said.n)
		end = (uint32_t)n->said.n;
	while (n->next < end) {
		uint32_t at = n->next;

		n->next += SEGMENT_MOST;
		if (n_late < DELAYED_MOST &&
		    chance_once_in(&n->chance, n->disorder))
			late[n_late++] = at;
		else
			client_sends(n, at);
		if (chance_once_in(&n->chance, 3 * n->loss))
			client_sends(n, at);
		if (n_late > 0 && chance_once_in(&n->chance, 4))
			client_sends(n, late[--n_late]);
	}
	while (n_late > 0)
		client_sends(n, late[--n_late]);
}

static uint32_t server_has(const struct lab *l)
{
	uint32_t n = 0;

	while (l->have[1 + n])
		n++;
	return n;
}

/* The kernel shows what the server says only while it does not watch. */
static void server_turn(struct network *n)
{
	const struct reader none = {0};
	uint32_t has = server_has(n->lab);

	if (is_lost(n) || n->refused)
		return;
	if (n->lab->mark != MARK_WATCHED) {
		lab_send(n->lab, DIR_SERVER, TCP_ACK, 1, 1 + has, none);
		look(n);
	}
	hear(n, 1 + has);
}

static struct network *network_new(unsigned seed)
{
	struct network *n = calloc(1, sizeof(*n));

	ck_assert_ptr_nonnull(n);
	n->seed = seed;
	n->chance = chance_of(seed);
	n->lab = lab_new(POLICY, NULL);
	n->window = 1 + chance_below(&n->chance, 10);
	n->most = 1 + chance_below(&n->chance, WINDOW_MOST);
	n->loss = 10 + chance_below(&n->chance, 200);
	n->disorder = 3 + chance_below(&n->chance, 50);
	n->selective = chance_once_in(&n->chance, 2);
	lab_connect(n->lab);
	n->lab->loses = is_lost;
	n->lab->loses_ctx = n;
	n->lab->mark = MARK_PENDING;
	return n;
}

static void network_free(struct network *n)
{
	lab_free(n->lab);
	free(n);
}

static void talk(struct network *n)
{
	uint32_t before = 0;

	for (unsigned round = 0; round < ROUNDS_MOST; round++) {
		if (n->acked == n->said.n || n->refused)
			return;
		client_turn(n, round > 0 && n->acked == before);
		before = n->acked;
		server_turn(n);
		lab_wait(n->lab, LAB_SECOND / 5);
		look(n);
	}
	ck_abort_msg("seed %u: stuck at %u of %zu", n->seed, n->acked,
		     n->said.n);
}

START_TEST(what_is_allowed_arrives)
{
	uint64_t vouched = 0;

	for (unsigned seed = 1; seed <= seeds(); seed++) {
		struct network *n = network_new(seed);

		while (n->said.n < SAID_LEAST)
			request(n, "/pub/x");
		talk(n);
		lab_expect_server_has(n->lab, n->said.p, n->said.n);
		vouched += n->lab->stats.counters[STAT_VOUCHED];
		network_free(n);
	}
	ck_assert_uint_gt(vouched, 0);
}
END_TEST

START_TEST(what_is_refused_never_does)
{
	for (unsigned seed = 1; seed <= seeds(); seed++) {
		struct network *n = network_new(seed);
		uint32_t begun;

		while (n->said.n < SAID_LEAST / 2)
			request(n, "/pub/x");
		begun = (uint32_t)n->said.n;
		bytes_text(&n->said,
			   "GET /secret HTTP/1.1\r\nHost: a\r\nCookie: ");
		body(n, chance_below(&n->chance, 5000));
		bytes_text(&n->said, "\r\n\r\n");
		n->may_be_refused = true;
		talk(n);
		ck_assert(n->refused);
		ck_assert_ptr_nonnull(
			strstr(strbuf_text(&n->lab->events), "default.deny"));
		for (uint32_t at = begun; at < n->said.n; at++)
			ck_assert(!n->lab->have[1 + at]);
		network_free(n);
	}
}
END_TEST

/* --- scripts ----------------------------------------------------------------
 */

#define HEAD                                                               \
	"PUT /pub/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" \
	"\r\n"
#define CHUNK     "3\r\nabc\r\n"
#define CHUNK_LEN (sizeof(CHUNK) - 1)

static bool always(void *ctx)
{
	(void)ctx;
	return true;
}

/* The numbers of chunks, in the order in which they come, up to a 0xff. */
static void chunks_come(struct lab *l, const uint8_t *numbers)
{
	const struct reader chunk =
		reader_of((const uint8_t *)CHUNK, CHUNK_LEN);

	for (; *numbers != 0xff; numbers++)
		lab_client(l, (uint32_t)(sizeof(HEAD) + *numbers * CHUNK_LEN),
			   chunk);
}

static struct lab *uploading(void)
{
	struct lab *l = lab_new(POLICY, NULL);

	lab_connect(l);
	l->mark = MARK_PENDING;
	lab_client(l, 1, reader_of((const uint8_t *)HEAD, sizeof(HEAD) - 1));
	lab_send(l, DIR_SERVER, TCP_ACK, 1, sizeof(HEAD), (struct reader){0});
	return l;
}

static void expect_bytes(const struct lab *l, uint32_t from, uint32_t to)
{
	for (uint32_t at = from; at < to; at++)
		if (!l->have[at])
			ck_abort_msg("the server lacks byte %u of %u to %u", at,
				     from, to);
}

static void expect_chunks(const struct lab *l, unsigned n)
{
	expect_bytes(l, sizeof(HEAD), (uint32_t)(sizeof(HEAD) + n * CHUNK_LEN));
}

#define FIRST "GET /pub/x HTTP/1.1\r\nHost: a\r\n\r\n"
#define BEGUN 20 /* bytes of the second head */

/* The server lacks what its client need not send again: that does not wait for
 * the next hole to be filled, and is sent again when it is lost. */
START_TEST(what_was_acknowledged_goes_on_before_a_hole)
{
	const struct reader none = {0};
	const struct reader chunk =
		reader_of((const uint8_t *)CHUNK, CHUNK_LEN);
	const uint32_t head = sizeof(FIRST), chunks = head + sizeof(HEAD) - 1;
	const uint8_t *second = (const uint8_t *)HEAD;

	for (unsigned lossy = 0; lossy < 2; lossy++) {
		struct lab *l = lab_new(POLICY, NULL);

		lab_connect(l);
		l->mark = MARK_PENDING;
		lab_client(l, 1, reader_of((const uint8_t *)FIRST, head - 1));
		lab_send(l, DIR_SERVER, TCP_ACK, 1, head, none);
		for (unsigned i = 0; i < 2; i++)
			lab_client(l, head, reader_of(second, BEGUN));
		ck_assert_uint_eq(l->stats.counters[STAT_VOUCHED], 1);
		l->loses = lossy ? always : NULL;
		lab_client(l, chunks + CHUNK_LEN, chunk);
		lab_client(l, head + BEGUN,
			   reader_of(second + BEGUN, sizeof(HEAD) - 1 - BEGUN));
		if (!lossy)
			expect_bytes(l, 1, chunks);
		l->loses = NULL;
		lab_wait(l, LAB_SECOND);
		expect_bytes(l, 1, chunks);
		lab_send(l, DIR_SERVER, TCP_ACK, 1, chunks, none);
		lab_client(l, chunks, chunk);
		lab_client(l, chunks + CHUNK_LEN, chunk);
		expect_bytes(l, chunks, chunks + 2 * CHUNK_LEN);
		lab_free(l);
	}
}
END_TEST

/* The server may have had all before we came to answer for it: it will not say
 * so again, and nobody may wait for that. */
START_TEST(what_the_server_has_is_not_owed)
{
	static const uint8_t hole[] = {0, 2, 2, 0xff}, again[] = {0, 0xff};
	static const uint8_t rest[] = {1, 2, 0xff};

	for (unsigned late = 0; late < 2; late++) {
		struct lab *l = uploading();

		for (unsigned i = 0; i < 2; i++) {
			if (i == late)
				lab_send(l, DIR_SERVER, TCP_ACK, 1,
					 (uint32_t)(sizeof(HEAD) + CHUNK_LEN),
					 (struct reader){0});
			chunks_come(l, i ? again : hole);
		}
		chunks_come(l, rest);
		expect_chunks(l, 3);
		lab_free(l);
	}
}
END_TEST

/* Where all that is there is allowed, nobody needs an answer from us, and a
 * hole may last. */
START_TEST(a_hole_is_waited_for)
{
	static const uint8_t hole[] = {2, 0, 2, 0xff}, rest[] = {1, 2, 0xff};
	struct lab *l = uploading();

	chunks_come(l, hole);
	lab_send(l, DIR_SERVER, TCP_ACK, 1,
		 (uint32_t)(sizeof(HEAD) + CHUNK_LEN), (struct reader){0});
	lab_wait(l, 6 * LAB_SECOND);
	ck_assert_ptr_null(strstr(strbuf_text(&l->outputs), "refuse"));
	ck_assert_uint_eq(l->stats.counters[STAT_VOUCHED], 0);
	chunks_come(l, rest);
	expect_chunks(l, 3);
	lab_free(l);
}
END_TEST

/* Whoever was answered in the server's name does not say it again: there a hole
 * may last for a while, and not for ever. */
START_TEST(a_hole_behind_what_was_acknowledged_may_last)
{
	static const char begin[] = "GET /pub/x HTTP/1.1\r\nHost: a\r\n";
	const uint32_t n = sizeof(begin) - 1;

	for (unsigned filled = 0; filled < 2; filled++) {
		struct lab *l = lab_new(POLICY, NULL);

		lab_connect(l);
		for (unsigned i = 0; i < 2; i++)
			lab_client(l, 1, reader_of((const uint8_t *)begin, n));
		ck_assert_uint_eq(l->stats.counters[STAT_VOUCHED], 1);
		lab_client(l, n + 2, reader_of((const uint8_t *)"\n", 1));
		lab_wait(l, 10 * LAB_SECOND);
		lab_expect_events(l, "");
		if (filled)
			lab_client(l, n + 1,
				   reader_of((const uint8_t *)"\r\n", 2));
		else
			lab_wait(l, 25 * LAB_SECOND);
		lab_expect_events(l,
				  filled ? "rule.allow good" : "hold.timeout");
		if (filled)
			expect_bytes(l, 1, n + 3);
		lab_free(l);
	}
}
END_TEST

/* Nobody would tell us that a path has no room for more. */
START_TEST(what_is_delivered_fits_small_paths)
{
	static uint8_t cookie[2000];
	struct lab *l = lab_new(POLICY, NULL);
	static const char begin[] =
		"GET /pub/x HTTP/1.1\r\nHost: a\r\nCookie: ";
	uint32_t next = sizeof(begin);

	memset(cookie, 'a', sizeof(cookie));
	lab_connect(l);
	for (unsigned i = 0; i < 2; i++)
		lab_client(l, 1, reader_of((const uint8_t *)begin, next - 1));
	lab_client(l, next, reader_of(cookie, 1000));
	lab_client(l, next + 1000, reader_of(cookie, 1000));
	lab_client(l, next + 2000, reader_of((const uint8_t *)"\r\n\r\n", 4));
	ck_assert_ptr_nonnull(
		strstr(strbuf_text(&l->outputs), "seq 1 ack 1 bytes 524"));
	for (uint32_t i = 1; i < next + 2004; i++)
		ck_assert(l->have[i]);
	lab_free(l);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, what_was_acknowledged_goes_on_before_a_hole);
	tcase_add_test(tc, what_the_server_has_is_not_owed);
	tcase_add_test(tc, a_hole_is_waited_for);
	tcase_add_test(tc, a_hole_behind_what_was_acknowledged_may_last);
	tcase_add_test(tc, what_is_delivered_fits_small_paths);
	tcase_add_test(tc, what_is_allowed_arrives);
	tcase_add_test(tc, what_is_refused_never_does);
}

int main(void)
{
	return run_suite("network", add);
}
