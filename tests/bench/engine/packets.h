/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The packets of many captures, in memory, each with the number of its flow. */
#pragma once

#include "agent/packet/packet.h"

#include <stddef.h>
#include <stdint.h>

struct bench_packet {
	struct reader ip;
	uint64_t ns;
	size_t flow; /* its number, from 0, within all captures; or SIZE_MAX */
	size_t capture; /* its number, from 0 */
};

struct bench_packets {
	struct bench_packet *items;
	size_t n, n_flows;
};

/* Those of the captures that can be read, as far as they can be.  Exits when
 * there is no memory.  Nothing of it is given back. */
struct bench_packets bench_read(char **paths, int n);

/* Seconds of this process's own time. */
double bench_seconds(void);
