/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/control/message.h"

#include "agent/control/sockio.h"
#include "agent/json.h"

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

static uint32_t number_at(const uint8_t p[4])
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void number_put(uint8_t p[4], uint32_t n)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(n >> (24 - 8 * i));
}

bool message_size_of(const uint8_t header[MESSAGE_HEADER],
		     struct message_size *out_size)
{
	struct message_size size = {number_at(header), number_at(header + 4)};

	if (size.object == 0 || size.object > MESSAGE_MAX ||
	    size.files > BUNDLE_BYTES_MAX)
		return false;
	*out_size = size;
	return true;
}

/* The object's text, with the list of its files; owned: free(). */
static enum fw_err write_object(const json_t *object,
				const struct policy_files *files,
				char **out_text)
{
	/* It is only read. */
	json_t *whole = json_copy(
		(json_t *)(uintptr_t)object); /* NOLINT: else -Wcast-qual */
	json_t *list = json_array();
	/* A copy without memory lacks members, and does not tell. */
	int failed =
		!list || json_object_size(whole) != json_object_size(object);

	for (size_t i = 0; files && i < files->n && !failed; i++)
		failed = json_array_append_new(
			list, json_pack("{s:s, s:I}", "name",
					files->items[i].name, "len",
					(json_int_t)files->items[i].bytes.len));
	if (!failed && files && files->n)
		failed = json_object_set(whole, "files", list);
	*out_text = failed ? NULL : json_write(whole, JSON_COMPACT);
	json_decref(list);
	json_decref(whole);
	return *out_text ? FW_OK : FW_ERR_NOMEM;
}

static enum fw_err send_header(int fd, size_t object, size_t files,
			       int timeout_ms)
{
	uint8_t header[MESSAGE_HEADER];

	if (object > MESSAGE_MAX || files > BUNDLE_BYTES_MAX)
		return FW_ERR_LIMIT;
	number_put(header, (uint32_t)object);
	number_put(header + 4, (uint32_t)files);
	return sockio_send(fd, header, sizeof(header), timeout_ms);
}

enum fw_err message_send(int fd, const json_t *object,
			 const struct policy_files *files, int timeout_ms)
{
	size_t n_files = files ? files->n : 0, sum = 0;
	char *text;
	enum fw_err err = write_object(object, files, &text);

	if (err)
		return err;
	for (size_t i = 0; i < n_files; i++)
		sum += files->items[i].bytes.len;
	err = send_header(fd, strlen(text), sum, timeout_ms);
	if (!err)
		err = sockio_send(fd, text, strlen(text), timeout_ms);
	for (size_t i = 0; i < n_files && !err; i++)
		err = sockio_send(fd, files->items[i].bytes.p,
				  files->items[i].bytes.len, timeout_ms);
	free(text);
	return err;
}

enum fw_err message_send_nomem(int fd, int timeout_ms)
{
	static const char text[] = "{\"ok\":false,\"exit\":1,"
				   "\"error\":\"out of memory\"}";
	enum fw_err err = send_header(fd, strlen(text), 0, timeout_ms);

	return err ? err : sockio_send(fd, text, strlen(text), timeout_ms);
}

enum fw_err message_receive(int fd, json_t **out_object, int timeout_ms)
{
	uint8_t header[MESSAGE_HEADER];
	enum fw_err err =
		sockio_receive(fd, header, sizeof(header), timeout_ms);
	struct message_size size;
	json_t *object = NULL;
	char *text;

	if (err)
		return err;
	if (!message_size_of(header, &size) || size.files)
		return FW_ERR_INVAL;
	text = malloc(size.object);
	if (!text)
		return FW_ERR_NOMEM;
	err = sockio_receive(fd, text, size.object, timeout_ms);
	if (!err)
		err = json_read(str_mem(text, size.object), &object);
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

/* The next file of the list out of what is left of the bytes. */
static bool take_file(const json_t *entry, struct str *left,
		      struct policy_files *files, struct policy_file *out)
{
	const char *name = json_string_value(json_object_get(entry, "name"));
	json_int_t len = json_integer_value(json_object_get(entry, "len"));

	if (!name || !*name || len < 0 || (uint64_t)len > left->len ||
	    bundle_find(files, str_of(name)))
		return false;
	*out = (struct policy_file){.name = name,
				    .bytes = str_mem(left->p, (size_t)len)};
	*left = str_skip(*left, (size_t)len);
	files->n++;
	return true;
}

enum fw_err message_files(const json_t *object, struct str bytes,
			  struct policy_files *out_files)
{
	const json_t *list = json_object_get(object, "files");
	size_t n = json_array_size(list);
	struct policy_file *items;
	struct policy_files files;
	bool good = (!list || json_is_array(list)) && n <= BUNDLE_FILES_MAX;

	if (!good)
		return FW_ERR_INVAL;
	items = calloc(n + 1, sizeof(*items));
	if (!items)
		return FW_ERR_NOMEM;
	files = (struct policy_files){.items = items};
	for (size_t i = 0; i < n && good; i++)
		good = take_file(json_array_get(list, i), &bytes, &files,
				 &items[i]);
	if (!good || bytes.len) {
		free(items);
		return FW_ERR_INVAL;
	}
	*out_files = files;
	return FW_OK;
}
