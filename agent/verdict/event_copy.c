/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/verdict/event_copy.h"

#include <stdio.h>
#include <stdlib.h>

void event_copy_moved(struct event_copy *c)
{
	c->event.facts = &c->facts;
	c->event.outcome = &c->outcome;
	c->event.policy_digest = c->digest;
	c->event.in_iface = *c->in_iface ? c->in_iface : NULL;
}

static bool make_room(struct event_copy *c, size_t bytes)
{
	if (c->values && bytes <= c->room)
		return true;
	free(c->values);
	c->values = malloc(bytes + 1);
	c->room = c->values ? bytes : 0;
	return c->values;
}

void event_copy_take(struct event_copy *c, const struct event *ev)
{
	struct facts known = *ev->facts;

	if (!make_room(c, facts_copy_room(&known)))
		known.n_values = 0;
	facts_copy(&known, &c->facts, c->values);
	c->outcome = *ev->outcome;
	(void)snprintf(c->in_iface, sizeof(c->in_iface), "%s",
		       ev->in_iface ? ev->in_iface : "");
	(void)snprintf(c->digest, sizeof(c->digest), "%s", ev->policy_digest);
	c->event = *ev;
	event_copy_moved(c);
}

void event_copy_done(struct event_copy *c)
{
	free(c->values);
	c->values = NULL;
	c->room = 0;
}
