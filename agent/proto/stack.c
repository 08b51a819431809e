/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/stack.h"

#include "agent/limits.h"
#include "agent/proto/registry.h"
#include "policy/base/arena.h"

#include <netinet/in.h>
#include <string.h>

void proto_stack_init(struct proto_stack *s, uint8_t l4)
{
	*s = (struct proto_stack){.state = STACK_PROBING, .l4 = l4};
}

/* Nobody reads on: what is known is all that will be. */
static void done(struct proto_stack *s, struct facts *facts)
{
	if (facts->n_layers > 0)
		facts_layer_settle(facts, false);
	s->state = STACK_DONE;
}

static void unknown(struct proto_stack *s, struct facts *facts)
{
	if (!facts_layer_begin(facts, APP_UNKNOWN)) {
		s->state = STACK_BAD; /* too many layers */
		return;
	}
	done(s, facts);
	s->listens = s->l4 == IPPROTO_UDP;
}

static void begin(struct proto_stack *s, const struct proto *proto,
		  struct facts *facts)
{
	void *module = arena_alloc(facts->arena, proto->state_size);

	if (!module) {
		unknown(s, facts);
		return;
	}
	if (!facts_layer_begin(facts, proto->app)) {
		s->state = STACK_BAD; /* too many layers */
		return;
	}
	s->current = proto;
	s->module = module;
	s->state = STACK_FEEDING;
}

/* The first bytes that the server says before the client: without memory the
 * protocol is told by the client alone. */
static void keep_banner(struct proto_stack *s, struct reader in,
			struct arena *arena)
{
	size_t n = in.left, room = (size_t)LIMIT_BANNER - s->banner_len;
	const uint8_t *p;

	if (!s->banner)
		s->banner = arena_alloc(arena, LIMIT_BANNER);
	if (!s->banner)
		return;
	if (n > room)
		n = room;
	p = reader_take(&in, n);
	if (n)
		memcpy(s->banner + s->banner_len, p, n);
	s->banner_len = (uint16_t)(s->banner_len + n);
}

static struct reader banner_of(const struct proto_stack *s)
{
	return reader_of(s->banner, s->banner ? s->banner_len : 0);
}

/* Ask the modules in their order, up to the first that does not say no: so it
 * is the same one however the bytes are cut. */
static enum probe_result ask(struct proto_stack *s, const struct probe *first,
			     struct facts *facts)
{
	struct probe now = *first;
	const struct proto *proto;

	for (; (proto = registry_get(s->l4, s->asked)); s->asked++) {
		enum probe_result said = proto->probe(&now);

		if (said == PROBE_YES)
			begin(s, proto, facts);
		if (said == PROBE_YES ||
		    (said == PROBE_MORE && s->l4 != IPPROTO_UDP))
			return said;
		/* The next one has seen nothing yet. */
		now.seen = 0;
	}
	return PROBE_NO;
}

static void probe(struct proto_stack *s, const struct reader *in,
		  struct facts *facts)
{
	const struct probe first = {*in, s->probed, banner_of(s), s->middle};
	enum probe_result said = ask(s, &first, facts);

	if (said == PROBE_YES)
		return;
	s->probed = (uint32_t)in->left;
	if (said == PROBE_NO)
		unknown(s, facts);
}

static bool waits(const struct proto_stack *s)
{
	return s->state == STACK_FEEDING && s->current->waits &&
	       s->current->waits(s->module);
}

static void inner(struct proto_stack *s, struct facts *facts)
{
	const struct proto *agreed =
		s->current->inner ? s->current->inner(s->module) : NULL;

	s->current = NULL;
	s->module = NULL;
	s->asked = 0;
	s->probed = 0;
	s->banner_len = 0;
	s->middle = false;
	s->state = STACK_PROBING;
	if (agreed)
		begin(s, agreed, facts);
}

static void feed(struct proto_stack *s, enum dir dir, struct reader *in,
		 struct facts *facts)
{
	size_t left = in->left;

	switch (s->current->feed(s->module, dir, in, facts)) {
	case PROTO_MORE:
		/* What lies behind an answer to come is no message yet, and
		 * what is stepped over none at all; the stream has a ceiling
		 * of its own. */
		if (s->l4 != IPPROTO_UDP && in->left > s->current->ceiling &&
		    !(dir == DIR_CLIENT && (waits(s) || proto_stack_skips(s))))
			s->state = STACK_BAD; /* a message is too long */
		break;
	case PROTO_INNER:
		inner(s, facts);
		break;
	case PROTO_DONE:
		done(s, facts);
		break;
	case PROTO_BAD:
		s->state = STACK_BAD;
		break;
	}
	FW_ASSERT(in->left <= left);
}

/* A protocol is known: what the server said first is its. */
static void greet(struct proto_stack *s, struct facts *facts)
{
	struct reader banner = banner_of(s);

	if (s->state == STACK_FEEDING && s->current->wants_banner &&
	    !s->banner_left && banner.left > 0)
		feed(s, DIR_SERVER, &banner, facts);
}

/* Where the beginning was not seen, the server's bytes may be all there is.
 * They are kept as a banner too, for the client may yet speak. */
static enum probe_result probe_server(struct proto_stack *s,
				      const struct reader *in,
				      struct facts *facts)
{
	const struct probe first = {.server = *in, .middle = true};
	enum probe_result result = PROBE_NO;
	const struct proto *proto;

	if (!s->middle || (s->banner_len > 0 && !s->banner_left))
		return PROBE_NO;
	for (unsigned i = 0; (proto = registry_get(s->l4, i)); i++) {
		enum probe_result said = proto->probe(&first);

		if (said == PROBE_YES) {
			begin(s, proto, facts);
			return PROBE_YES;
		}
		if (said == PROBE_MORE && in->left < LIMIT_BANNER)
			result = PROBE_MORE;
	}
	s->banner_len = 0;
	s->banner_left = result == PROBE_MORE;
	if (s->banner_left)
		keep_banner(s, *in, facts->arena);
	return result;
}

/* The server speaks, and the protocol is not known. */
static void hear_server(struct proto_stack *s, struct reader *in,
			struct facts *facts)
{
	if (s->probed == 0) {
		if (probe_server(s, in, facts) != PROBE_NO)
			return;
		keep_banner(s, *in, facts->arena);
	}
	s->banner_left = false;
	reader_skip(in, in->left);
}

/* One step; false when no further step can be made with these bytes. */
static bool step(struct proto_stack *s, enum dir dir, struct reader *in,
		 struct facts *facts)
{
	enum stack_state before = s->state;
	size_t left = in->left;

	if (before == STACK_FEEDING) {
		feed(s, dir, in, facts);
	} else if (dir == DIR_CLIENT) {
		probe(s, in, facts);
		greet(s, facts);
	} else if (s->probed > 0 || !s->client_left) {
		hear_server(s, in, facts);
	}
	/* Else the client spoke first, before this layer was open. */
	return s->state != before || in->left != left;
}

enum stack_state proto_stack_feed(struct proto_stack *s, enum dir dir,
				  struct reader *in, struct facts *facts)
{
	while (in->left > 0 &&
	       (s->state == STACK_PROBING || s->state == STACK_FEEDING) &&
	       step(s, dir, in, facts))
		if (dir == DIR_CLIENT &&
		    (proto_stack_skips(s) || (s->server_left && waits(s))))
			break;
	if (dir == DIR_CLIENT)
		s->client_left = in->left > 0;
	else
		s->server_left = in->left > 0;
	s->client_waits = !s->client_left && waits(s);
	return s->state;
}

static void probe_datagram(struct proto_stack *s, enum dir dir,
			   struct reader in, struct facts *facts)
{
	struct probe first = {.client = in};

	if (dir == DIR_SERVER)
		first = (struct probe){.server = in};
	s->asked = 0;
	if ((in.left == 0 || ask(s, &first, facts) != PROBE_YES) &&
	    dir == DIR_CLIENT)
		unknown(s, facts);
}

/* Whose hello it is, or NULL. */
static const struct proto *hello_of(const struct proto_stack *s,
				    struct reader datagram)
{
	const struct proto *proto = s->current;

	/* What several could take for theirs does not leave the one that is. */
	if (proto && proto->is_hello && proto->is_hello(datagram))
		return proto;
	for (unsigned i = 0; (proto = registry_get(s->l4, i)); i++)
		if (proto->is_hello && proto->is_hello(datagram))
			return proto;
	return NULL;
}

bool proto_stack_hears(const struct proto_stack *s, struct reader datagram)
{
	return hello_of(s, datagram) != NULL;
}

/* Of what is unknown the middle may be all there is; what goes on with messages
 * has none. */
static bool is_of_hello(const struct proto_stack *s, struct reader in)
{
	const struct probe first = {.client = in};
	const struct proto *proto;

	for (unsigned i = 0; (proto = registry_get(s->l4, i)); i++)
		if (proto->is_hello &&
		    (proto->skips ? proto->is_hello(in)
				  : proto->probe(&first) == PROBE_YES))
			return true;
	return false;
}

/* Does another protocol begin, or the same anew? */
static bool begins_hello(const struct proto_stack *s, struct reader in)
{
	const struct proto *proto;

	if (!s->listens || s->state == STACK_PROBING || s->state == STACK_BAD)
		return false;
	if (!s->current)
		return is_of_hello(s, in);
	proto = hello_of(s, in);
	return proto && (s->state == STACK_DONE || proto != s->current);
}

enum stack_state proto_stack_datagram(struct proto_stack *s, enum dir dir,
				      struct reader in, struct facts *facts)
{
	bool inside; /* a module has left it to the next layer */

	if (dir == DIR_CLIENT && begins_hello(s, in)) {
		facts_layer_drop(facts);
		s->state = STACK_PROBING;
	}
	do {
		if (s->state == STACK_PROBING)
			probe_datagram(s, dir, in, facts);
		inside = s->state == STACK_FEEDING && in.left > 0;
		if (inside)
			feed(s, dir, &in, facts);
	} while (inside && s->state == STACK_PROBING && in.left > 0);
	return s->state;
}

void proto_stack_number(struct proto_stack *s, struct facts *facts)
{
	const struct proto *proto = registry_get(s->l4, 0);

	if (proto)
		begin(s, proto, facts);
	else if (facts_layer_begin(facts, app_of_l4(s->l4)))
		done(s, facts);
	if (s->state == STACK_FEEDING)
		facts_layer_settle(facts, false);
}

void proto_stack_end(struct proto_stack *s, struct facts *facts)
{
	const struct probe first = {.server = banner_of(s), .middle = true};
	const struct proto *proto;

	if (s->state != STACK_PROBING || s->l4 == IPPROTO_UDP ||
	    first.server.left == 0)
		return;
	for (unsigned i = 0; (proto = registry_get(s->l4, i)); i++) {
		if (proto->probe(&first) != PROBE_YES)
			continue;
		s->banner_left = false;
		begin(s, proto, facts);
		greet(s, facts);
		return;
	}
}

void proto_stack_give_up(struct proto_stack *s, struct facts *facts)
{
	if (s->state == STACK_PROBING)
		unknown(s, facts);
	else if (s->state == STACK_FEEDING)
		done(s, facts);
}

bool proto_stack_is_ahead(const struct proto_stack *s)
{
	return s->client_left && waits(s);
}

bool proto_stack_is_waiting(const struct proto_stack *s)
{
	return s->state == STACK_PROBING && s->probed > 0;
}

uint64_t proto_stack_skips(const struct proto_stack *s)
{
	return s->state == STACK_FEEDING && s->current->skips
		       ? s->current->skips(s->module)
		       : 0;
}

void proto_stack_skip(struct proto_stack *s, uint64_t n)
{
	s->current->skip(s->module, n);
}

void proto_stack_lose(struct proto_stack *s)
{
	if (s->state == STACK_FEEDING && s->current->lose)
		s->current->lose(s->module);
}
