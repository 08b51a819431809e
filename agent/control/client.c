/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/control/client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum fw_err client_ask(const char *path, const json_t *request,
		       const struct policy_files *files, json_t **out_answer,
		       int timeout_ms)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	enum fw_err err = FW_OK;
	int fd;

	if (strlen(path) >= sizeof(at.sun_path))
		return FW_ERR_INVAL;
	memcpy(at.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fw_err_of_errno(errno);
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		err = errno == ENOENT ? FW_ERR_UNREACHABLE
				      : fw_err_of_errno(errno);
	if (!err)
		err = message_send(fd, request, files, timeout_ms);
	if (!err)
		err = message_receive(fd, out_answer, timeout_ms);
	(void)close(fd);
	return err;
}
