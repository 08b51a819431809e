/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interface numbers -> names, over a socket opened beforehand. */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

/* A socket for ifname_get(), or -1 with errno. */
int ifname_open(void);

/* False when there is no such interface (any more). */
bool ifname_get(int fd, uint32_t index, char out_name[IFNAMSIZ]);
