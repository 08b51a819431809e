/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/registry.h"
#include "tests/unit/support.h"

#include <netinet/in.h>

#define CONNECT "CONNECT a:1 HTTP/1.1\r\n\r\n"
#define OK200   "HTTP/1.1 200 OK\r\n\r\n"
#define TOLD(layer)                                              \
	" http.http_method[" layer ",0]=CONNECT http.url[" layer \
	",0]=a:1 http.connect[" layer ",0]=a:1"
#define DONE(layer) TOLD(layer) " http.status[" layer ",0]=200"

START_TEST(every_row_is_complete)
{
	static const uint8_t l4s[] = {IPPROTO_TCP, IPPROTO_UDP};
	const struct proto *p;

	for (unsigned i = 0; (p = registry_get(l4s[_i], i)); i++) {
		ck_assert_ptr_nonnull(p->name);
		ck_assert_ptr_nonnull(p->probe);
		ck_assert_ptr_nonnull(p->feed);
		ck_assert_uint_gt(p->state_size, 0);
		ck_assert_uint_gt(p->ceiling, 0);
	}
	ck_assert_ptr_nonnull(registry_get(IPPROTO_ICMPV6, 0));
	ck_assert_ptr_null(registry_get(IPPROTO_ICMP, 1));
	ck_assert_ptr_null(registry_get(IPPROTO_GRE, 0));
}
END_TEST

START_TEST(a_banner_of_the_server_is_passed_over)
{
	static const struct turn turns[] = {S("220 hello\r\n"), C("WHAT x\r\n"),
					    S("250\r\n")};

	expect_every_split(turns, 2, "done unknown");
	expect_every_split(turns, 1, "probing+");
}
END_TEST

START_TEST(a_client_ahead_of_the_answers_is_read_first)
{
	static const struct turn turns[] = {
		C(CONNECT CONNECT "GET / HTTP/1.1\r\n\r\n"), S(OK200 OK200)};

	expect_every_split(
		turns, 2,
		"feeding http http http" DONE("0")
			DONE("1") " http.http_method[2,0]=GET http.url[2,0]=/");
}
END_TEST

START_TEST(layers_are_bounded)
{
	static const struct turn turns[] = {C(CONNECT), S(OK200),   C(CONNECT),
					    S(OK200),   C(CONNECT), S(OK200),
					    C(CONNECT), S(OK200),   C(CONNECT)};

	expect_every_split(turns, 6,
			   "probing http http http+" DONE("0") DONE("1")
				   DONE("2"));
	expect_every_split(turns, 9,
			   "bad http http http http+" DONE("0") DONE("1")
				   DONE("2") DONE("3"));
}
END_TEST

START_TEST(what_is_not_known_can_be_given_up)
{
	static const struct {
		struct turn turns[3];
		size_t n;
		const char *want;
	} cases[] = {
		{{C("G")}, 0, "done unknown"},
		{{C("G")}, 1, "done unknown"},
		{{C("GET / HTTP/1.1\r\n")},
		 1,
		 "done http http.http_method[0,0]=GET http.url[0,0]=/"},
		{{C(CONNECT)}, 1, "done http" TOLD("0")},
		{{C(CONNECT), S(OK200)}, 2, "done http unknown" DONE("0")},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct wire *w = wire_new();
		char *text;

		wire_play(w, cases[i].turns, cases[i].n, 0, 0);
		proto_stack_give_up(&w->stack, &w->facts);
		text = wire_text(w);
		ck_assert_str_eq(text, cases[i].want);
		proto_stack_give_up(&w->stack, &w->facts);
		free(text);
		wire_free(w);
	}
}
END_TEST

START_TEST(it_is_known_when_bytes_wait_for_a_module)
{
	struct wire *w = wire_new();

	ck_assert(!proto_stack_is_waiting(&w->stack));
	wire_send(w, DIR_CLIENT, "GE", 2);
	ck_assert(proto_stack_is_waiting(&w->stack));
	wire_send(w, DIR_CLIENT, "T / HTTP/1.1\r\n\r\n", 16);
	ck_assert(!proto_stack_is_waiting(&w->stack));
	wire_free(w);
}
END_TEST

START_TEST(other_layers_4_have_no_module)
{
	struct wire *w = wire_new();

	proto_stack_init(&w->stack, IPPROTO_UDP);
	wire_send(w, DIR_CLIENT, CONNECT, sizeof(CONNECT) - 1);
	ck_assert_int_eq(w->stack.state, STACK_DONE);
	ck_assert_int_eq(w->facts.layers[0].app, APP_UNKNOWN);
	wire_free(w);
}
END_TEST

START_TEST(without_memory_it_is_unknown)
{
	struct wire *w = wire_new();

	w->arena.left = 1;
	wire_send(w, DIR_CLIENT, CONNECT, sizeof(CONNECT) - 1);
	ck_assert_int_eq(w->stack.state, STACK_DONE);
	ck_assert_int_eq(w->facts.layers[0].app, APP_UNKNOWN);
	wire_free(w);
}
END_TEST

START_TEST(every_ceiling_of_memory_is_survived)
{
	static const struct turn turns[] = {
		C("\5\1\0\5\1\0\3\1a\0\1"), S("\5\0\5\0\0\1\0\0\0\0\0\0"),
		C(CONNECT), S(OK200), C("GET / HTTP/1.1\r\nHost: a\r\n\r\n")};

	for (size_t most = 1; most < 4096; most += 16) {
		struct wire *w = wire_new();

		w->arena.left = most;
		wire_play(w, turns, 5, 0, 0);
		ck_assert(w->facts.n_layers > 0);
		wire_free(w);
	}
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_loop_test(tc, every_row_is_complete, 0, 2);
	tcase_add_test(tc, a_banner_of_the_server_is_passed_over);
	tcase_add_test(tc, a_client_ahead_of_the_answers_is_read_first);
	tcase_add_test(tc, layers_are_bounded);
	tcase_add_test(tc, what_is_not_known_can_be_given_up);
	tcase_add_test(tc, it_is_known_when_bytes_wait_for_a_module);
	tcase_add_test(tc, other_layers_4_have_no_module);
	tcase_add_test(tc, without_memory_it_is_unknown);
	tcase_add_test(tc, every_ceiling_of_memory_is_survived);
}

int main(void)
{
	return run_suite("stack", add);
}
