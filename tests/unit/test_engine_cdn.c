/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A flow to a content network must name a host there that may be asked for. */
#include "tests/unit/engine_case.h"

#define CDN(rule)                                                       \
	ZONES "addresses: { cloud = [\"192.0.2.0/25\"]; };\n"           \
	      "egress: ( { name = \"any\"; " rule                       \
	      " action = \"allow\"; } );\n"                             \
	      "application: { connect = \"allow\"; no-sni = \"allow\";" \
	      " cdn: { cloud: { networks = \"@cloud\";"                 \
	      " hosts = [\"*.example.org\"]; }; }; };\n"

/* What becomes of a connection that begins so. */
static void expect(const char *policy, unsigned last, struct reader first,
		   const char *event)
{
	struct lab *l = lab_new(policy, NULL);

	l->ends.server.bytes[3] = (uint8_t)last;
	lab_connect(l);
	lab_client(l, 1, first);
	lab_expect_events(l, event);
	lab_free(l);
}

START_TEST(a_known_name_passes)
{
	expect(CDN(""), 80, lab_hello("www.example.org"), "rule.allow any");
	expect(CDN(""), 80, lab_hello("WWW.Example.Org."), "rule.allow any");
	expect(CDN(""), 80,
	       text("GET / HTTP/1.1\r\nHost: a.example.org\r\n\r\n"),
	       "rule.allow any");
}
END_TEST

START_TEST(another_does_not)
{
	expect(CDN(""), 80, lab_hello("www.example.net"), "cdn.unknown-name");
	expect(CDN(""), 80, lab_hello("example.org"), "cdn.unknown-name");
	expect(CDN(""), 80,
	       text("GET / HTTP/1.1\r\nHost: a.example.net\r\n\r\n"),
	       "cdn.unknown-name");
}
END_TEST

START_TEST(nor_does_none)
{
	expect(CDN(""), 80, lab_hello(NULL), "cdn.unknown-name");
	expect(CDN(""), 80, text("GET / HTTP/1.0\r\n\r\n"), "cdn.unknown-name");
	expect(CDN(""), 80, text("SSH-2.0-x\r\n"), "cdn.unknown-name");
	expect(CDN(""), 80, text("\1\2\3\4\5\6\7\10junk"), "cdn.unknown-name");
}
END_TEST

START_TEST(elsewhere_it_does_not_matter)
{
	expect(CDN(""), 200, lab_hello("www.example.net"), "rule.allow any");
	expect(CDN(""), 200, lab_hello(NULL), "rule.allow any");
}
END_TEST

START_TEST(it_allows_nothing_by_itself)
{
	expect(CDN("host = \"a.example.org\";"), 80, lab_hello("b.example.org"),
	       "default.deny");
	expect(CDN("host = \"a.example.org\";"), 80, lab_hello("a.example.org"),
	       "rule.allow any");
}
END_TEST

START_TEST(each_request_is_looked_at)
{
	static const char first[] =
		"GET / HTTP/1.1\r\nHost: a.example.org\r\n\r\n";
	struct lab *l = lab_new(CDN(""), NULL);
	uint32_t n = sizeof(first) - 1;

	lab_connect(l);
	lab_client(l, 1, text(first));
	acknowledge(l, 1 + n);
	l->mark = MARK_WATCHED;
	lab_client(l, 1 + n, text("GET / HTTP/1.1\r\nHost: b.net\r\n\r\n"));
	lab_expect_events(l, "rule.allow any, cdn.unknown-name");
	lab_free(l);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, a_known_name_passes);
	tcase_add_test(tc, another_does_not);
	tcase_add_test(tc, nor_does_none);
	tcase_add_test(tc, elsewhere_it_does_not_matter);
	tcase_add_test(tc, it_allows_nothing_by_itself);
	tcase_add_test(tc, each_request_is_looked_at);
}

int main(void)
{
	return run_suite("engine_cdn", add);
}
