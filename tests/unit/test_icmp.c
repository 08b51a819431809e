/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What ICMP echos carry, and protocols that are told by their number. */
#include "tests/unit/support.h"

#include <netinet/in.h>

#define COUNTED \
	"\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"
#define STAMP   "\x5a\x01\xff\x33\x09\xb2\x77\xe1"
#define LETTERS "abcdefghijklmnopqrstuvwabcdefghi"

/* Datagrams of an echo's flow give this text. */
static void expect(uint8_t l4, const struct turn *turns, size_t n,
		   const char *want)
{
	struct wire *w = wire_new();
	char *text;

	proto_stack_init(&w->stack, l4);
	proto_stack_number(&w->stack, &w->facts);
	for (size_t i = 0; i < n && turns[i].bytes.p; i++) {
		struct reader r = turns[i].bytes;

		r.p = at_page_end(r.p, r.left);
		(void)proto_stack_datagram(&w->stack, turns[i].dir, r,
					   &w->facts);
	}
	text = wire_text(w);
	ck_assert_str_eq(text, want);
	free(text);
	wire_free(w);
}

static const struct {
	struct turn turns[6];
	const char *want;
} cases[] = {
	{{C(STAMP STAMP COUNTED), S(STAMP STAMP COUNTED)},
	 "feeding icmp icmp.echo.size[0,0]=32 icmp.echo.pattern[0,0]=counting "
	 "icmp.echo.answer[0,0]=same"},
	{{C(LETTERS), S(LETTERS)},
	 "feeding icmp icmp.echo.size[0,0]=32 icmp.echo.pattern[0,0]=alphabet "
	 "icmp.echo.answer[0,0]=same"},
	{{C("\0\0\0\0\0\0\0\0\0\0\0\0")},
	 "feeding icmp icmp.echo.size[0,0]=12 icmp.echo.pattern[0,0]=repeated"},
	{{C("\0\0\0\0\x12\x34\x56\x78\xab\xcd\xab\xcd\xab\xcd\xab\xcd")},
	 "feeding icmp icmp.echo.size[0,0]=16 icmp.echo.pattern[0,0]=repeated"},
	/* Each answer to one of the requests before it. */
	{{C(LETTERS), C(LETTERS "j"), S(LETTERS), S(LETTERS "j")},
	 "feeding icmp icmp.echo.size[0,0]=32 icmp.echo.pattern[0,0]=alphabet "
	 "icmp.echo.size[0,0]=33 icmp.echo.answer[0,0]=same"},
	{{C("\xd5\x20\x08\x80" STAMP), S("\xd5\x20\x08\x80" LETTERS)},
	 "feeding icmp icmp.echo.size[0,0]=12 icmp.echo.pattern[0,0]=ptunnel "
	 "icmp.echo.answer[0,0]=differs"},
	{{C(STAMP), S(STAMP), C("\x45\x00\x00\x54"), S("")},
	 "feeding icmp icmp.echo.size[0,0]=8 icmp.echo.pattern[0,0]=other "
	 "icmp.echo.answer[0,0]=same icmp.echo.size[0,0]=4"},
	/* An answer to what was not seen. */
	{{S(LETTERS)}, "feeding icmp"},
};

START_TEST(echos_are_told)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		expect(IPPROTO_ICMP, cases[i].turns, 6, cases[i].want);
		expect(IPPROTO_ICMPV6, cases[i].turns, 6, cases[i].want);
	}
}
END_TEST

START_TEST(sizes_have_an_end)
{
	struct turn turns[10];

	for (size_t i = 0; i < 10; i++)
		turns[i] = (struct turn){DIR_CLIENT, reader_of(LETTERS, 8 + i)};
	expect(IPPROTO_ICMP, turns, 10,
	       "feeding icmp icmp.echo.size[0,0]=8 "
	       "icmp.echo.pattern[0,0]=alphabet icmp.echo.size[0,0]=9 "
	       "icmp.echo.size[0,0]=10 icmp.echo.size[0,0]=11");
}
END_TEST

START_TEST(protocols_of_ip_are_told_by_their_number)
{
	static const struct {
		uint8_t l4;
		const char *want;
	} numbers[] = {
		{IPPROTO_GRE, "done gre"},     {IPPROTO_IPIP, "done ipip"},
		{IPPROTO_IPV6, "done sit"},    {IPPROTO_ESP, "done esp"},
		{IPPROTO_AH, "done ah"},       {IPPROTO_ICMP, "feeding icmp"},
		{IPPROTO_SCTP, "done unknown"}};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		expect(numbers[i].l4, NULL, 0, numbers[i].want);
	ck_assert(app_is_over(APP_GRE, IPPROTO_GRE));
	ck_assert(app_is_over(APP_ICMP, IPPROTO_ICMPV6));
	ck_assert(app_is_over(APP_UNKNOWN, IPPROTO_SCTP));
	ck_assert(!app_is_over(APP_UNKNOWN, IPPROTO_GRE));
	ck_assert(!app_is_over(APP_GRE, IPPROTO_TCP));
	ck_assert(!app_is_over(APP_ICMP, IPPROTO_UDP));
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, echos_are_told);
	tcase_add_test(tc, sizes_have_an_end);
	tcase_add_test(tc, protocols_of_ip_are_told_by_their_number);
}

int main(void)
{
	return run_suite("icmp", add);
}
