/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/limits.h"
#include "tests/unit/support.h"

#define CLIENT                                                   \
	"ssh.client.banner[0,0]=SSH-2.0-OpenSSH_9.2p1 Debian-2 " \
	"ssh.client.proto_version[0,0]=2.0 "                     \
	"ssh.client.software_version[0,0]=OpenSSH_9.2p1"
#define SERVER                                             \
	" ssh.server.banner[0,0]=SSH-2.0-dropbear_2022.83" \
	" ssh.server.proto_version[0,0]=2.0"               \
	" ssh.server.software_version[0,0]=dropbear_2022.83"
#define HELLO "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"

/* Lists k, h, c1, c2, m1, m2, z1, z2, and no languages; padding of four. */
#define OFFER                                                        \
	"\0\0\0\x51\4\x14"                                           \
	"0123456789abcdef"                                           \
	"\0\0\0\1k\0\0\0\1h\0\0\0\2c1\0\0\0\2c2\0\0\0\2m1\0\0\0\2m2" \
	"\0\0\0\2z1\0\0\0\2z2\0\0\0\0\0\0\0\0\0\0\0\0\0"             \
	"pppp"
#define HASSH                                                          \
	" ssh.client.hassh.hash[0,0]=dd40933168f18f8a21ff43d3399175d8" \
	" ssh.client.hassh.string[0,0]=k;c1;m1;z1"
#define HASSH_SERVER                                                   \
	" ssh.server.hassh.hash[0,0]=ef2009dcd463afbe99c5888867b06e53" \
	" ssh.server.hassh.string[0,0]=k;c2;m2;z2"

static const struct dialogue dialogues[] = {
	{{C(HELLO)}, "feeding ssh " CLIENT},
	/* no carriage return */
	{{C("SSH-2.0-OpenSSH_9.2p1 Debian-2\n")}, "feeding ssh " CLIENT},
	{{C(HELLO), S("SSH-2.0-dropbear_2022.83\r\n")},
	 "feeding ssh " CLIENT SERVER},
	/* the server first, with lines before */
	{{S("Welcome\r\nSSH is here\r\nSSH-2.0-dropbear_2022.83\r\n"),
	  C(HELLO)},
	 "feeding ssh" SERVER " " CLIENT},
	/* what they offer */
	{{C(HELLO OFFER)}, "feeding ssh " CLIENT HASSH},
	{{C(HELLO), S("SSH-2.0-dropbear_2022.83\r\n" OFFER), C(OFFER)},
	 "done ssh " CLIENT SERVER HASSH_SERVER HASSH},
	/* the old one has other packets */
	{{C("SSH-1.5-1.2.26\n"), S("SSH-1.5-1.2.26\n")},
	 "done ssh ssh.client.banner[0,0]=SSH-1.5-1.2.26 "
	 "ssh.client.proto_version[0,0]=1.5 "
	 "ssh.client.software_version[0,0]=1.2.26 "
	 "ssh.server.banner[0,0]=SSH-1.5-1.2.26 "
	 "ssh.server.proto_version[0,0]=1.5 "
	 "ssh.server.software_version[0,0]=1.2.26"},
	{{C("SSH-2.0\n")}, "feeding ssh ssh.client.banner[0,0]=SSH-2.0"},
	{{C("SSH-2.0-x\nGET / HTTP/1.0\r\n")},
	 "feeding ssh ssh.client.banner[0,0]=SSH-2.0-x "
	 "ssh.client.proto_version[0,0]=2.0 "
	 "ssh.client.software_version[0,0]=x"},
	/* these are others */
	{{C("SSH-3.0-x\r\n")}, "done unknown"},
	{{C("SSH\r\n")}, "done unknown"},
	{{C("ssh-2.0-x\r\n")}, "done unknown"},
	/* a server's banner alone says nothing of the client */
	{{S("SSH-2.0-x\r\n"), C("hello\r\n")}, "done unknown"},
};

START_TEST(banners_and_offers_are_told)
{
	EXPECT_ALL(dialogues);
}
END_TEST

START_TEST(no_prefix_is_enough)
{
	no_prefix_settles(reader_of(HELLO, sizeof(HELLO) - 1));
}
END_TEST

START_TEST(lines_are_bounded)
{
	for (unsigned n = LIMIT_SSH_BANNER; n <= LIMIT_SSH_BANNER + 1; n++) {
		static struct bytes b;
		struct wire *w = wire_new();

		b.n = 0;
		bytes_text(&b, "SSH-2.0-");
		while (b.n < n)
			bytes_u8(&b, 'x');
		bytes_u8(&b, '\n');
		wire_send(w, DIR_CLIENT, b.p, b.n);
		ck_assert_int_eq(w->stack.state, n > LIMIT_SSH_BANNER
							 ? STACK_BAD
							 : STACK_FEEDING);
		wire_free(w);
	}
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, banners_and_offers_are_told);
	tcase_add_test(tc, no_prefix_is_enough);
	tcase_add_test(tc, lines_are_bounded);
}

int main(void)
{
	return run_suite("ssh", add);
}
