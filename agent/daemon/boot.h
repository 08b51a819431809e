/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This start of the system, and the clocks that count from it. */
#pragma once

#include <stdint.h>

#define BOOT_ID_MAX 40

/* "" when it cannot be known. */
void boot_id(char out[BOOT_ID_MAX]);

/* Nanoseconds; goes on in sleep, and nobody sets it. */
uint64_t boot_now(void);

/* The same, but it stands still in sleep: for how long somebody is silent. */
uint64_t steady_now(void);
