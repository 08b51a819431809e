/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of one flow: values by field id, in layers.
 *
 * A flow is a stack of layers: HTTP CONNECT around TLS is layer 0 (http) and
 * layer 1 (tls).  A layer is `settled` when its parser has told all that a
 * decision may need of it.  `open` says that yet another layer may follow, so a
 * condition over all layers cannot be certain to hold.
 */
#pragma once

#include "policy/base/arena.h"
#include "policy/base/err.h"
#include "policy/base/ipaddr.h"
#include "policy/base/str.h"
#include "policy/mac.h"

#include <stdbool.h>
#include <stdint.h>

enum app {
#define X(id, ...) APP_##id,
#include "policy/apps.def"
#undef X
	APP_COUNT
};

/* A set of applications: bit i = enum app i. */
__extension__ typedef unsigned __int128 app_mask;

#define APP_BIT(app) ((app_mask)1 << (app))
#define APP_ALL      (APP_BIT(APP_COUNT) - 1)

/* Their first message is the ClientHello of TLS. */
#define APPS_WITH_HELLO \
	(APP_BIT(APP_TLS) | APP_BIT(APP_DTLS) | APP_BIT(APP_QUIC))

/* Their messages are requests, with method and path. */
#define APPS_WITH_REQUEST (APP_BIT(APP_HTTP) | APP_BIT(APP_HTTP2))

/* Those that ask for names in the format of DNS. */
#define APPS_WITH_QUESTIONS                                          \
	(APP_BIT(APP_DNS) | APP_BIT(APP_MDNS) | APP_BIT(APP_LLMNR) | \
	 APP_BIT(APP_NETBIOS))

_Static_assert(APP_COUNT < 128, "sets of applications are 128 bits");

enum field {
#define X(id, ...) FIELD_##id,
#include "policy/fields.def"
#undef X
	FIELD_COUNT
};

enum field_seen { FIELD_SEEN_KERNEL, FIELD_SEEN_ENGINE };
enum field_kind { FIELD_TEXT, FIELD_NUMBER, FIELD_LIST };

#define FACTS_LAYERS_MAX 4
/* Values kept; what comes after is counted, not kept. */
#define FACTS_VALUES_MAX 128

struct facts;
struct fact_value;

/* Tells, with facts_add_beside(), what is made of the value `from`:
 * FACTS_MADE_MAX values at most. */
#define FACTS_MADE_MAX 4
typedef void facts_make_fn(struct facts *f, const struct fact_value *from);

struct fact_value {
	enum field field; /* FIELD_COUNT: none, others are made of it */
	uint8_t layer;
	bool plain;       /* it is a host name in normal form */
	uint16_t message; /* 0 = first request of that layer, 1 = second ... */
	struct str value; /* arena; bytes as on the wire, may hold anything */
};

struct facts_layer {
	uint8_t app; /* enum app */
	bool settled;
};

/* There is one of each undecided flow: no room is wasted. */
struct facts {
	/* What the kernel sees.  Ports are 0 where the protocol has none;
	 * dport is the type for ICMP. */
	struct ipaddr src, dst;
	uint16_t sport, dport;
	uint8_t l4;   /* IPPROTO_* */
	bool has_mac; /* the client's, where it is one hop away */
	struct mac mac;
	bool has_uid;    /* of the gateway's own socket */
	bool over_limit; /* of the rule that it comes to, as the kernel
			  * counts; never of what the engine is asked */
	bool open;
	/* What is known was judged.  A message that begins then is `since`: the
	 * first that was not.  With `forgets`, those before it are forgotten.
	 */
	bool judged, forgets;
	uint8_t n_layers;
	struct facts_layer layers[FACTS_LAYERS_MAX];
	int zone_src, zone_dst; /* index in the policy's zones, -1 = none */
	uint32_t uid;
	uint32_t cgroups; /* that it is in: bit i = cgroup i of the policy */

	/* What the engine was told. */
	uint16_t n_values, capacity; /* FACTS_VALUES_MAX at most */
	unsigned dropped;
	unsigned messages, since; /* of the current layer */
	int64_t time;             /* when it began: seconds since the epoch */
	struct fact_value *values;
	struct arena *arena; /* borrowed */
	facts_make_fn *make; /* of those that are to be made of others */

	/* Where the values of the current layer begin: what was there then;
	 * NULL without memory. */
	struct facts_begin *begin;
};

struct facts_begin {
	struct arena_mark mark;
	struct fact_value *values;
	uint16_t n_values, capacity;
	unsigned dropped;
};

/* Nothing is known but that everything is still open.  `arena` is borrowed. */
void facts_init(struct facts *f, struct arena *arena);

/* A new layer of this protocol, not settled; closes `open`.  False at
 * FACTS_LAYERS_MAX: the caller gives the flow up as too deep. */
bool facts_layer_begin(struct facts *f, enum app app);

/* The current layer's parser has told all that a decision needs.  `inner`: a
 * further layer follows inside this one. */
void facts_layer_settle(struct facts *f, bool inner);

/* The current layer has yet to tell what a decision needs, after all. */
void facts_layer_reopen(struct facts *f);

/* The current layer is none: another begins in its place. */
void facts_layer_drop(struct facts *f);

/* Another message of the current layer begins, which a decision needs as it
 * needed the first. */
void facts_layer_again(struct facts *f);

/* Tell a value of the current layer; the bytes are copied. */
void facts_add(struct facts *f, enum field field, unsigned message,
	       struct str value);

/* What costs more to tell than it is asked for: `from` is kept, and `make` gets
 * it when facts_make() is called, which facts without an arena cannot be; the
 * same function for all of one flow. */
void facts_add_unmade(struct facts *f, facts_make_fn *make, unsigned message,
		      struct str from);
void facts_make(struct facts *f);

/* For `make`: a value of the same layer and message. */
void facts_add_beside(struct facts *f, const struct fact_value *beside,
		      enum field field, struct str value);

/* A copy with all its values in one block, for as long as `room`, which has
 * facts_copy_room() bytes, and aligned as for a pointer.  It has no arena. */
size_t facts_copy_room(const struct facts *f);
void facts_copy(const struct facts *f, struct facts *out_copy, void *room);

/* The first value of a field at or above `layer`, or an empty view. */
struct str facts_get(const struct facts *f, enum field field, unsigned layer);

/* Name of an app or field, static; app_find gives APP_COUNT when unknown. */
const char *app_name(enum app app);
enum app app_find(struct str name);
bool app_carries_name(enum app app);
/* `l4`: IPPROTO_TCP ... */
bool app_is_over(enum app app, uint8_t l4);
/* What a protocol of IP other than TCP and UDP is. */
enum app app_of_l4(uint8_t l4);
const char *field_name(enum field field);
enum field_kind field_kind(enum field field);
