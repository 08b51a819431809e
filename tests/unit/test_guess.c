/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is said of unknown flows: nothing, or what libndpi takes them for. */
#include "agent/guess/guess.h"
#include "policy/base/arena.h"
#include "tests/unit/support.h"

#include <netinet/in.h>

static const char says[] = "{\"host_int\": 123456789, \"version\": [2, 0], "
			   "\"displayname\": \"\", \"port\": 17500, "
			   "\"namespaces\": [1234567]}";

static struct str guessed(struct facts *f, struct arena *arena, bool v6,
			  struct reader client)
{
	static const uint8_t a4[4] = {192, 0, 2, 1}, a6[16] = {0x20, 1, 13};

	facts_init(f, arena);
	f->src = v6 ? ipaddr_v6(a6) : ipaddr_v4(a4);
	f->dst = f->src;
	f->dst.bytes[3]++;
	f->sport = f->dport = 17500;
	f->l4 = IPPROTO_UDP;
	ck_assert(facts_layer_begin(f, APP_UNKNOWN));
	guess_unknown(f, client);
	return facts_get(f, FIELD_NDPI_PROTO, 0);
}

START_TEST(an_unknown_flow_has_a_guess_where_somebody_guesses)
{
	struct arena arena;
	struct facts f;

	arena_init(&arena, 0, 0);
	for (int v6 = 0; v6 < 2; v6++) {
		struct reader all = reader_of(says, sizeof(says) - 1);
		struct str is = guessed(&f, &arena, v6, all);

		ck_assert(str_is(is, guess_is_there() ? "Dropbox" : ""));
		ck_assert_uint_eq(f.n_layers, 1);
	}
	arena_done(&arena);
}
END_TEST

START_TEST(a_port_alone_is_no_guess)
{
	struct arena arena;
	struct facts f;

	arena_init(&arena, 0, 0);
	ck_assert_uint_eq(
		guessed(&f, &arena, false, reader_of("\x93\x10\xfe", 3)).len,
		0);
	ck_assert_uint_eq(guessed(&f, &arena, false, reader_of(says, 0)).len,
			  0);
	arena_done(&arena);
}
END_TEST

START_TEST(any_length_is_borne)
{
	static const uint8_t much[4000] = {'{'};
	struct arena arena;
	struct facts f;

	for (size_t n = 0; n < sizeof(much); n += 100) {
		arena_init(&arena, 0, 0);
		(void)guessed(&f, &arena, n % 200,
			      reader_of(at_page_end(much, n), n));
		arena_done(&arena);
	}
	for (size_t n = 0; n < sizeof(says); n++) {
		arena_init(&arena, 0, 0);
		(void)guessed(&f, &arena, false,
			      reader_of(at_page_end(says, n), n));
		arena_done(&arena);
	}
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, an_unknown_flow_has_a_guess_where_somebody_guesses);
	tcase_add_test(tc, a_port_alone_is_no_guess);
	tcase_add_test(tc, any_length_is_borne);
}

int main(void)
{
	return run_suite("guess", add);
}
