/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/daemon/boot.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#define ID_LEN 36

void boot_id(char out[BOOT_ID_MAX])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, out, ID_LEN);

	out[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		(void)close(fd);
}

static uint64_t read_clock(clockid_t clock)
{
	struct timespec ts;

	(void)clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

uint64_t boot_now(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

uint64_t steady_now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}
