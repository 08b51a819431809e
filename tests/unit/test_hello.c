/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel queues of flows that are listened to: at least what a module
 * takes for a hello (chain c_hello of nft-templates/gateway.nft). */
#include "agent/proto/quic_version.h"
#include "agent/proto/registry.h"
#include "tests/unit/engine_case.h"
#include "tests/unit/support.h"

#define POLICY_UDP                                                       \
	ZONES "egress: ( { name = \"any\"; service = \"udp\"; action = " \
	      "\"allow\"; } );"

static bool bits_are(const struct rs_stmt *s, struct reader datagram)
{
	uint32_t value = 0;

	if ((s->n + s->m + 7) / 8 > datagram.left)
		return false;
	for (uint32_t bit = s->n; bit < s->n + s->m; bit++)
		value = value << 1 | (datagram.p[bit / 8] >> (7 - bit % 8) & 1);
	return value == s->m2;
}

/* Does a rule of the chain lead it to c_heard? */
static bool leads_to_queue(const struct ruleset *rs, const char *chain,
			   struct reader datagram)
{
	struct rs_chain *c = ruleset_chain_find(rs, chain);

	ck_assert_ptr_nonnull(c);
	vec_foreach (rule, &c->rules) {
		bool fits = true;

		vec_foreach (s, &rule->stmts) {
			if (s->op == RS_UDP_BITS)
				fits = fits && bits_are(s, datagram);
			else if (fits && s->op == RS_GOTO)
				return !strcmp(s->name, "c_heard");
			else if (fits && s->op == RS_JUMP &&
				 leads_to_queue(rs, s->name, datagram))
				return true;
		}
	}
	return false;
}

static bool is_queued(struct reader datagram)
{
	static struct policy *policy;

	if (!policy)
		policy = lab_compile(POLICY_UDP);
	return leads_to_queue(&policy->ruleset, "c_hello", datagram);
}

static bool is_hello(struct reader datagram)
{
	const struct proto *proto;

	for (unsigned i = 0; (proto = registry_get(IPPROTO_UDP, i)); i++)
		if (proto->is_hello && proto->is_hello(datagram))
			return true;
	return false;
}

/* A long header with an Initial of any length, as far as it is looked at. */
static struct reader initial_of(uint8_t first, uint32_t version)
{
	static uint8_t p[64];

	memset(p, 0, sizeof(p));
	p[0] = first;
	for (unsigned i = 0; i < 4; i++)
		p[1 + i] = (uint8_t)(version >> (24 - 8 * i));
	p[5] = 8; /* an id */
	p[16] = 32;
	return reader_of(p, sizeof(p));
}

START_TEST(every_version_is_queued)
{
	static const uint32_t near[] = {0x00000001, 0x6b3343cf, 0x709a50c4,
					0xff000001, 0xff000022, 0xfaceb001,
					0xfaceb01f, 0x51303234, 0x51303436,
					0x51303530, 0x54303530, 0x54303531};
	unsigned hellos = 0;

	for (size_t i = 0; i < sizeof(near) / sizeof(*near); i++)
		for (unsigned first = 0x80; first < 0x100; first += 0x10) {
			struct reader d = initial_of((uint8_t)first, near[i]);

			ck_assert_ptr_nonnull(quic_version_find(near[i]));
			ck_assert_msg(is_queued(d), "%08x", near[i]);
			hellos += is_hello(d);
		}
	ck_assert_uint_gt(hellos, 20);
}
END_TEST

static struct reader bytes_of(const char *z, size_t n)
{
	return reader_of((const uint8_t *)z, n);
}

START_TEST(other_hellos_are_queued)
{
	static const struct {
		const char *p;
		size_t n;
		bool queued;
	} cases[] = {
#define CASE(z, queued) {z, sizeof(z) - 1, queued}
		CASE("\x09"
		     "12345678Q043\1hashhashhash\xa0\1\0\x31",
		     true),
		CASE("\x16\xfe\xff\0\0\0\0\0\0\0\0\0\1\1", true),
		CASE("\x15\xfe\xfd\0\0\0\0\0\0\0\0\0\2\1\1", true),
		CASE("\x16\1\0\0\0\0\0\0\0\0\0\0\1\1", true),
		CASE("\0\1\0\0\x21\x12\xa4\x42"
		     "123456789012",
		     false),
		CASE("\x1b\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", false),
		CASE("\x80\x60\0\1\0\0\0\1\0\0\0\1", false),
		CASE("\x40"
		     "1234567890123456789012345",
		     false),
		CASE("", false),
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		ck_assert_int_eq(is_queued(bytes_of(cases[i].p, cases[i].n)),
				 cases[i].queued);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, every_version_is_queued);
	tcase_add_test(tc, other_hellos_are_queued);
}

int main(void)
{
	return run_suite("hello", add);
}
