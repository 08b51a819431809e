/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support.h"

#define SERVER_220 S("220 mx.example.org ESMTP ready\r\n")
#define EHLO       C("EHLO client.example.net\r\n")
#define HELO       "smtp.helo[0,0]=client.example.net"
#define OFFER      S("250-mx.example.org\r\n250-SIZE 1\r\n250 STARTTLS\r\n")
#define SSH2       C("SSH-2.0-x\r\n")
/* Any inner stream will do. */
#define INNER                                \
	" ssh.client.banner[1,0]=SSH-2.0-x"  \
	" ssh.client.proto_version[1,0]=2.0" \
	" ssh.client.software_version[1,0]=x"

static const struct dialogue smtp[] = {
	{{SERVER_220, EHLO}, "feeding smtp " HELO},
	{{EHLO}, "feeding smtp " HELO},
	{{C("helo client.example.net\n")}, "feeding smtp " HELO},
	{{SERVER_220, C("QUIT\r\n")}, "feeding smtp"},
	{{SERVER_220, EHLO, OFFER, C("STARTTLS\r\n"), S("220 go on\r\n"), SSH2},
	 "feeding smtp ssh " HELO INNER},
	/* the client speaks before it is greeted */
	{{EHLO, SERVER_220, OFFER, C("STARTTLS\r\n"), S("220 go on\r\n"), SSH2},
	 "feeding smtp ssh " HELO INNER},
	/* all commands at once */
	{{C("EHLO client.example.net\r\nSTARTTLS\r\n"), SERVER_220, OFFER,
	  S("220 go on\r\n"), SSH2},
	 "feeding smtp ssh " HELO INNER},
	{{SERVER_220, EHLO, OFFER, C("STARTTLS\r\n"), S("454 no\r\n"),
	  C("MAIL FROM:<a@example.net> SIZE=1\r\n")},
	 "feeding smtp " HELO " smtp.mail_from[0,0]=<a@example.net>"},
	/* said before TLS, taken as said in it */
	{{SERVER_220, EHLO, OFFER, C("STARTTLS\r\nRSET\r\n"),
	  S("220 go on\r\n")},
	 "bad smtp " HELO},
	/* a mail has no commands in it */
	{{SERVER_220, EHLO, OFFER,
	  C("MAIL FROM:<a@example.net>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"),
	  S("250 ok\r\n250 ok\r\n354 go on\r\n"),
	  C("Subject: x\r\n\r\n.STARTTLS\r\nSTARTTLS\r\n..\r\n.\r\n"
	    "RCPT TO:<c@example.org>\r\n"),
	  S("250 ok\r\n")},
	 "feeding smtp " HELO " smtp.mail_from[0,0]=<a@example.net>"
	 " smtp.rcpt_to[0,0]=<b@example.org> "
	 "smtp.rcpt_to[0,0]=<c@example.org>"},
	{{SERVER_220, EHLO, OFFER,
	  C("BDAT 10 LAST\r\nSTARTTLS\r\nRCPT TO:<c@example.org>\r\n")},
	 "feeding smtp " HELO " smtp.rcpt_to[0,0]=<c@example.org>"},
};

static const struct dialogue others[] = {
	{{S("+OK ready\r\n"), C("USER u\r\n")}, "done pop3 pop3.user[0,0]=u"},
	{{S("+OK ready\r\n"), C("CAPA\r\n"), S("+OK\r\nSTLS\r\n.\r\n"),
	  C("STLS\r\n"), S("+OK\r\n"), SSH2},
	 "feeding pop3 ssh" INNER},
	{{S("+OK ready\r\n"), C("STLS\r\n"), S("-ERR no\r\n"), C("AUTH\r\n")},
	 "done pop3"},
	{{S("220 files\r\n"), C("USER anonymous\r\n"), S("331 ?\r\n"),
	  C("PASS x\r\n")},
	 "feeding ftp ftp.command[0,0]=USER ftp.user[0,0]=anonymous"
	 " ftp.command[0,1]=PASS"},
	{{S("220-files\r\nof all\r\n220 kinds\r\n"), C("AUTH TLS\r\n"),
	  S("234 yes\r\n"), SSH2},
	 "feeding ftp ssh ftp.command[0,0]=AUTH" INNER},
	{{S("* OK ready\r\n"), C("a1 CAPABILITY\r\n"),
	  S("* CAPABILITY IMAP4rev1\r\na1 OK\r\n"), C("a2 STARTTLS\r\n"),
	  S("* x\r\na2 OK go on\r\n"), SSH2},
	 "feeding imap ssh" INNER},
	{{S("* OK ready\r\n"), C("a1 LOGIN u p\r\n")}, "done imap"},
	{{C("a1 STARTTLS\r\n"), S("a1 NO\r\n"), C("a2 LOGOUT\r\n")},
	 "done imap"},
	{{C("a1 STARTTLS\r\na2 LOGIN u p\r\n"), S("* OK\r\na1 OK\r\n")},
	 "bad imap"},
	/* the same words, but nobody can say whose */
	{{C("USER u\r\n")}, "done unknown"},
	{{C("QUIT\r\n")}, "done unknown"},
	{{S("hello\r\n"), C("EHLO x\r\n")}, "done unknown"},
	{{S("220 x\r\n"), C("EHLOX x\r\n")}, "done unknown"},
	{{S("* OK\r\n"), C("a1 WHAT\r\n")}, "done unknown"},
	{{C("a* LOGIN u p\r\n")}, "done unknown"},
};

START_TEST(smtp_is_read)
{
	EXPECT_ALL(smtp);
}
END_TEST

START_TEST(pop3_ftp_and_imap_are_read)
{
	EXPECT_ALL(others);
}
END_TEST

START_TEST(no_prefix_is_enough)
{
	no_prefix_settles(reader_of("EHLO x\r\n", 8));
	no_prefix_settles(reader_of("a1 LOGIN u p\r\n", 14));
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, smtp_is_read);
	tcase_add_test(tc, pop3_ftp_and_imap_are_read);
	tcase_add_test(tc, no_prefix_is_enough);
}

int main(void)
{
	return run_suite("mail", add);
}
