/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/service.h"

#include "policy/base/strbuf.h"

#include "tests/unit/support.h"

#include <check.h>
#include <netinet/in.h>

static const struct {
	const char *text;
	struct service is;
} good[] = {
	{"tcp/443", {IPPROTO_TCP, 443, 443}},
	{"tcp/0", {IPPROTO_TCP, 0, 0}},
	{"udp/5000-5100", {IPPROTO_UDP, 5000, 5100}},
	{"udp/0-65535", {IPPROTO_UDP, 0, 65535}},
	{"sctp/132", {IPPROTO_SCTP, 132, 132}},
	{"dccp/1", {IPPROTO_DCCP, 1, 1}},
	{"icmp/8", {IPPROTO_ICMP, 8, 8}},
	{"icmpv6/128-129", {IPPROTO_ICMPV6, 128, 129}},
	{"proto/47", {IPPROTO_GRE, 0, 65535}},
};

START_TEST(reads_and_prints)
{
	char buf[SERVICE_TEXT_MAX];
	struct service s;

	ck_assert_int_eq(service_parse(str_of(good[_i].text), &s), FW_OK);
	ck_assert_uint_eq(s.l4, good[_i].is.l4);
	ck_assert_uint_eq(s.lo, good[_i].is.lo);
	ck_assert_uint_eq(s.hi, good[_i].is.hi);
	ck_assert_str_eq(service_print(&s, buf), good[_i].text);
}
END_TEST

START_TEST(icmp_types_have_names)
{
	char buf[SERVICE_TEXT_MAX];
	struct service s;

	ck_assert(!service_parse(str_of("icmp/echo-request"), &s));
	ck_assert_str_eq(service_print(&s, buf), "icmp/8");
	ck_assert(!service_parse(str_of("icmpv6/packet-too-big"), &s));
	ck_assert_str_eq(service_print(&s, buf), "icmpv6/2");
	for (unsigned i = 0; service_icmp_name(i); i++)
		ck_assert(!service_parse(str_of(service_icmp_name(i)), &s));
	ck_assert(service_parse(str_of("icmp/packet-too-big"), &s));
	ck_assert(service_parse(str_of("icmp/echo-request-echo-reply"), &s));
}
END_TEST

static const struct {
	const char *text, *fault; /* a part of what is said, NULL: nothing */
} faults[] = {
	{"tcp/5-3", "before it begins"},
	{"icmp/9-8", "before it begins"},
	{"tcp/65536", "65535"},
	{"udp/1-99999999999", "65535"},
	{"proto/256", "255"},
	{"icmp/256", "255"},
	{"icmpv6/1-256", "255"},
	{"tcp/080", "begin with 0"},
	{"tcp/http", "a number"},
	{"tcp/", "a number"},
	{"tcp/-1", "a number"},
	{"tcp/1-", "a number"},
	{"tcp/1-2-3", "a number"},
	{"proto/1-3", "no range"},
	{"icmp/echo", NULL},
	{"htps", NULL},
	{"tcp", NULL},
	{"tpc/80", NULL},
	{"", NULL},
};

START_TEST(says_what_is_wrong)
{
	const char *fault = service_fault(str_of(faults[_i].text));
	struct service s;

	ck_assert_int_ne(service_parse(str_of(faults[_i].text), &s), FW_OK);
	ck_assert((fault != NULL) == (faults[_i].fault != NULL));
	if (fault)
		ck_assert_ptr_nonnull(strstr(fault, faults[_i].fault));
}
END_TEST

static const char *const bad[] = {
	"",          "tcp",       "tcp/",
	"/443",      "tcp/65536", "tcp/99999999999",
	"tcp/-1",    "tcp/1-",    "tcp/-",
	"tcp/2-1",   "tcp/1-2-3", "tcp/01",
	"tcp/0x1",   "tcp/ 1",    "TCP/1",
	"tcp/http",  "icmp/256",  "icmpv6/256",
	"proto/256", "proto/",    "proto/1-2",
	"tls/443",   "tcp//1",    "tcp/1/2",
};

START_TEST(refuses)
{
	struct service s;

	ck_assert_int_eq(service_parse(str_of(bad[_i]), &s), FW_ERR_INVAL);
}
END_TEST

START_TEST(refuses_a_zero_byte)
{
	struct service s;

	ck_assert_int_eq(service_parse(str_mem("tcp/1\0", 6), &s),
			 FW_ERR_INVAL);
	ck_assert_int_eq(service_parse(str_mem(NULL, 0), &s), FW_ERR_INVAL);
}
END_TEST

/* What the compiler takes for granted of services.def. */
START_TEST(each_built_in_service_can_be_read)
{
	const char *name;
	unsigned n = 0;

	for (; (name = service_builtin_name(n)); n++) {
		struct str rest = service_builtin(str_of(name));

		ck_assert_uint_gt(rest.len, 0);
		while (rest.len > 0) {
			const char *cut = memchr(rest.p, ' ', rest.len);
			size_t len = cut ? (size_t)(cut - rest.p) : rest.len;
			struct service s;

			ck_assert_msg(!service_parse(str_mem(rest.p, len), &s),
				      "%s: %.*s", name, STR_ARG(rest));
			rest = str_skip(rest, len + 1);
		}
		for (unsigned i = 0; i < n; i++)
			ck_assert_str_ne(service_builtin_name(i), name);
	}
	ck_assert_uint_gt(n, 20);
	ck_assert_ptr_null(service_builtin(str_of("HTTP")).p);
	ck_assert_ptr_null(service_builtin(str_of("")).p);
}
END_TEST

/* "tcp/1-9 icmp/8" less one, as text again. */
static const struct {
	const char *from, *minus, *left;
} differences[] = {
	{"tcp/0-65535", "tcp/25", " tcp/0-24 tcp/26-65535"},
	{"tcp/0-65535", "tcp/0", " tcp/1-65535"},
	{"tcp/0-65535", "tcp/65535", " tcp/0-65534"},
	{"tcp/5-9", "tcp/0-4", " tcp/5-9"},
	{"tcp/5-9", "tcp/9-10", " tcp/5-8"},
	{"tcp/5-9", "udp/5-9", " tcp/5-9"},
	{"tcp/5-9", "proto/6", ""},
	{"icmp/8", "icmp/8", ""},
	{"proto/1", "icmp/8", " icmp/0-7 icmp/9-255"},
};

START_TEST(takes_away)
{
	char one[SERVICE_TEXT_MAX];
	service_list list = {0};
	struct service minus, *slot;
	struct strbuf text;
	struct arena arena;

	arena_init(&arena, 0, 0);
	strbuf_init(&text, 0);
	slot = vec_push(&arena, &list);
	ck_assert_ptr_nonnull(slot);
	ck_assert(!service_parse(str_of(differences[_i].from), slot));
	ck_assert(!service_parse(str_of(differences[_i].minus), &minus));
	ck_assert(service_list_subtract(&arena, &list, minus));
	vec_foreach (s, &list)
		strbuf_addf(&text, " %s", service_print(s, one));
	ck_assert_str_eq(strbuf_text(&text), differences[_i].left);
	strbuf_done(&text);
	arena_done(&arena);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("service");
	TCase *c = tcase_create("words");

#define N(list) (int)(sizeof(list) / sizeof(*(list)))
	tcase_add_loop_test(c, reads_and_prints, 0, N(good));
	tcase_add_loop_test(c, refuses, 0, N(bad));
	tcase_add_loop_test(c, says_what_is_wrong, 0, N(faults));
	tcase_add_test(c, icmp_types_have_names);
	tcase_add_test(c, refuses_a_zero_byte);
	tcase_add_loop_test(c, takes_away, 0, N(differences));
	tcase_add_test(c, each_built_in_service_can_be_read);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return run_made_suite(suite());
}
