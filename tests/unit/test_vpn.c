/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WireGuard, OpenVPN, iodine, IKE, L2TP, PPTP, GTP. */
#include "tests/unit/samples.h"

START_TEST(wireguard_is_told)
{
	static const struct sample samples[] = {
		{C("\1\0\0\0" T64 T64 T16), "done wireguard"},
		/* an operator's own number */
		{C("\1xyz" T64 T64 Z16), "done wireguard"},
		{C("\1xyz" T64 T64 T16), "done unknown"},
		{C("\1\0\0\0" T64 T64 T16 "x"), "done unknown"},
		{C("\2\0\0\0" T64 T16 T8), "done wireguard"},
		{S("\2\0\0\0" T64 T16 T8), "done wireguard"},
		{C("\3\0\0\0" T32 T16 T8 Z4), "done wireguard"},
		{C("\4\0\0\0iiiicccc" Z4 T16), "done wireguard"},
		{C("\4\0\0\0iiiicccc" Z4 T32), "done wireguard"},
		{C("\4\0\0\0iiiicccc" Z4 T16 "x"), "done unknown"},
		{C("\4\0\0\0iiiicccccccc" T16), "done unknown"},
		{C("\4\0\0\0iiiicccc" Z4), "done unknown"},
		{C("\5\0\0\0" T64 T64 T16), "done unknown"},
	};

	EXPECT_SAMPLES(samples);
}
END_TEST

#define REPLAY "\0\0\0\1\x65\0\0\0"
#define VPN    "done openvpn openvpn.control[0,0]="

START_TEST(openvpn_is_told)
{
	static const struct sample samples[] = {
		{C("\x38" T8 "\0" Z4), VPN "none"},
		{C("\x08" T8 "\0" Z4), VPN "none"},
		{C("\x38" T8 "\0\0\0\0\1"), "done unknown"},
		{C("\x38" T8 T16 REPLAY "\0" Z4), VPN "tls-auth"},
		{C("\x38" T8 T16 "1234" REPLAY "\0" Z4), VPN "tls-auth"},
		{C("\x38" T8 T64 REPLAY "\0" Z4), VPN "tls-auth"},
		{C("\x38" T8 T16 REPLAY "\1" Z4), "done unknown"},
		{C("\x38" T8 REPLAY T32 "12345"), VPN "tls-crypt"},
		{C("\x38" T8 "\x0f\0\0\1tttt" T32 "12345"), VPN "tls-crypt"},
		{C("\x38" T8 "\x0e\0\0\1tttt" T32 "12345"), "done unknown"},
		{C("\x50" T8 REPLAY T64 T64 T64 T64 T32 "12345"),
		 VPN "tls-crypt-v2"},
		{C("\x50" T8 REPLAY T32 "12345"), "done unknown"},
		{S("\x40" T8 "\1" Z4 T8 Z4), "done openvpn"},
		{C("\x40" T8 "\1" Z4 T8 Z4), "done unknown"},
		{C("\x39" T8 "\0" Z4), "done unknown"},
		/* data */
		{C("\x30" T64), "done unknown"},
		/* text */
		{C("8abcdefgh\r\n"), "done unknown"},
	};

	EXPECT_SAMPLES(samples);
}
END_TEST

START_TEST(iodine_in_raw_mode_is_told)
{
	static const struct sample samples[] = {
		{C("\x10\xd1\x9e\x13" T16), "done iodine"},
		{S("\x10\xd1\x9e\x10" T16), "done iodine"},
		{C("\x10\xd1\x9e\x31"), "done iodine"},
		{C("\x10\xd1\x9e\x21\x78\xda" T32), "done iodine"},
		{C("\x10\xd1\x9e\x13" T16 "x"), "done unknown"},
		{C("\x10\xd1\x9e\x31x"), "done unknown"},
		{C("\x10\xd1\x9e\x21" T32), "done unknown"},
		{C("\x10\xd1\x9e\x41"), "done unknown"},
		{C("\x10\xd1\x9f\x31"), "done unknown"},
	};

	EXPECT_SAMPLES(samples);
}
END_TEST

START_TEST(openvpn_over_tcp_is_told)
{
	static const struct dialogue cases[] = {
		{{C("\0\x0e\x38" T8 "\0" Z4), S("\0\x1a\x40" T8)}, VPN "none"},
		{{C("\0\x36\x38" T8 REPLAY T32 "12345")}, VPN "tls-crypt"},
		{{C("\0\x0e\x38" T8 "\0\0\0\0\1")}, "done unknown"},
		{{C("\0\x0e\x30xyzxyz")}, "done unknown"},
		{{C("\0\x05\x38xyzxyz")}, "done unknown"},
	};

	EXPECT_ALL(cases);
	no_prefix_settles(reader_of("\0\x0e\x38" T8 "\0" Z4, 16));
}
END_TEST

#define SPIS T8 Z4 Z4
#define IKE1 "done ike ike.version_major[0,0]=1 ike.exchange_type[0,0]="
#define IKE2 "done ike ike.version_major[0,0]=2 ike.exchange_type[0,0]="

START_TEST(ike_is_told)
{
	static const struct sample samples[] = {
		{C(SPIS "\x21\x20\x22\x08" Z4 "\0\0\0\x28"
			"\x28\0\0\x08xxxx\0\0\0\4"),
		 IKE2 "34"},
		/* behind the marker */
		{C(Z4 SPIS "\x21\x20\x22\x08" Z4 "\0\0\0\x20"
			   "\0\0\0\4"),
		 IKE2 "34"},
		{C(SPIS "\1\x10\2\0" Z4 "\0\0\0\x24"
			"\0\0\0\x08xxxx"),
		 IKE1 "2"},
		/* sealed */
		{C(T16 "\x2e\x20\x23\x08" Z4 "\0\0\0\x24" T8), IKE2 "35"},
		{C(T16 "\x08\x10\5\1" Z4 "\0\0\0\x24" T8), IKE1 "5"},
		/* a payload too long, too short; a byte more */
		{C(SPIS "\1\x10\2\0" Z4 "\0\0\0\x24"
			"\0\0\0\x09xxxx"),
		 "done unknown"},
		{C(SPIS "\1\x10\2\0" Z4 "\0\0\0\x24"
			"\0\0\0\x03xxxx"),
		 "done unknown"},
		{C(SPIS "\1\x10\2\0" Z4 "\0\0\0\x24"
			"\0\0\0\x08xxxxy"),
		 "done unknown"},
		{C(SPIS "\1\x30\2\0" Z4 "\0\0\0\x24"
			"\0\0\0\x08xxxx"),
		 "done unknown"},
		{C(SPIS "\1\x10\7\0" Z4 "\0\0\0\x24"
			"\0\0\0\x08xxxx"),
		 "done unknown"},
		/* ESP */
		{C("\1\2\3\4\0\0\0\1" T32), "done unknown"},
	};

	EXPECT_SAMPLES(samples);
}
END_TEST

START_TEST(l2tp_and_gtp_are_told)
{
	static const struct sample samples[] = {
		{C("\xc8\2\0\x14\0\0\0\0\0\0\0\0\x80\x08\0\0\0\0\0\1"),
		 "done l2tp"},
		{C("\xc8\3\0\x0c\0\0\0\1\0\0\0\0"), "done l2tp"},
		{C("\xc8\2\0\x15\0\0\0\0\0\0\0\0\x80\x08\0\0\0\0\0\1"),
		 "done unknown"},
		{C("\xc8\2\0\x14\0\0\0\0\0\0\0\0\x80\x09\0\0\0\0\0\1"),
		 "done unknown"},
		/* user data: an IPv4 packet */
		{C("\x30\xff\0\x14\0\0\0\1\x45\0\0\x14" T16), "done gtp"},
		{C("\x34\xff\0\x1c\0\0\0\1\0\0\0\x85\1\0\0\0\x45\0\0\x14" T16),
		 "done gtp"},
		{C("\x30\xff\0\x14\0\0\0\1\x45\0\0\x15" T16), "done unknown"},
		/* echo, create */
		{C("\x32\1\0\4\0\0\0\0\0\1\0\0"), "done gtp"},
		{C("\x32\x10\0\6\0\0\0\0\0\1\0\0\x0e\1"), "done gtp"},
		{C("\x30\1\0\4\0\0\0\0\0\1\0\0"), "done unknown"},
		{C("\x48\x20\0\x0d\0\0\0\0\0\0\1\0\3\0\1\0x"), "done gtp"},
		{C("\x48\x20\0\x0d\0\0\0\0\0\0\1\0\3\0\2\0x"), "done unknown"},
		{C("\x0f\1\0\0\0\1"), "done gtp"},
		{C("\x0f\x08\0\0\0\1"), "done unknown"},
		{C("\x0f\1\0\1\0\1"), "done unknown"},
	};

	EXPECT_SAMPLES(samples);
}
END_TEST

START_TEST(pptp_is_told)
{
	static const struct dialogue cases[] = {
		{{C("\0\x9c\0\1\x1a\x2b\x3c\x4d\0\1\0\0\1\0")}, "done pptp"},
		{{C("\0\x9c\0\1\x1a\x2b\x3c\x4d\0\2\0\0\1\0")}, "done unknown"},
		{{C("\0\x9c\0\1\x1a\x2b")}, "probing+"},
	};

	EXPECT_ALL(cases);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, wireguard_is_told);
	tcase_add_test(tc, openvpn_is_told);
	tcase_add_test(tc, iodine_in_raw_mode_is_told);
	tcase_add_test(tc, openvpn_over_tcp_is_told);
	tcase_add_test(tc, ike_is_told);
	tcase_add_test(tc, l2tp_and_gtp_are_told);
	tcase_add_test(tc, pptp_is_told);
}

int main(void)
{
	return run_suite("vpn", add);
}
