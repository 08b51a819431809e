/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/daemon/worker_tell.h"
#include "tests/unit/support.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM    262144
#define ONES    200
#define LARGE_N 30000

static int ends[2];
static struct stats stats;
static struct worker_tell *t;
static char got[ROOM];

static void setup(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	memset(&stats, 0, sizeof(stats));
	t = worker_tell_new(ends[1], &stats);
	ck_assert_ptr_nonnull(t);
}

static void teardown(void)
{
	worker_tell_free(t);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

/* Bytes of the messages that are there. */
static size_t receive(void)
{
	size_t len = 0;
	ssize_t n;

	while ((n = recv(ends[0], got + len, ROOM - 1 - len, MSG_DONTWAIT)) > 0)
		len += (size_t)n;
	got[len] = '\0';
	return len;
}

static unsigned lines(void)
{
	unsigned n = 0;

	for (const char *at = got; (at = strchr(at, '\n')); at++)
		n++;
	return n;
}

/* What the event points to is gone when this returns. */
static void tell_one(struct str sni)
{
	struct outcome o = {.kind = DECISION_ALLOW};
	struct facts f;
	struct event ev = {.kind = EVENT_OBSERVE,
			   .policy_digest = "digest",
			   .facts = &f,
			   .outcome = &o};
	struct arena arena;

	arena_init(&arena, 0, 0);
	facts_init(&f, &arena);
	f.l4 = IPPROTO_TCP;
	ck_assert(facts_layer_begin(&f, APP_TLS));
	facts_add(&f, FIELD_TLS_SNI, 0, sni);
	worker_tell(t, &ev);
	arena_done(&arena);
}

START_TEST(nothing_is_written_before_it_is_asked_for)
{
	tell_one(str_of("www.example.org"));
	ck_assert_uint_eq(receive(), 0);
	worker_tell_all(t);
	ck_assert_uint_gt(receive(), 0);
	ck_assert_uint_eq(lines(), 1);
	ck_assert_ptr_nonnull(strstr(got, "\"sni\":\"www.example.org\""));
	worker_tell_all(t);
	ck_assert_uint_eq(receive(), 0);
}
END_TEST

START_TEST(more_than_can_be_kept_are_told_all_the_same)
{
	for (unsigned i = 0; i < ONES; i++)
		tell_one(str_of("www.example.org"));
	worker_tell_all(t);
	(void)receive();
	ck_assert_uint_eq(lines(), ONES);
	ck_assert_uint_eq(stats.counters[STAT_EVENTS], ONES);
	ck_assert_uint_eq(stats.counters[STAT_EVENTS_LOST], 0);
}
END_TEST

START_TEST(a_line_longer_than_a_message_comes_whole_between_others)
{
	static char large[LARGE_N];

	memset(large, 0xff, sizeof(large));
	tell_one(str_of("before.example.org"));
	tell_one(str_mem(large, sizeof(large)));
	tell_one(str_of("behind.example.org"));
	worker_tell_all(t);
	ck_assert_uint_gt(receive(), 4 * LARGE_N);
	ck_assert_uint_eq(lines(), 3);
	ck_assert_uint_eq(stats.counters[STAT_EVENTS], 3);
	ck_assert_ptr_nonnull(strstr(got, "before.example.org"));
	ck_assert(strstr(got, "before.example.org") < strstr(got, "\\\\xff"));
	ck_assert(strstr(got, "\\\\xff") < strstr(got, "behind.example.org"));
}
END_TEST

START_TEST(lines_that_nobody_takes_are_counted)
{
	(void)shutdown(ends[0], SHUT_RD);
	tell_one(str_of("www.example.org"));
	tell_one(str_of("www.example.org"));
	worker_tell_all(t);
	ck_assert_uint_eq(stats.counters[STAT_EVENTS], 0);
	ck_assert_uint_eq(stats.counters[STAT_EVENTS_LOST], 2);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nothing_is_written_before_it_is_asked_for);
	tcase_add_test(tc, more_than_can_be_kept_are_told_all_the_same);
	tcase_add_test(tc,
		       a_line_longer_than_a_message_comes_whole_between_others);
	tcase_add_test(tc, lines_that_nobody_takes_are_counted);
}

int main(void)
{
	return run_suite("worker_tell", add);
}
