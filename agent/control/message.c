/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/control/message.h"

#include "agent/control/sockio.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
#define X(id, name, help) name,
	CONTROL_REQUESTS(X)
#undef X
};

const char *control_request_name(enum control_request request)
{
	return request < CONTROL_COUNT ? names[request] : "";
}

enum control_request control_request_find(const char *name)
{
	for (enum control_request r = 0; r < CONTROL_COUNT; r++)
		if (name && !strcmp(names[r], name))
			return r;
	return CONTROL_COUNT;
}

uint32_t message_length(const uint8_t header[MESSAGE_HEADER])
{
	uint32_t n = (uint32_t)header[0] << 24 | (uint32_t)header[1] << 16 |
		     (uint32_t)header[2] << 8 | header[3];

	return n > MESSAGE_MAX ? 0 : n;
}

enum fw_err message_send(int fd, const json_t *object, int timeout_ms)
{
	char *text = json_dumps(object, JSON_COMPACT);
	size_t n = text ? strlen(text) : 0;
	const char header[MESSAGE_HEADER] = {(char)(n >> 24), (char)(n >> 16),
					     (char)(n >> 8), (char)n};
	enum fw_err err;

	if (!text)
		return FW_ERR_NOMEM;
	err = n > MESSAGE_MAX
		      ? FW_ERR_LIMIT
		      : sockio_send(fd, header, sizeof(header), timeout_ms);
	if (!err)
		err = sockio_send(fd, text, n, timeout_ms);
	free(text);
	return err;
}

enum fw_err message_receive(int fd, json_t **out_object, int timeout_ms)
{
	uint8_t header[MESSAGE_HEADER];
	enum fw_err err =
		sockio_receive(fd, header, sizeof(header), timeout_ms);
	uint32_t n = err ? 0 : message_length(header);
	json_t *object;
	char *text;

	if (err)
		return err;
	if (n == 0)
		return FW_ERR_INVAL;
	text = malloc(n);
	if (!text)
		return FW_ERR_NOMEM;
	err = sockio_receive(fd, text, n, timeout_ms);
	object = err ? NULL : json_loadb(text, n, 0, NULL);
	free(text);
	if (err)
		return err;
	if (!json_is_object(object)) {
		json_decref(object);
		return FW_ERR_INVAL;
	}
	*out_object = object;
	return FW_OK;
}
