/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/daemon/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define FILE_NAME "current.conf"

static enum fw_err write_file(const char *path, struct str text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	enum fw_err err = FW_OK;

	if (fd < 0)
		return fw_err_of_errno(errno);
	while (text.len && !err) {
		ssize_t n = write(fd, text.p, text.len);

		if (n < 0)
			err = fw_err_of_errno(errno);
		else
			text = str_skip(text, (size_t)n);
	}
	if (!err && fsync(fd) < 0)
		err = fw_err_of_errno(errno);
	(void)close(fd);
	return err;
}

enum fw_err store_save(const char *state_dir, struct str text)
{
	char path[PATH_MAX], part[PATH_MAX];
	enum fw_err err;
	int dir;

	if (snprintf(path, sizeof(path), "%s/" FILE_NAME, state_dir) >=
		    (int)sizeof(path) ||
	    snprintf(part, sizeof(part), "%s/" FILE_NAME ".part", state_dir) >=
		    (int)sizeof(part))
		return FW_ERR_INVAL;
	err = write_file(part, text);
	if (!err && rename(part, path) < 0)
		err = fw_err_of_errno(errno);
	if (err)
		return err;
	dir = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0) {
		(void)fsync(dir);
		(void)close(dir);
	}
	return FW_OK;
}

bool store_find(const char *state_dir, char *buf, size_t room)
{
	return snprintf(buf, room, "%s/" FILE_NAME, state_dir) < (int)room &&
	       access(buf, R_OK) == 0;
}
