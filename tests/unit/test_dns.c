/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/limits.h"
#include "agent/proto/dns_message.h"
#include "tests/unit/support.h"

/* Header: id, flags, counts of the four sections, one byte each. */
#define H(id, flags, q, an, ns, ar) id flags "\0" q "\0" an "\0" ns "\0" ar
#define WWW                         "\3wWw\7eXample\3org\0"
#define IN                          "\0\1"
/* Type and class. */
#define Q_A    "\0\1" IN
#define Q_AAAA "\0\x1c" IN
#define TTL    "\0\0\1\x2c"
#define NB     " FHEPFCELEHFCEPFFFACACACACACACABN\0"

#define QUERY H("\x12\x34", "\1\0", "\1", "\0", "\0", "\0") WWW Q_A
#define ASKED "dns.rrname[0,0]=wWw.eXample.org dns.rrtype[0,0]=A"
#define ANSWER                                            \
	H("\x12\x34", "\x81\x80", "\1", "\3", "\0", "\0") \
	WWW Q_A "\xc0\x0c\0\5" IN TTL "\0\6\3cdn\xc0\x10" \
		"\xc0\x2d" Q_A TTL "\0\4\xc0\0\2\1"       \
		"\xc0\x2d" Q_A TTL "\0\4\xc0\0\2\2"
#define ANSWERED                                                         \
	" dns.rcode[0,0]=NOERROR dns.grouped.CNAME[0,0]=cdn.eXample.org" \
	" dns.grouped.A[0,0]=192.0.2.1 dns.grouped.A[0,0]=192.0.2.2"

static const struct dialogue datagrams[] = {
	{{C(QUERY)}, "feeding dns " ASKED},
	{{C(QUERY), S(ANSWER)}, "feeding dns " ASKED ANSWERED},
	/* asked again, and for another name */
	{{C(QUERY), C(QUERY),
	  C(H("\0\1", "\1\0", "\1", "\0", "\0", "\0") "\1x\0" Q_AAAA)},
	 "feeding dns " ASKED " dns.rrname[0,2]=x dns.rrtype[0,2]=AAAA"},
	/* two questions; a pointer to the one behind */
	{{C(H("\0\1", "\1\0", "\2", "\0", "\0", "\0") "\xc0\x12" Q_A WWW Q_A)},
	 "feeding dns " ASKED},
	/* only the server's word */
	{{S(ANSWER)}, "feeding dns " ASKED ANSWERED},
	{{C(QUERY),
	  S(H("\x12\x34", "\x81\x83", "\1", "\0", "\0", "\0") WWW Q_A),
	  S("no answer")},
	 "feeding dns " ASKED " dns.rcode[0,0]=NXDOMAIN"},
	/* bytes that look like another name are none */
	{{C(H("\0\1", "\1\0", "\1", "\0", "\0", "\0") "\5a.b\\c\1\n\0" Q_A)},
	 "feeding dns dns.rrname[0,0]=a\\.b\\\\c.\\x0a dns.rrtype[0,0]=A"},
	{{C(H("\0\1", "\1\0", "\1", "\0", "\0", "\0") "\0\0\2" IN)},
	 "feeding dns dns.rrname[0,0]=. dns.rrtype[0,0]=NS"},
	{{C(H("\0\1", "\1\0", "\1", "\0", "\0", "\0") "\1x\0\xff\xf0" IN)},
	 "feeding dns dns.rrname[0,0]=x dns.rrtype[0,0]=TYPE65520"},
	/* an inverse query */
	{{C(H("\0\1", "\x09\0", "\0", "\1", "\0", "\0") "\1x\0" Q_A TTL
							"\0\4\xc0\0\2\1")},
	 "feeding dns dns.rrname[0,0]=x dns.rrtype[0,0]=A"},
	/* EDNS with the client's network */
	{{C(H("\0\1", "\1\0", "\1", "\0", "\0",
	      "\1") "\1x\0" Q_A "\0\0\x29\x10\0\0\0\0\0\0\x0b\0\x08\0\7\0\1\x18"
		    "\0\xc0\0\2")},
	 "feeding dns dns.rrname[0,0]=x dns.rrtype[0,0]=A"
	 " dns.edns.client_subnet[0,0]=192.0.2.0/24"},
	/* HTTPS: alpn, hints, ech */
	{{C(H("\0\1", "\1\0", "\1", "\0", "\0", "\0") "\1x\0\0\x41" IN),
	  S(H("\0\1", "\x81\x80", "\1", "\1", "\0",
	      "\0") "\1x\0\0\x41" IN "\xc0\x0c\0\x41" IN TTL "\0\x2f"
		    "\0\1\0"
		    "\0\1\0\6\2h2\2h3"
		    "\0\4\0\4\xc0\0\2\1"
		    "\0\5\0\2\0\0"
		    "\0\6\0\x10\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1")},
	 "feeding dns dns.rrname[0,0]=x dns.rrtype[0,0]=HTTPS"
	 " dns.rcode[0,0]=NOERROR dns.svcb.alpn[0,0]=h2 dns.svcb.alpn[0,0]=h3"
	 " dns.svcb.hint[0,0]=192.0.2.1 dns.svcb.ech[0,0]=1"
	 " dns.svcb.hint[0,0]=2001:db8::1"},
	/* mDNS: asked, and answered to nobody in particular */
	{{C(H("\0\0", "\0\0", "\1", "\0", "\0",
	      "\0") "\4_ipp\4_tcp\5local\0\0\x0c\x80\1")},
	 "feeding mdns dns.rrname[0,0]=_ipp._tcp.local dns.rrtype[0,0]=PTR"},
	{{C(H("\0\0", "\x84\0", "\0", "\1", "\0",
	      "\0") "\4host\5local\0\0\1\x80\1" TTL "\0\4\xc0\0\2\1")},
	 "feeding mdns dns.rcode[0,0]=NOERROR dns.grouped.A[0,0]=192.0.2.1"},
	/* but a resolver asked for a local name is one */
	{{C(H("\0\1", "\1\0", "\1", "\0", "\0", "\0") "\4host\5local\0" Q_A)},
	 "feeding dns dns.rrname[0,0]=host.local dns.rrtype[0,0]=A"},
	/* LLMNR */
	{{C(H("\0\1", "\0\0", "\1", "\0", "\0", "\0") "\4wpad\0" Q_A)},
	 "feeding llmnr dns.rrname[0,0]=wpad dns.rrtype[0,0]=A"},
	/* the name service of NetBIOS */
	{{C(H("\0\1", "\1\x10", "\1", "\0", "\0", "\0") NB "\0 " IN)},
	 "feeding netbios dns.rrname[0,0]=FHEPFCELEHFCEPFFFACACACACACACABN"
	 " netbios.name[0,0]=WORKGROUP dns.rrtype[0,0]=NB"},
	/* an unknown operation: a question alone */
	{{C(H("\0\1", "\x49\0", "\1", "\0", "\0", "\0") "\1x\0" Q_A)},
	 "feeding dns dns.rrname[0,0]=x dns.rrtype[0,0]=A"},
	/* servers pass over what is behind, and over a question's result */
	{{C(QUERY "x")}, "feeding dns " ASKED},
	{{C(H("\0\1", "\1\3", "\1", "\0", "\0", "\0") "\1x\0" Q_A)},
	 "feeding dns dns.rrname[0,0]=x dns.rrtype[0,0]=A"},
};

/* None of these is any of them. */
static const struct dialogue other_datagrams[] = {
	{{C(H("\0\1", "\1\0", "\0", "\0", "\0", "\0"))}, "done unknown"},
	/* no class; no type; a label type of nobody */
	{{C(H("\0\1", "\1\0", "\1", "\0", "\0", "\0") "\1x\0\0\1\0\7")},
	 "done unknown"},
	{{C(H("\0\1", "\1\0", "\1", "\0", "\0", "\0") "\1x\0\0\0\0\1")},
	 "done unknown"},
	{{C(H("\0\1", "\1\0", "\1", "\0", "\0", "\0") "\x41x\0" Q_A)},
	 "done unknown"},
	/* pointers: to itself, into the header, beyond */
	{{C(H("\0\1", "\1\0", "\1", "\0", "\0", "\0") "\xc0\x0c" Q_A)},
	 "done unknown"},
	{{C(H("\0\1", "\1\0", "\1", "\0", "\0", "\0") "\xc0\x02" Q_A)},
	 "done unknown"},
	{{C(H("\0\1", "\1\0", "\1", "\0", "\0", "\0") "\xc0\xff" Q_A)},
	 "done unknown"},
	/* a record too few */
	{{C(H("\0\1", "\1\0", "\1", "\0", "\0", "\1") "\1x\0" Q_A)},
	 "done unknown"},
	{{C("hello, this is plain text")}, "done unknown"},
	/* a question is no answer: the server says nothing with it */
	{{S(QUERY)}, "probing+"},
};

/* Length and query; length and answer. */
#define TCP_QUERY  "\0\x21" QUERY
#define TCP_ANSWER "\0\x53" ANSWER

static const struct dialogue streams[] = {
	{{C(TCP_QUERY)}, "feeding dns " ASKED},
	{{C(TCP_QUERY), S(TCP_ANSWER)}, "feeding dns " ASKED ANSWERED},
	{{C(TCP_QUERY
	    "\0\x13" H("\0\1", "\1\0", "\1", "\0", "\0", "\0") "\1x\0" Q_A)},
	 "feeding dns " ASKED " dns.rrname[0,1]=x"},
	{{C(TCP_QUERY "\0\1x")}, "bad dns? " ASKED},
	/* of the server nobody reads on */
	{{C(TCP_QUERY), S("\0\1x\0\1x"), C(TCP_QUERY)}, "feeding dns " ASKED},
	/* a question has begun */
	{{C(TCP_QUERY "\0")}, "feeding dns? " ASKED},
	/* servers pass over what is behind, and over the result of a question
	 */
	{{C("\0\x22" QUERY "x")}, "feeding dns " ASKED},
	/* not so many questions */
	{{C("\0\x13" H("\0\1", "\1\0", "\0", "\0", "\0", "\0") "\1x\0" Q_A)},
	 "done unknown"},
	{{C("\0\x13" H("\0\1", "\x81\0", "\1", "\0", "\0", "\0") "\1x\0" Q_A)},
	 "done unknown"},
	/* who is greeted does not speak DNS */
	{{S("hello\r\n"), C(TCP_QUERY)}, "done unknown"},
	{{C("\0\5abcde")}, "done unknown"},
	{{C("\0\x13"
	    "ab\1\0abcdefgh")},
	 "done unknown"},
};

static void expect_all_datagrams(const struct dialogue *d, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t turns = 0;

		while (d[i].turns[turns].bytes.left > 0)
			turns++;
		expect_datagrams(d[i].turns, turns, d[i].want);
		survive_every_datagram(d[i].turns, turns);
	}
}

START_TEST(datagrams_tell_questions_and_answers)
{
	expect_all_datagrams(datagrams, COUNT(datagrams));
}
END_TEST

START_TEST(other_datagrams_are_not_dns)
{
	expect_all_datagrams(other_datagrams, COUNT(other_datagrams));
}
END_TEST

START_TEST(streams_tell_them_however_they_are_cut)
{
	EXPECT_ALL(streams);
}
END_TEST

START_TEST(no_prefix_of_a_query_is_enough)
{
	static const char query[] = TCP_QUERY;

	no_prefix_settles(reader_of(query, sizeof(query) - 1));
}
END_TEST

/* A message cut short is none, wherever. */
START_TEST(no_prefix_fits)
{
	static const char answer[] = ANSWER;

	for (size_t n = 0; n < sizeof(answer) - 1; n++)
		ck_assert_msg(
			!dns_message_fits(reader_of(at_page_end(answer, n), n)),
			"%zu", n);
	ck_assert(dns_message_fits(reader_of(answer, sizeof(answer) - 1)));
}
END_TEST

/* Pointers one to the other, each a step further, as many as there may be. */
START_TEST(chains_of_pointers_are_bounded)
{
	for (unsigned n = LIMIT_DNS_JUMPS; n <= LIMIT_DNS_JUMPS + 1; n++) {
		static struct bytes b;
		struct reader whole, at;
		struct dns_name name;

		b.n = 0;
		bytes_add(&b, "\0\0\0\0\0\0\0\0\0\0\0\0", DNS_HEADER_LEN);
		for (unsigned i = 1; i <= n; i++)
			bytes_u16(&b, 0xc000 + DNS_HEADER_LEN + 2 * i);
		bytes_add(&b, "\1x\0", 3);
		whole = at = reader_of(b.p, b.n);
		reader_skip(&at, DNS_HEADER_LEN);
		ck_assert_int_eq(dns_name_read(&whole, &at, &name),
				 n > LIMIT_DNS_JUMPS ? DNS_BAD : DNS_FITS);
	}
}
END_TEST

/* 255 bytes on the wire are a name, 256 are none; each byte may need two. */
START_TEST(names_are_bounded)
{
	for (unsigned last = 61; last <= 62; last++) {
		static struct bytes b;
		struct reader whole, at;
		struct dns_name name;

		b.n = 0;
		for (unsigned i = 0; i < 4; i++) {
			unsigned len = i < 3 ? 63 : last;

			bytes_u8(&b, len);
			for (unsigned k = 0; k < len; k++)
				bytes_u8(&b, '.');
		}
		bytes_u8(&b, 0);
		whole = at = reader_of(b.p, b.n);
		ck_assert_int_eq(dns_name_read(&whole, &at, &name),
				 last == 61 ? DNS_FITS : DNS_BAD);
		if (last == 61)
			ck_assert_uint_eq(name.len, 2 * 250 + 3);
	}
}
END_TEST

/* The flow asks on and on: what is kept has an end, and answers leave room. */
START_TEST(questions_come_before_answers)
{
	static struct bytes b;
	struct turn t = {DIR_CLIENT, {0}};

	b.n = 0;
	bytes_add(&b, H("\0\1", "\x81\0", "\1", "\0", "\0", "\0") "\1x\0" Q_A,
		  DNS_HEADER_LEN + 7);
	b.p[7] = 200;
	for (unsigned i = 0; i < 200; i++) {
		bytes_add(&b, "\1x\0" Q_A TTL "\0\4\xc0\0\2", 16);
		bytes_u8(&b, i);
	}
	t.bytes = reader_of(b.p, b.n);
	for (size_t i = 0; i < 1; i++) {
		struct turn turns[2] = {t, t};
		static const char more[] =
			H("\0\1", "\1\0", "\1", "\0", "\0", "\0") "\1y\0" Q_A;
		struct wire *w = wire_new();
		char *text;

		turns[1].bytes = reader_of(more, sizeof(more) - 1);
		proto_stack_init(&w->stack, 17);
		for (size_t k = 0; k < 2; k++)
			(void)proto_stack_datagram(&w->stack, DIR_CLIENT,
						   turns[k].bytes, &w->facts);
		text = wire_text(w);
		ck_assert_ptr_nonnull(strstr(text, "dns.rrname[0,1]=y"));
		ck_assert_uint_eq(w->facts.dropped, 0);
		free(text);
		wire_free(w);
	}
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, datagrams_tell_questions_and_answers);
	tcase_add_test(tc, other_datagrams_are_not_dns);
	tcase_add_test(tc, streams_tell_them_however_they_are_cut);
	tcase_add_test(tc, no_prefix_of_a_query_is_enough);
	tcase_add_test(tc, no_prefix_fits);
	tcase_add_test(tc, chains_of_pointers_are_bounded);
	tcase_add_test(tc, names_are_bounded);
	tcase_add_test(tc, questions_come_before_answers);
}

int main(void)
{
	return run_suite("dns", add);
}
