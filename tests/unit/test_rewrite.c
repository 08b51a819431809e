/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers without the keys of encrypted hellos. */
#include "agent/binding/rewrite.h"
#include "agent/limits.h"
#include "agent/proto/dns_message.h"
#include "tests/unit/dns_case.h"

#include <stdio.h>

#define MANDATORY 0
#define ALPN      1
#define HINT      4
#define ECH       5
#define PRIVATE   65280

static struct bytes message, before, data;
static struct rewrite_result result;
static const struct rewrite both = {.strips = true, .denies = true};

/* A record's data so far: priority and target. */
static void service(const char *target)
{
	data.n = 0;
	bytes_u16(&data, 1);
	dns_put_name(&data, target);
}

static void put(unsigned type)
{
	dns_record(&message, "a.org", type, 300, data.p, data.n);
}

static void rewrite(void)
{
	before = message;
	ck_assert_uint_eq(
		rewrite_answer(&both, message.p, message.n, message.n, &result),
		message.n);
	ck_assert(dns_message_fits(reader_of(message.p, message.n)));
}

/* The data of answer `i`, behind priority and the root as target. */
static struct reader parameters_of(unsigned i, uint16_t *out_type)
{
	struct reader at = reader_of(message.p, message.n);
	struct dns_record record;
	struct dns_header h;

	ck_assert(dns_header_read(&at, &h));
	ck_assert(dns_name_skip(&at));
	reader_skip(&at, 4);
	for (unsigned j = 0; j <= i; j++)
		ck_assert(dns_record_read(&at, &record));
	reader_skip(&record.data, 3);
	*out_type = record.type;
	return record.data;
}

/* The parameters of answer `i`: "1:2 4:4 65280:7", keys and lengths. */
static void expect(unsigned i, unsigned want_type, const char *want)
{
	uint16_t type;
	struct reader r = parameters_of(i, &type);
	char text[200] = "";
	size_t n = 0;

	while (r.left > 0) {
		unsigned key = reader_u16(&r);
		struct reader value = reader_sub(&r, reader_u16(&r));

		ck_assert(!r.failed);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%u:%zu",
				      n ? " " : "", key, value.left);
		while (key >= PRIVATE && key != 65300 && value.left > 0)
			ck_assert_uint_eq(reader_u8(&value), 0);
	}
	ck_assert_uint_eq(type, want_type);
	ck_assert_str_eq(text, want);
}

START_TEST(keys_go)
{
	dns_answer(&message, 1, "a.org", DNS_HTTPS);
	service(".");
	dns_parameter(&data, ALPN, "\2h2", 3);
	dns_parameter(&data, HINT, "\1\2\3\4", 4);
	dns_parameter(&data, ECH, "keys keys", 9);
	dns_parameter(&data, 6, "0123456789abcdef", 16);
	put(DNS_HTTPS);
	put(DNS_SVCB);
	/* Behind them what leads back into them. */
	dns_a(&message, "a.org", 0x0a000001);
	message.p[3] |= 0x20; /* AD */
	rewrite();
	ck_assert(result.changed && result.stripped);
	expect(0, DNS_HTTPS, "1:3 4:4 6:16 65280:9");
	expect(1, DNS_SVCB, "1:3 4:4 6:16 65280:9");
	ck_assert_uint_eq(message.p[3] & 0x20, 0);
	/* Nothing is left to do. */
	rewrite();
	ck_assert(!result.changed && !result.stripped);
}
END_TEST

START_TEST(what_has_none_stays)
{
	dns_answer(&message, 1, "a.org", DNS_HTTPS);
	service("www.a.org");
	dns_parameter(&data, ALPN, "\2h2", 3);
	put(DNS_HTTPS);
	dns_a(&message, "www.a.org", 0x0a000001);
	message.p[3] |= 0x20;
	rewrite();
	ck_assert(!result.changed);
	ck_assert_mem_eq(message.p, before.p, before.n);
	/* Nor is a question answered. */
	dns_question(&message, 1, "a.org", DNS_HTTPS);
	rewrite();
	ck_assert(!result.changed);
}
END_TEST

START_TEST(what_is_mandatory_is_mended)
{
	dns_answer(&message, 1, "a.org", DNS_HTTPS);
	service(".");
	dns_parameter(&data, MANDATORY, "\0\1\0\5", 4);
	dns_parameter(&data, ALPN, "\2h2", 3);
	dns_parameter(&data, ECH, "keys", 4);
	put(DNS_HTTPS);
	service(".");
	dns_parameter(&data, MANDATORY, "\0\5", 2);
	dns_parameter(&data, ECH, "keys", 4);
	put(DNS_HTTPS);
	service(".");
	dns_parameter(&data, MANDATORY, "\0\1", 2);
	dns_parameter(&data, ALPN, "\2h2", 3);
	dns_parameter(&data, ECH, "", 0);
	put(DNS_HTTPS);
	rewrite();
	expect(0, DNS_HTTPS, "0:2 1:3 65280:6");
	expect(1, DNS_HTTPS, "65280:10");
	expect(2, DNS_HTTPS, "0:2 1:3 65280:0");
}
END_TEST

START_TEST(private_keys_rise)
{
	dns_answer(&message, 1, "a.org", DNS_HTTPS);
	service(".");
	dns_parameter(&data, ECH, "keys", 4);
	dns_parameter(&data, 65300, "x", 1);
	put(DNS_HTTPS);
	service(".");
	dns_parameter(&data, ECH, "keys", 4);
	dns_parameter(&data, 65534, "", 0);
	put(DNS_HTTPS);
	rewrite();
	expect(0, DNS_HTTPS, "65300:1 65301:4");
	expect(1, PRIVATE, "5:4 65534:0");
}
END_TEST

/* Twice, out of order, longer than it is. */
START_TEST(a_record_that_is_none_is_nobodys)
{
	dns_answer(&message, 1, "a.org", DNS_HTTPS);
	service(".");
	dns_parameter(&data, ECH, "keys", 4);
	dns_parameter(&data, ECH, "more", 4);
	put(DNS_HTTPS);
	service(".");
	dns_parameter(&data, ECH, "keys", 4);
	dns_parameter(&data, ALPN, "\2h2", 3);
	put(DNS_HTTPS);
	service(".");
	bytes_u16(&data, ECH);
	bytes_u16(&data, 4);
	put(DNS_HTTPS);
	data.n = 1;
	put(DNS_HTTPS);
	service(".");
	dns_parameter(&data, ECH, "keys", 4);
	put(DNS_HTTPS);
	rewrite();
	ck_assert(result.changed);
	for (unsigned i = 0; i < 4; i++) {
		uint16_t type;

		(void)parameters_of(i, &type);
		ck_assert_uint_eq(type, PRIVATE);
	}
	expect(4, DNS_HTTPS, "65280:4");
}
END_TEST

START_TEST(a_message_that_is_none_is_a_failure)
{
	dns_answer(&message, 1, "a.org", DNS_HTTPS);
	service(".");
	dns_parameter(&data, ECH, "keys", 4);
	put(DNS_HTTPS);
	message.n--;
	rewrite();
	ck_assert(result.changed);
	ck_assert_uint_eq(message.p[3] & 0xf, 2);
	ck_assert_ptr_null(memmem(message.p, message.n, "key", 3));
	/* More records than there are. */
	dns_answer(&message, 1, "a.org", DNS_HTTPS);
	message.p[7] = 9;
	rewrite();
	ck_assert_uint_eq(message.p[3] & 0xf, 2);
	/* A label of no kind. */
	dns_answer(&message, 1, "a.org", DNS_HTTPS);
	message.p[12] = 0x80;
	rewrite();
	ck_assert_uint_eq(message.p[3] & 0xf, 2);
}
END_TEST

static void expect_denied(const char *name, unsigned rcode)
{
	dns_answer(&message, 7, name, DNS_A);
	dns_a(&message, name, 0x0a000001);
	dns_a(&message, name, 0x0a000002);
	message.p[3] |= 0x20;
	rewrite();
	ck_assert(result.changed && result.denied);
	ck_assert_uint_eq(message.p[3] & 0x2f, rcode);
	ck_assert_uint_eq(message.p[5], 1);
	ck_assert_uint_eq(message.p[7], 0);
	ck_assert_ptr_null(memmem(message.p, message.n, "\12\0\0", 3));
	rewrite();
	ck_assert(!result.stripped);
}

START_TEST(canaries_are_denied)
{
	const struct rewrite none = {.strips = true};

	expect_denied("use-application-dns.net", 3);
	expect_denied("USE-application-dns.NET", 3);
	expect_denied("mask.icloud.com", 3);
	expect_denied("mask-h2.icloud.com", 3);
	expect_denied("_dns.resolver.arpa", 0);
	dns_answer(&message, 7, "www.icloud.com", DNS_A);
	dns_a(&message, "www.icloud.com", 0x0a000001);
	rewrite();
	ck_assert(!result.changed);
	dns_answer(&message, 7, "mask.icloud.com", DNS_A);
	dns_a(&message, "mask.icloud.com", 0x0a000001);
	(void)rewrite_answer(&none, message.p, message.n, message.n, &result);
	ck_assert(!result.changed);
	/* There is no record to hide. */
	dns_answer(&message, 7, "mask.icloud.com", DNS_A);
	rewrite();
	ck_assert(result.denied);
	/* The resolver says so itself. */
	rewrite();
	ck_assert(!result.changed);
}
END_TEST

/* Each record goes on when it is whole, and is what it is in the end. */
START_TEST(of_a_long_one_records_go_on)
{
	static uint8_t filler[200];
	struct bytes *part = malloc(sizeof(*part));
	size_t final = 0, last = 0;

	dns_answer(&message, 1, "a.org", DNS_HTTPS);
	while (message.n < LIMIT_ANSWER_WAITS) {
		service(".");
		dns_parameter(&data, ALPN, "\2h2", 3);
		dns_parameter(&data, ECH, filler, sizeof(filler));
		put(DNS_HTTPS);
	}
	*part = message;
	before = message;
	rewrite_answer(&both, message.p, message.n, message.n, &result);
	ck_assert(result.stripped);
	for (size_t have = 0; have < message.n; have++) {
		*part = before;
		final = rewrite_answer(&both, part->p, have, message.n,
				       &result);
		ck_assert_uint_ge(final, last);
		ck_assert_uint_le(final, have);
		ck_assert_uint_le(have - final, 300);
		ck_assert_mem_eq(part->p, message.p, final);
		last = final;
	}
	/* A short one waits. */
	ck_assert_uint_eq(rewrite_answer(&both, before.p, 100, 101, &result),
			  0);
	free(part);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, keys_go);
	tcase_add_test(tc, what_has_none_stays);
	tcase_add_test(tc, what_is_mandatory_is_mended);
	tcase_add_test(tc, private_keys_rise);
	tcase_add_test(tc, a_record_that_is_none_is_nobodys);
	tcase_add_test(tc, a_message_that_is_none_is_a_failure);
	tcase_add_test(tc, canaries_are_denied);
	tcase_add_test(tc, of_a_long_one_records_go_on);
}

int main(void)
{
	return run_suite("rewrite", add);
}
