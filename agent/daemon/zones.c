/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/daemon/zones.h"

#include "agent/kernel/ifname.h"
#include "agent/kernel/route.h"
#include "policy/base/hash.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Addresses that were asked for, a place each. */
#define KNOWN 8192

struct zones {
	const struct ir *ir;
	int routes, ifnames;
	struct {
		struct ipaddr addr;
		int zone;
	} known[KNOWN];
};

struct zones *zones_new(const struct ir *ir)
{
	struct zones *z = calloc(1, sizeof(*z));

	if (!z)
		return NULL;
	z->ir = ir;
	z->routes = route_open();
	z->ifnames = ifname_open();
	return z;
}

void zones_free(struct zones *z)
{
	if (!z)
		return;
	if (z->routes >= 0)
		(void)close(z->routes);
	if (z->ifnames >= 0)
		(void)close(z->ifnames);
	free(z);
}

static int look(const struct zones *z, const struct ipaddr *addr)
{
	struct route way = route_find(z->routes, addr);
	char name[IFNAMSIZ];
	int zone;

	if (way.local)
		return IR_ZONE_SELF;
	zone = ir_zone_by_address(z->ir, addr);
	if (zone >= 0 || !ifname_get(z->ifnames, way.ifindex, name))
		return zone;
	return ir_zone_by_interface(z->ir, name);
}

int zones_find(struct zones *z, const struct ipaddr *addr)
{
	size_t at = hash_text(addr, sizeof(*addr)) % KNOWN;

	if (z->known[at].addr.family == IP_NONE ||
	    ipaddr_cmp(&z->known[at].addr, addr) != 0) {
		z->known[at].addr = *addr;
		z->known[at].zone = look(z, addr);
	}
	return z->known[at].zone;
}
