/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support.h"

#define COOKIE "\x21\x12\xa4\x42"
#define ID     COOKIE "abcdefghijkl"
#define BIND   "\0\1\0\0" ID
#define ALLOC  "\0\3\0\x0c" ID "\x80\x22\0\5coolx\0\0\0"
/* 192.0.2.1:5000 under the cookie */
#define PEER4 "\0\x12\0\x08\0\1\x32\x9a\xe1\x12\xa6\x43"
#define PERM  "\0\x08\0\x0c" ID PEER4
/* 2001:db8::1, port 1 */
#define PEER6                              \
	"\0\x12\0\x14\0\2\x21\x13\x01\x13" \
	"\xa9\xfa"                         \
	"abcdefghijkm"
#define SEND    "\0\x16\0\x18" ID PEER6
#define CHANNEL "\x40\1\0\3xyz\0"
#define DTLS    "\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\x0c\0\0\0\0\0\0\0\0\0\0\0\0"

struct case_ {
	struct turn turns[5];
	const char *want;
};

static void expect_all(const struct case_ *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t turns = 0;

		while (turns < 5 && cases[i].turns[turns].bytes.left > 0)
			turns++;
		expect_datagrams(cases[i].turns, turns, cases[i].want);
		survive_every_datagram(cases[i].turns, turns);
	}
}

START_TEST(messages_are_told)
{
	static const struct case_ cases[] = {
		{{C(BIND)}, "feeding stun stun.method[0,0]=binding"},
		{{S("\1\1\0\0" ID)}, "feeding stun stun.method[0,0]=binding"},
		{{C(ALLOC), C(ALLOC)},
		 "feeding stun stun.method[0,0]=allocate "
		 "stun.software[0,0]=coolx"},
		{{C(PERM), C(PERM), C(SEND)},
		 "feeding stun stun.method[0,0]=create-permission "
		 "turn.peer[0,0]=192.0.2.1:5000 stun.method[0,1]=send "
		 "turn.peer[0,1]=[2001:db8::1]:1"},
		/* what else goes through */
		{{C(BIND), C("\x80\x60xxxxxxxxxxxx"), S("x"), C(CHANNEL)},
		 "feeding stun stun.method[0,0]=binding"},
		{{C(BIND), S(DTLS), C("\x80\x60xxxxxxxxxxxx")},
		 "feeding stun dtls stun.method[0,0]=binding"},
		{{C(BIND), C(DTLS "x")},
		 "feeding stun stun.method[0,0]=binding"},
		/* before there was a cookie */
		{{C("\0\1\0\x08"
		    "0123456789abcdef"
		    "\0\3\0\4\0\0\0\6")},
		 "feeding stun stun.method[0,0]=binding"},
	};

	expect_all(cases, sizeof(cases) / sizeof(*cases));
}
END_TEST

START_TEST(others_are_not_stun)
{
	static const struct case_ cases[] = {
		{{C("\0\1\0\0\x21\x12\xa4\x42xxxxxxxxxxx")}, "done unknown"},
		{{C(BIND "x")}, "done unknown"},
		{{C("\0\1\0\4" ID)}, "done unknown"},
		{{C("\x80\1\0\0" ID)}, "done unknown"},
		{{C("\0\1\0\x08"
		    "0123456789abcdef"
		    "\0\3\0\5\0\0\0\6")},
		 "done unknown"},
		{{C("\0\3\0\0"
		    "0123456789abcdef")},
		 "done unknown"},
		{{C("\0\1file\0octet\0blksize\0001432\0")},
		 "done tftp tftp.packet[0,0]=read tftp.file[0,0]=file"},
	};

	expect_all(cases, sizeof(cases) / sizeof(*cases));
}
END_TEST

START_TEST(streams_are_cut_anywhere)
{
	static const struct dialogue cases[] = {
		{{C(ALLOC), S("\1\3\0\0" ID), C(CHANNEL PERM)},
		 "feeding stun stun.method[0,0]=allocate "
		 "stun.software[0,0]=coolx stun.method[0,1]=create-permission "
		 "turn.peer[0,0]=192.0.2.1:5000"},
		/* between peers: a frame of a message, one of media */
		{{C("\0\x20" ALLOC "\0\3\x80xy"), S("\0\x14\1\3\0\0" ID)},
		 "feeding stun stun.method[0,0]=allocate "
		 "stun.software[0,0]=coolx"},
		{{C("\0\x24" ALLOC "\0\3\x80xy")}, "done unknown"},
		/* a relayed connection */
		{{C("\0\x0b\0\0" ID), S("\1\x0b\0\0" ID), C("\xc0hello")},
		 "done stun stun.method[0,0]=connection-bind"},
		{{C("\0\1\0\2" ID)}, "done unknown"},
		{{C("\0\1\0\0\x21\x12\xa4\x43xxxxxxxx")}, "done unknown"},
	};

	EXPECT_ALL(cases);
	no_prefix_settles(reader_of(ALLOC, sizeof(ALLOC) - 1));
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, messages_are_told);
	tcase_add_test(tc, others_are_not_stun);
	tcase_add_test(tc, streams_are_cut_anywhere);
}

int main(void)
{
	return run_suite("stun", add);
}
