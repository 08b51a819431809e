/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support.h"

static const struct dialogue named[] = {
	{{C("\371\276\264\331version\000\000\000\000\000U\000\000\000\000\000"
	    "\000\000")},
	 "done bitcoin"},
	{{C("\000\000\000\332\001ActiveMQ\000\000\000\n")}, "done openwire"},
	{{C("\027$\n \000\000\000\000\000\000\000\000")}, "done teamviewer"},
	{{C("\200\001\000\001\000\000\000\004ping\000\000\000\000\000")},
	 "done thrift"},
	/* in a frame */
	{{C("\000\000\000\021\200\001\000\004\000\000\000\004ping\000\000\000"
	    "\000\000")},
	 "done thrift"},
	{{C("\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377"
	    "\000\035\001\004\375\350\000Z\300\000\002\001\000")},
	 "done bgp"},
	{{C("AMQP\000\000\011\001")}, "done amqp"},
	{{C("l\000\013\000\000\000\022\000\020\000\000\000MIT-")}, "done x11"},
	{{C("B\000\000\013\000\000\000\000\000\000\000\000")}, "done x11"},
	{{C("\377\375\003")}, "done telnet"},
	/* the server negotiates */
	{{S("\377\375\003"), C("root\r\n")}, "done telnet"},
	{{S("RFB 003.008\n"), C("RFB 003.003\n")}, "done rfb"},
	{{C("\000\001\000\000\000\006\377\003\000\000\000\001")},
	 "done modbus"},
	/* a write with what is written */
	{{C("\000\001\000\000\000\011\001\020\000\000\000\001\002\000\001")},
	 "done modbus"},
	{{C("\005d\005\300\001\000\n\000\340\214")}, "done dnp3"},
};

static const struct dialogue others[] = {
	/* not a version */
	{{C("\371\276\264\331verack\000\000\000\000\000\000")}, "done unknown"},
	/* no name */
	{{C("\200\001\000\001\000\000\000\004pi g\000\000\000\000")},
	 "done unknown"},
	/* an answer */
	{{C("\200\001\000\002\000\000\000\004ping\000\000\000\000")},
	 "done unknown"},
	/* KEEPALIVE before OPEN */
	{{C("\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377"
	    "\000\023\004")},
	 "done unknown"},
	{{C("AMQP\000\001\002\003")}, "done unknown"},
	{{C("l\000\n\000\000\000\022\000\020\000\000\000")}, "done unknown"},
	{{C("\377\377\377\377\000")}, "done unknown"},
	/* no option */
	{{C("\377\375\177\000\000")}, "done unknown"},
	{{C("RFB x03.008\n")}, "done unknown"},
	/* a length that does not fit */
	{{C("\000\001\000\000\000\007\377\003\000\000\000\001")},
	 "done unknown"},
	/* no function */
	{{C("\000\001\000\000\000\006\377c\000\000\000\001")}, "done unknown"},
	{{C("\000\001\000\001\000\006\377\003\000\000\000\001")},
	 "done unknown"},
	/* a checksum that does not fit */
	{{C("\005d\005\300\001\000\n\000\000\000")}, "done unknown"},
};

static const struct reader whole[] = {
	{(const uint8_t *)"\371\276\264\331version\000\000\000\000\000", 16,
	 false},
	{(const uint8_t *)"\377\375\003", 3, false},
	{(const uint8_t *)"\005d\005\300\001\000\n\000\340\214", 10, false},
};

NAMED_MAIN("small_binary")
