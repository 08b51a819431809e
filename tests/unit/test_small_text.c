/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support.h"

static const struct dialogue named[] = {
	{{C("NICK ann\r\nUSER a 0 * :Ann\r\n")},
	 "done irc irc.nick[0,0]=ann irc.user[0,0]=a"},
	{{C("CAP LS 302\r\n")}, "feeding irc"},
	{{C("PASS x\r\nNICK ann\r\n")}, "feeding irc irc.nick[0,0]=ann"},
	{{S(":irc.example.org NOTICE AUTH :hello\r"
	    "\n"),
	  C("USER a b c :d\r\n")},
	 "done irc irc.user[0,0]=a"},
	{{C("OPTIONS rtsp://x/ RTSP/1.0\r\nCSeq: 1\r"
	    "\n\r\n")},
	 "done rtsp rtsp.method[0,0]=OPTIONS rtsp.url[0,0]=rtsp://x/"},
	{{C("SETUP rtsp://x/1 RTSP/1.0\r\n\r\n")},
	 "done rtsp rtsp.method[0,0]=SETUP rtsp.url[0,0]=rtsp://x/1"},
	{{C("0032git-upload-pack /project.git\000hos"
	    "t=example.org\000")},
	 "done git"},
	{{C("0033git-receive-pack /project.git\000ho"
	    "st=example.org\000")},
	 "done git"},
	{{S("@RSYNCD: 31.0\n"), C("@RSYNCD: 31.0\n")}, "done rsync"},
	{{S("INFO {\"server_id\":\"x\"}\r\n"),
	  C("CONNECT {\"verbose\":false}\r\n")},
	 "done nats"},
	{{C("0 some_node 17\n")}, "done tinc"},
	{{C("0 node 17.7\n")}, "done tinc"},
	{{C("{\"id\":1,\"method\":\"mining.subscribe\","
	    "\"params\":[]}\n")},
	 "done mining"},
	{{C("{\"method\":\"login\",\"params\":{\"login\":"
	    "\"x\",\"pass\":\"y\",\"agent\":\"z\"},\"id\":1}\n")},
	 "done mining"},
};

static const struct dialogue others[] = {
	{{C("NICK 1ann\r\n")}, "done unknown"},
	/* of FTP or POP3 */
	{{C("USER a\r\n")}, "done unknown"},
	{{C("PASS x\r\nLIST\r\n")}, "done unknown"},
	{{C("CAP WHAT\r\n")}, "done unknown"},
	{{C("PLAY it again\r\n")}, "done unknown"},
	{{C("0032git-shell\n")}, "done unknown"},
	{{C("@RSYNC\n")}, "done unknown"},
	/* without the server's word */
	{{C("CONNECT {\"verbose\":false}\r\n")}, "done unknown"},
	{{C("0 some node 17\n")}, "done unknown"},
	{{C("0 node 18\n")}, "done unknown"},
	{{C("{\"id\":1,\"method\":\"subscribe\"}\n")}, "done unknown"},
};

START_TEST(they_are_named)
{
	EXPECT_ALL(named);
}
END_TEST

START_TEST(look_alikes_are_not)
{
	EXPECT_ALL(others);
}
END_TEST

START_TEST(no_prefix_is_enough)
{
	no_prefix_settles(reader_of("CAP LS 302\r\n", 12));
	no_prefix_settles(reader_of("0 node 17\n", 10));
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, they_are_named);
	tcase_add_test(tc, look_alikes_are_not);
	tcase_add_test(tc, no_prefix_is_enough);
}

int main(void)
{
	return run_suite("small_text", add);
}
