/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/store/durable.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_DEPTH 3

static enum fw_err last_error(void)
{
	return fw_err_of_errno(errno);
}

static enum fw_err write_all(int fd, struct str bytes)
{
	while (bytes.len) {
		ssize_t n = write(fd, bytes.p, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return last_error();
		bytes = str_skip(bytes, (size_t)n);
	}
	return fsync(fd) < 0 ? last_error() : FW_OK;
}

enum fw_err durable_put(int dir, const char *name, struct str bytes)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			0640);
	enum fw_err err;

	if (fd < 0)
		return last_error();
	err = write_all(fd, bytes);
	(void)close(fd);
	return err;
}

enum fw_err durable_rename(int dir, const char *from, const char *to)
{
	if (renameat(dir, from, dir, to) < 0 || fsync(dir) < 0)
		return last_error();
	return FW_OK;
}

static bool part_name(const char *name, char out[NAME_MAX + 1])
{
	return snprintf(out, NAME_MAX + 1, ".%s.part", name) <= NAME_MAX;
}

enum fw_err durable_write(int dir, const char *name, struct str bytes)
{
	char part[NAME_MAX + 1];
	enum fw_err err;

	if (!part_name(name, part))
		return FW_ERR_INVAL;
	err = durable_put(dir, part, bytes);
	return err ? err : durable_rename(dir, part, name);
}

enum fw_err durable_link(int dir, const char *name, const char *target)
{
	char part[NAME_MAX + 1];

	if (!part_name(name, part))
		return FW_ERR_INVAL;
	(void)unlinkat(dir, part, 0);
	if (symlinkat(target, dir, part) < 0)
		return last_error();
	return durable_rename(dir, part, name);
}

/* All of them, or FW_ERR_IO: nobody else writes there. */
static enum fw_err read_all(int fd, char *p, size_t left)
{
	while (left) {
		ssize_t n = read(fd, p, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return last_error();
		if (n == 0)
			return FW_ERR_IO;
		p += n;
		left -= (size_t)n;
	}
	return FW_OK;
}

enum fw_err durable_read(int dir, const char *name, size_t most,
			 struct str *out)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	enum fw_err err;
	char *p;

	*out = (struct str){0};
	if (fd < 0)
		return last_error();
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size > most) {
		(void)close(fd);
		return FW_ERR_LIMIT;
	}
	p = malloc((size_t)st.st_size + 1);
	err = p ? read_all(fd, p, (size_t)st.st_size) : FW_ERR_NOMEM;
	(void)close(fd);
	if (err) {
		free(p);
		return err;
	}
	p[st.st_size] = '\0';
	*out = str_mem(p, (size_t)st.st_size);
	return FW_OK;
}

enum fw_err durable_remove(int dir, const char *name)
{
	if (unlinkat(dir, name, 0) < 0)
		return errno == ENOENT ? FW_OK : last_error();
	return fsync(dir) < 0 ? last_error() : FW_OK;
}

static void remove_entries(int dir, const char *name, unsigned depth)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!d) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	while ((e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (unlinkat(fd, e->d_name, 0) < 0 && depth > 1)
			remove_entries(fd, e->d_name, depth - 1);
	}
	(void)closedir(d);
	(void)unlinkat(dir, name, AT_REMOVEDIR);
}

void durable_remove_folder(int dir, const char *name)
{
	remove_entries(dir, name, FOLDER_DEPTH);
}
