/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What others give the daemon as JSON: a message with the files behind it (an
 * object, a zero byte, the bytes), and the same object as a generation's
 * record.
 */
#include "agent/control/message.h"
#include "agent/store/store.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_files(const json_t *object, struct str bytes)
{
	struct policy_files files;
	size_t sum = 0;

	if (message_files(object, bytes, &files) != FW_OK)
		return;
	for (size_t i = 0; i < files.n; i++) {
		FW_ASSERT(files.items[i].name[0] != '\0');
		sum += files.items[i].bytes.len;
	}
	FW_ASSERT(sum == bytes.len && files.n <= BUNDLE_FILES_MAX);
	free((void *)(uintptr_t)files.items); /* NOLINT: else -Wcast-qual */
}

static void try_record(const json_t *object)
{
	struct generation g, again;
	json_t *written;

	generation_of_json(object, &g);
	written = generation_to_json(&g);
	FW_ASSERT(written);
	generation_of_json(written, &again);
	FW_ASSERT(g.state == again.state && g.time == again.time &&
		  !strcmp(g.comment, again.comment) &&
		  !strcmp(g.digest, again.digest));
	json_decref(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str all = str_mem(data, size), bytes;
	const char *zero = size ? memchr(data, 0, size) : NULL;
	size_t n = zero ? (size_t)(zero - all.p) : size;
	struct message_size ignored;
	json_t *object;

	if (size >= MESSAGE_HEADER)
		(void)message_size_of(data, &ignored);
	bytes = str_skip(all, n + 1);
	object = json_loadb(n ? all.p : "", n, 0, NULL);
	if (json_is_object(object)) {
		try_files(object, bytes);
		try_record(object);
	}
	json_decref(object);
	return 0;
}
