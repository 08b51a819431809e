/* SPDX-License-Identifier: GPL-3.0-or-later */
/* First packets of connections, put on their way through the kernel. */
#pragma once

#include "tests/unit/packet_case.h"

struct sender;

/* `peers`: name of the namespace with the other ends of the interfaces.  NULL
 * with errno. */
struct sender *sender_open(const char *peers);
void sender_close(struct sender *s);

/* Does the kernel route such a packet at all? */
bool sender_can(const struct facts *f);

/* Route the packet as the case says, and let it come in or go out; `led`: as it
 * is led on meanwhile, or NULL. */
void sender_send(struct sender *s, const struct packet_case *p,
		 const struct packet_case *led);

/* Let no packet be taken for one of an earlier connection. */
void sender_forget_connections(struct sender *s);
