/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/kernel/ifname.h"

#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int ifname_open(void)
{
	return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

bool ifname_get(int fd, uint32_t index, char out_name[IFNAMSIZ])
{
	struct ifreq req = {.ifr_ifindex = (int)index};

	if (index == 0 || ioctl(fd, SIOCGIFNAME, &req) < 0)
		return false;
	memcpy(out_name, req.ifr_name, IFNAMSIZ);
	out_name[IFNAMSIZ - 1] = '\0';
	return true;
}
