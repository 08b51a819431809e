/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This start of the system, and the clock that counts from it. */
#pragma once

#include <stdint.h>

#define BOOT_ID_MAX 40

/* "" when it cannot be known. */
void boot_id(char out[BOOT_ID_MAX]);

/* Nanoseconds; goes on in sleep, and nobody sets it. */
uint64_t boot_now(void);
