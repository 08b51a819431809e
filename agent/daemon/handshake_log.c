/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/daemon/handshake_log.h"

#include "agent/limits.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/random.h>

static enum fw_err table_open(struct handshake_log *l)
{
	uint8_t secret[16];
	enum fw_err err;
	void *memory;

	if (getrandom(secret, sizeof(secret), 0) != (ssize_t)sizeof(secret))
		return FW_ERR_IO;
	l->size = handshakes_size(LIMIT_HANDSHAKES);
	memory = mmap(NULL, l->size, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return FW_ERR_NOMEM;
	err = handshakes_format(memory, l->size, secret);
	if (err)
		(void)munmap(memory, l->size);
	else
		l->table = handshakes_at(memory);
	return err;
}

enum fw_err handshake_log_open(struct handshake_log *l, uint16_t group)
{
	enum fw_err err = l->table ? FW_OK : table_open(l);

	if (err || (l->log && l->group == group))
		return err;
	klog_close(l->log);
	l->log = NULL;
	l->group = group;
	return klog_open(group, &l->log);
}

void handshake_log_trouble(uint16_t group, enum fw_err err, char *out,
			   size_t room)
{
	(void)snprintf(out, room, "log group %u %s", group,
		       err == FW_ERR_EXIST
			       ? "is held by another program; set "
				 "gateway.queue to a free number (it names "
				 "its queues, the group of that number, and "
				 "the next group)"
			       : "cannot be bound; does the kernel have "
				 "CONFIG_NETFILTER_NETLINK_LOG?");
}

void handshake_log_close(struct handshake_log *l)
{
	klog_close(l->log);
	if (l->table)
		(void)munmap(l->table, l->size);
	*l = (struct handshake_log){0};
}
