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

static const struct reader whole[] = {
	{(const uint8_t *)"CAP LS 302\r\n", 12, false},
	{(const uint8_t *)"0 node 17\n", 10, false},
};

NAMED_MAIN("small_text")
