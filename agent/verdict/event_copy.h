/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An event that outlives what it was told with. */
#pragma once

#include "agent/verdict/event.h"

#define EVENT_COPY_IFACE  16
#define EVENT_COPY_DIGEST 20

/* All zero: it has never been one.  The policy that the event points to must
 * be there for as long as the copy is used. */
struct event_copy {
	struct event event; /* points into this copy */
	struct facts facts;
	struct outcome outcome;
	char in_iface[EVENT_COPY_IFACE], digest[EVENT_COPY_DIGEST];
	void *values; /* of the facts; owned */
	size_t room;  /* bytes of them, for the next event too */
};

/* In place of what it was.  Without memory only the ends are known. */
void event_copy_take(struct event_copy *c, const struct event *ev);

/* It was moved to where it is now. */
void event_copy_moved(struct event_copy *c);

/* Its memory; the copy may be taken again. */
void event_copy_done(struct event_copy *c);
