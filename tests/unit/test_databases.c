/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support.h"

static const struct dialogue named[] = {
	{{C("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n")}, "done redis"},
	{{C("*1\r\n$4\r\nping\r\n")}, "done redis"},
	{{C("stats\r\n")}, "done memcached"},
	{{C("set k 0 60 3\r\nabc\r\n")}, "done memcached"},
	{{C("add k 0 60 3 noreply\r\n")}, "done memcached"},
	/* a binary get */
	{{C("\200\000\000\001\000\000\000\000\000\000\000\001\000\000\000\000"
	    "\000\000\000\000\000\000\000\000k")},
	 "done memcached"},
	{{C("\032\000\000\000\007\000\000\000\000\000\000\000\335\007\000\000"
	    "\000\000\000\000\000\005\000\000\000\000")},
	 "done mongodb"},
	{{C(",\000\000\000\007\000\000\000\377\377\377\377\324\007\000\000\000"
	    "\000\000\000admin.$cmd\000\000\000\000\000\001"
	    "\000\000\000\005\000\000\000\000")},
	 "done mongodb"},
	{{C("\004\000\000\000\005\000\000\000\000")}, "done cassandra"},
	{{C("\005\000\000\000\001\000\000\000\026\000\001\000\013CQL_"
	    "VERSION\000\0053.0.0")},
	 "done cassandra"},
	/* among nodes */
	{{C("\312U-\372\014\n\014\021")}, "done cassandra"},
	{{C("\000:\000\000\001\000\000\000\001;\001,\014A "
	    "\000\377\377\177\010")},
	 "done oracle"},
};

static const struct dialogue others[] = {
	{{C("*0\r\n$3\r\nGET\r\n")}, "done unknown"},
	{{C("*2\r\n$3\r\n\001\002\003\r\n")}, "done unknown"},
	{{C("*x\r\n")}, "done unknown"},
	{{C("stats now\r\n")}, "done unknown"},
	/* others say so too */
	{{C("get k\r\n")}, "done unknown"},
	{{C("set k 0 60\r\n")}, "done unknown"},
	{{C("\200\377\000\001\000\000\000\000\000\000\000\001\000\000\000\000"
	    "\000\000\000\000\000\000\000\000k")},
	 "done unknown"},
	/* an answer */
	{{C("\032\000\000\000\007\000\000\000\000\000\000\001\335\007\000\000"
	    "\000\000\000\000\000\005\000\000\000\000")},
	 "done unknown"},
	/* no flag */
	{{C("\032\000\000\000\007\000\000\000\000\000\000\000\335\007\000\000"
	    "\004\000\000\000\000\005\000\000\000\000")},
	 "done unknown"},
	/* OPTIONS has no body */
	{{C("\004\000\000\000\005\000\000\000\001x")}, "done unknown"},
	{{C("\004\000\000\000\002\000\000\000\000")}, "done unknown"},
	{{C("\000:\000\000\001\000\000\000\002;\001,\014A "
	    "\000\377\377\177\010")},
	 "done unknown"},
};

static const struct reader whole[] = {
	{(const uint8_t *)"*1\r\n$4\r\nping", 12, false},
	{(const uint8_t *)"\004\000\000\000\005\000\000\000\000", 9, false},
};

NAMED_MAIN("databases")
