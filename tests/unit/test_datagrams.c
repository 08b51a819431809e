/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Management of networks over UDP: NTP, SNMP, DHCP, TFTP, SSDP, syslog. */
#include "tests/unit/samples.h"

#define NTP(v, m) "done ntp ntp.version[0,0]=" v " ntp.mode[0,0]=" m
#define NTP_TIMES T32 "12345678"
/* stratum, poll, precision, delay, dispersion, reference */
#define NTP_GOOD "\2\6\xe9\0\0\1\0\0\0\2\0LOCL"

START_TEST(ntp_is_told)
{
	static const struct sample samples[] = {
		{C("\x23" NTP_GOOD T32), NTP("4", "client")},
		{S("\x24" NTP_GOOD T32), NTP("4", "server")},
		{C("\x1b" Z32 Z4 Z4 "\0\0\0xxxxxxxx"), NTP("3", "client")},
		/* with a key; with an extension field; with both */
		{C("\x23" NTP_GOOD T32 "\0\0\0\1" T16), NTP("4", "client")},
		{C("\x23" NTP_GOOD T32 "\1\4\0\x1c" T16 T8),
		 NTP("4", "client")},
		{C("\x23" NTP_GOOD T32 "\1\4\0\x1d" T16 T8 "x"),
		 "done unknown"},
		{C("\x23" NTP_GOOD T32 "x"), "done unknown"},
		{C("\x23" NTP_GOOD T16), "done unknown"},
		{C("\x20" NTP_GOOD T32), "done unknown"},
		{C("\x2b" NTP_GOOD T32), "done unknown"}, /* version 5 */
		{C("\x23\x11\6\xe9\0\0\1\0\0\0\2\0LOCL" T32), "done unknown"},
		{C("\x23\2\6\x40\0\0\1\0\0\0\2\0LOCL" T32), "done unknown"},
		{C("\x23\2\6\xe9\1\0\1\0\0\0\2\0LOCL" T32), "done unknown"},
		/* read variables; the list of who was there */
		{C("\x16\2\0\1\0\0\0\0\0\0\0\0"), NTP("2", "control")},
		{C("\x16\2\0\1\0\0\0\0\0\0\0\5abcde\0\0\0"),
		 NTP("2", "control")},
		{C("\x16\2\0\1\0\0\0\0\0\0\0\1"), "done unknown"},
		{C("\x17\0\3\x2a\0\0\0\0"), NTP("2", "private")},
		{S("\x97\0\3\x2a\0\2\0\4" T8), NTP("2", "private")},
		{C("\x97\0\3\x2a\0\2\0\4" T16), "done unknown"},
		{C("\x17\0\7\x2a\0\0\0\0"), "done unknown"},
	};

	EXPECT_SAMPLES(samples);
}
END_TEST

#define SNMP_GET "\xa0\x0d\2\1\1\2\1\0\2\1\0\x30\2\5\0"
#define SNMP_USM "\x04\x12\x30\x10\4\0\2\1\0\2\1\0\4\2me\4\0\4\0"

#define SEARCH(scope, tag)                                          \
	"\x63\x2a\4\0\x0a\1" scope "\x0a\1\0\2\1\0\2\1\0\1\1\0" tag \
	"\x0bobjectClass\x30\x0a\4\x08Netlogon"
#define ENTRY "\x30\x09\2\1\1\x64\4\4\0\x30\0"
#define DONE  "\x30\x0c\2\1\1\x65\7\x0a\1\0\4\0\4\0"
#define LDAP  "done ldap ldap.request.operation[0,0]=search_request"

START_TEST(searches_of_ldap_are_told)
{
	static const struct sample samples[] = {
		{C("\x30\x2f\2\1\1" SEARCH("\0", "\x87")), LDAP},
		/* lengths as Windows writes them; controls */
		{C("\x30\x84\0\0\0\x2f\2\1\1" SEARCH("\2", "\xa3")), LDAP},
		{C("\x30\x31\2\1\1" SEARCH("\0", "\x87") "\xa0\0"), LDAP},
		{S(ENTRY DONE), "done ldap"},
		{S(DONE), "done ldap"},
		{C("\x30\x2f\2\1\1" SEARCH("\4", "\x87")), "done unknown"},
		{C("\x30\x2f\2\1\1" SEARCH("\0", "\x04")), "done unknown"},
		{C("\x30\x2f\2\1\1" SEARCH("\0", "\x87") "x"), "done unknown"},
		{C(ENTRY DONE), "done unknown"},
		{S(ENTRY DONE "x"), "probing+"},
		{S(ENTRY "\x30\x2f\2\1\1" SEARCH("\0", "\x87")), "probing+"},
		/* a request of a connection */
		{C("\x30\x0c\2\1\1\x60\7\2\1\3\4\0\x80\0"), "done unknown"},
	};

	EXPECT_SAMPLES(samples);
}
END_TEST

START_TEST(snmp_is_told)
{
	static const struct sample samples[] = {
		{C("\x30\x1a\2\1\1\4\6public" SNMP_GET),
		 "done snmp snmp.version[0,0]=2 "
		 "snmp.community[0,0]=public snmp.pdu_type[0,0]=get_request"},
		{C("\x30\x81\x1a\2\1\0\4\6public" SNMP_GET),
		 "done snmp snmp.version[0,0]=1 "
		 "snmp.community[0,0]=public snmp.pdu_type[0,0]=get_request"},
		/* version 3, sealed */
		{C("\x30\x2c\2\1\3\x30\x0d\2\1\1\2\2\5\xdc\4\1\3\2\1\3" SNMP_USM
		   "\4\4abcd"),
		 "done snmp snmp.version[0,0]=3 snmp.usm[0,0]=me"},
		{C("\x30\x33\2\1\3\x30\x0d\2\1\1\2\2\5\xdc\4\1\0\2\1\3" SNMP_USM
		   "\x30\x0b\4\1e\4\0\xa0\4\2\2\1\1"),
		 "done snmp snmp.version[0,0]=3 snmp.usm[0,0]=me "
		 "snmp.pdu_type[0,0]=get_request"},
		/* a byte more, another version, another kind of message */
		{C("\x30\x1a\2\1\1\4\6public" SNMP_GET "x"), "done unknown"},
		{C("\x30\x1a\2\1\4\4\6public" SNMP_GET), "done unknown"},
		{C("\x30\x1a\2\1\1\4\6public\xa9\x0d\2\1\1\2\1\0\2\1\0\x30\2\5"
		   "\0"),
		 "done unknown"},
		/* LDAP is alike */
		{C("\x30\x0c\2\1\1\x60\7\2\1\3\4\0\x80\0"), "done unknown"},
	};

	EXPECT_SAMPLES(samples);
}
END_TEST

#define BOOTP "\1\1\6\0" Z64 Z64 Z64 Z32 "\0\0\0\0\0\0\0\0"
#define MAGIC "\x63\x82\x53\x63"

START_TEST(dhcp_is_told)
{
	static const struct sample samples[] = {
		{C(BOOTP MAGIC "\0\x35\1\1\x0c\4host\xff"),
		 "done dhcp dhcp.dhcp_type[0,0]=discover "
		 "dhcp.hostname[0,0]=host"},
		{C(BOOTP MAGIC), "done dhcp"},
		{C(BOOTP "\x63\x82\x53\x64\x35\1\1"), "done unknown"},
		{C("\1xyz\0\1\0\x0a\0\3\0\1abcdef\0\x08\0\2\0\0"),
		 "done dhcp dhcp.dhcp_type[0,0]=solicit"},
		{C("\x0bxyz\0\6\0\2\0\x17"),
		 "done dhcp dhcp.dhcp_type[0,0]=information-request"},
		{C("\x0c\0" T32 "\0\x09\0\4abcd"),
		 "done dhcp dhcp.dhcp_type[0,0]=relay-forward"},
		{C("\1xyz\0\1\0\x0a\0\5\0\1abcdef\0\x08\0\2\0\0"),
		 "done unknown"},
		{C("\1xyz\0\1\0\x0b\0\3\0\1abcdef\0\x08\0\2\0\0"),
		 "done unknown"},
		{C("\1xyz\0\x08\0\2\0\0"), "done unknown"},
		{C("\1xyz"), "done unknown"},
	};

	EXPECT_SAMPLES(samples);
}
END_TEST

#define TFTP(op) "done tftp tftp.packet[0,0]=" op

START_TEST(radius_is_told)
{
	static const struct sample samples[] = {
		{C("\1\7\0\x1b" T16 "\1\7alice"),
		 "done radius radius.user[0,0]=alice"},
		{S("\2\7\0\x1a" T16 "\x12\6okay"), "done radius"},
		{C("\1\7\0\x14" T16), "done unknown"},
		{C("\1\7\0\x1c" T16 "\1\7alice"), "done unknown"},
		{C("\1\7\0\x1b" T16 "\1\6alice"), "done unknown"},
		{C("\1\7\0\x1b" T16 "\1\1alice"), "done unknown"},
		{C("\x0a\7\0\x1b" T16 "\1\7alice"), "done unknown"},
	};

	EXPECT_SAMPLES(samples);
}
END_TEST

START_TEST(tftp_is_told)
{
	static const struct sample samples[] = {
		{C("\0\1boot.img\0octet\0"),
		 TFTP("read") " tftp.file[0,0]=boot.img"},
		{C("\0\2a\0NetASCII\0blksize\0001432\0"),
		 TFTP("write") " tftp.file[0,0]=a"},
		{C("\0\3\0\1" T64 T64 T64 T64 T64 T64 T64 T64), TFTP("data")},
		{C("\0\4\0\0"), TFTP("ack")},
		{C("\0\6blksize\0001432\0"), TFTP("options")},
		{C("\0\1boot.img\0octet"), "done unknown"},
		{C("\0\1boot.img\0binary\0"), "done unknown"},
		{C("\0\1\0octet\0"), "done unknown"},
		{C("\0\1\1\2\0octet\0"), "done unknown"},
		{C("\0\1a\0octet\0blksize\0"), "done unknown"},
		{C("\0\3\0\1" T64), "done unknown"},
		{S("\0\5\0\1File not found\0"), TFTP("error")},
		{C("\0\5\0\x09File not found\0"), "done unknown"},
		{C("\0\4\0\1"), "done unknown"},
	};

	EXPECT_SAMPLES(samples);
}
END_TEST

START_TEST(texts_are_told)
{
	static const struct sample samples[] = {
		{C("M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n\r\n"),
		 "done ssdp"},
		{C("NOTIFY * HTTP/1.1\r\n"), "done ssdp"},
		{C("HTTP/1.1 200 OK\r\nSt: upnp:rootdevice\r\n\r\n"),
		 "done ssdp"},
		{C("HTTP/1.1 200 OK\r\nServer: x\r\n\r\n"), "done unknown"},
		{C("M-SEARCH / HTTP/1.1\r\n"), "done unknown"},
		{C("<34>Oct 11 22:14:15 mymachine su: x"), "done syslog"},
		{C("<0>x"), "done syslog"},
		{C("<192>x"), "done unknown"},
		{C("<>x"), "done unknown"},
		{C("<13>"), "done unknown"},
		{C("<13>\n"), "done unknown"},
		{C("<html>"), "done unknown"},
	};
	static const struct dialogue streams[] = {
		{{C("<34>1 2003-10-11T22:14:15Z m su - ID47 - x\n")},
		 "done syslog"},
		{{C("42 <34>1 2003-10-11T22:14:15Z m su - x")}, "done syslog"},
		{{C("42 34>1 2003\r\n")}, "done unknown"},
		{{C("042 <34>1 2003\r\n")}, "done unknown"},
		{{C("<xml version='1'>")}, "done unknown"},
	};

	EXPECT_SAMPLES(samples);
	EXPECT_ALL(streams);
}
END_TEST

#define SIP(m, u) "done sip sip.method[0,0]=" m " sip.uri[0,0]=" u

START_TEST(sip_is_told)
{
	static const struct sample samples[] = {
		{C("INVITE sip:bob@example.org SIP/2.0\r\nVia: x\r\n"),
		 SIP("INVITE", "sip:bob@example.org")},
		{C("REGISTER sips:example.org SIP/2.0\r\n"),
		 SIP("REGISTER", "sips:example.org")},
		{S("SIP/2.0 200 OK\r\n"), "done sip"},
		{C("INVITE http://example.org SIP/2.0\r\n"), "done unknown"},
		{C("INVITE sip:bob@example.org HTTP/1.1\r\n"), "done unknown"},
		{C("INVITE sip:bob\r\n SIP/2.0\r\n"), "done unknown"},
		{C("invite sip:bob@example.org SIP/2.0\r\n"), "done unknown"},
		{C("SIP/2.0"), "done unknown"},
	};
	static const struct dialogue streams[] = {
		{{C("INVITE sip:bob@example.org SIP/2.0\r\nVia: x\r\n")},
		 SIP("INVITE", "sip:bob@example.org")},
		{{C("OPTIONS\tsip:x SIP/2.0\r\n\r\n")}, "done unknown"},
	};

	EXPECT_SAMPLES(samples);
	EXPECT_ALL(streams);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, ntp_is_told);
	tcase_add_test(tc, searches_of_ldap_are_told);
	tcase_add_test(tc, snmp_is_told);
	tcase_add_test(tc, dhcp_is_told);
	tcase_add_test(tc, radius_is_told);
	tcase_add_test(tc, tftp_is_told);
	tcase_add_test(tc, texts_are_told);
	tcase_add_test(tc, sip_is_told);
}

int main(void)
{
	return run_suite("datagrams", add);
}
