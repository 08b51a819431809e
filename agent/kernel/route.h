/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the kernel would send a packet. */
#pragma once

#include "policy/base/ipaddr.h"

#include <stdint.h>

/* A socket for route_find(), or -1 with errno. */
int route_open(void);

struct route {
	bool local;       /* an address of this machine */
	uint32_t ifindex; /* 0: nowhere */
};

struct route route_find(int fd, const struct ipaddr *to);
