/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/daemon/channel.h"

#include "agent/control/sockio.h"

#include <stdlib.h>

struct header {
	uint32_t kind, len;
};

enum fw_err channel_send(int fd, enum channel_kind kind, struct str text,
			 int timeout_ms)
{
	struct header h = {.kind = (uint32_t)kind, .len = (uint32_t)text.len};
	enum fw_err err;

	if (text.len > CHANNEL_TEXT_MAX)
		return FW_ERR_LIMIT;
	err = sockio_send(fd, &h, sizeof(h), timeout_ms);
	if (!err)
		err = sockio_send(fd, text.p, text.len, timeout_ms);
	return err;
}

enum fw_err channel_receive(int fd, enum channel_kind *out_kind,
			    struct str *out_text, int timeout_ms)
{
	struct header h;
	enum fw_err err = sockio_receive(fd, &h, sizeof(h), timeout_ms);
	char *text;

	if (err)
		return err;
	if (h.len > CHANNEL_TEXT_MAX || h.kind > CHANNEL_DONE)
		return FW_ERR_INVAL;
	text = malloc((size_t)h.len + 1);
	if (!text)
		return FW_ERR_NOMEM;
	text[h.len] = '\0';
	err = sockio_receive(fd, text, h.len, timeout_ms);
	if (err) {
		free(text);
		return err;
	}
	*out_kind = (enum channel_kind)h.kind;
	*out_text = str_mem(text, h.len);
	return FW_OK;
}
