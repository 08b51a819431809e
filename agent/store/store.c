/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/store/store_priv.h"

#include "agent/limits.h"
#include "policy/base/digest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NUMBER_DIGITS 6
#define NUMBER_MAX    999999
#define NEW_FOLDER    ".new" /* under way; of a crash when it is found */
#define OLD_POLICY    "current.conf"
#define POLICY_MAX    (64UL * 1024 * 1024)
#define FILE_MAX      (256UL * 1024 * 1024)

static const char *const pointer_names[] = {"current", "confirmed"};

/* --- names --------------------------------------------------------------- */

struct folder_name {
	char text[16];
};

static struct folder_name folder_of(unsigned number)
{
	struct folder_name n;

	(void)snprintf(n.text, sizeof(n.text), "%0*u", NUMBER_DIGITS,
		       number % (NUMBER_MAX + 1));
	return n;
}

/* 0: not the name of a generation. */
static unsigned number_of(const char *name)
{
	unsigned n = 0;

	if (strlen(name) != NUMBER_DIGITS)
		return 0;
	for (; *name; name++) {
		if (!ascii_is_digit(*name))
			return 0;
		n = n * 10 + (unsigned)(*name - '0');
	}
	return n;
}

static int folder_open(int dir, const char *name)
{
	return openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* --- open ---------------------------------------------------------------- */

static enum fw_err open_folders(const char *state_dir, bool make,
				struct store *out)
{
	int dir = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*out = (struct store){.dir = dir, .generations = -1};
	if (dir < 0)
		return fw_err_of_errno(errno);
	if (make && mkdirat(dir, "generations", 0750) < 0 && errno != EEXIST) {
		enum fw_err err = fw_err_of_errno(errno);

		store_close(out);
		return err;
	}
	out->generations = folder_open(dir, "generations");
	if (out->generations < 0) {
		enum fw_err err = fw_err_of_errno(errno);

		store_close(out);
		return err;
	}
	return FW_OK;
}

/* Older versions kept one policy, and no history. */
static enum fw_err take_over(struct store *s)
{
	struct generation g = {.state = GENERATION_CONFIRMED,
			       .author = "unknown",
			       .comment = "from before there was a history"};
	struct stat st;
	struct str text;
	uint64_t name;
	enum fw_err err;

	if (fstatat(s->dir, OLD_POLICY, &st, 0) < 0)
		return FW_OK;
	if (store_pointer(s, STORE_CURRENT))
		return durable_remove(s->dir, OLD_POLICY);
	err = durable_read(s->dir, OLD_POLICY, POLICY_MAX, &text);
	if (err)
		return err;
	g.time = st.st_mtime;
	if (!digest_of(text.p, text.len, &name)) {
		str_free(text);
		return FW_ERR_NOMEM;
	}
	(void)snprintf(g.digest, sizeof(g.digest), "%016" PRIx64, name);
	err = store_add(s, &g, text, NULL);
	if (!err)
		err = store_point(s, STORE_CONFIRMED, g.number);
	if (!err)
		err = store_point(s, STORE_CURRENT, g.number);
	if (!err)
		err = durable_remove(s->dir, OLD_POLICY);
	str_free(text);
	return err;
}

enum fw_err store_open(const char *state_dir, struct store *out)
{
	enum fw_err err = open_folders(state_dir, true, out);

	if (err)
		return err;
	durable_remove_folder(out->generations, NEW_FOLDER);
	err = take_over(out);
	if (err)
		store_close(out);
	return err;
}

enum fw_err store_open_read(const char *state_dir, struct store *out)
{
	return open_folders(state_dir, false, out);
}

void store_close(struct store *s)
{
	if (s->generations >= 0)
		(void)close(s->generations);
	if (s->dir >= 0)
		(void)close(s->dir);
	s->dir = s->generations = -1;
}

/* --- pointers ------------------------------------------------------------ */

unsigned store_pointer(const struct store *s, enum store_pointer which)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(s->dir, pointer_names[which], target,
			       sizeof(target) - 1);
	const char *slash;

	if (n <= 0)
		return 0;
	target[n] = '\0';
	slash = strrchr(target, '/');
	return number_of(slash ? slash + 1 : target);
}

enum fw_err store_point(struct store *s, enum store_pointer which,
			unsigned number)
{
	char target[64];

	if (number == 0)
		return durable_remove(s->dir, pointer_names[which]);
	(void)snprintf(target, sizeof(target), "generations/%s",
		       folder_of(number).text);
	return durable_link(s->dir, pointer_names[which], target);
}

/* --- generations --------------------------------------------------------- */

static int by_number_down(const void *a, const void *b)
{
	const unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x < y) - (x > y);
}

size_t store_list(const struct store *s, unsigned *out, size_t room)
{
	int fd = folder_open(s->generations, ".");
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	size_t n = 0;

	if (!d) {
		if (fd >= 0)
			(void)close(fd);
		return 0;
	}
	while ((e = readdir(d)) && n < room) {
		unsigned number = number_of(e->d_name);

		if (number)
			out[n++] = number;
	}
	(void)closedir(d);
	qsort(out, n, sizeof(*out), by_number_down);
	return n;
}

static unsigned newest(const struct store *s)
{
	unsigned all[LIMIT_GENERATIONS * 2];

	return store_list(s, all, sizeof(all) / sizeof(*all)) ? all[0] : 0;
}

/* Forget the oldest, but for those that something still points to. */
static void prune(struct store *s)
{
	unsigned all[LIMIT_GENERATIONS * 2];
	size_t n = store_list(s, all, sizeof(all) / sizeof(*all));
	unsigned current = store_pointer(s, STORE_CURRENT);
	unsigned confirmed = store_pointer(s, STORE_CONFIRMED);
	struct pending p;
	enum fw_err err = store_pending(s, &p);

	/* It may be what is gone back to. */
	if (err && err != FW_ERR_NOENT)
		return;
	for (size_t i = LIMIT_GENERATIONS; i < n; i++)
		if (all[i] != current && all[i] != confirmed &&
		    all[i] != p.previous)
			durable_remove_folder(s->generations,
					      folder_of(all[i]).text);
}

/* The file of the generation in force that has these bytes, linked to save the
 * room of a copy. */
static bool link_same(const struct store *s, const struct policy_files *known,
		      const struct policy_file *f, int to, const char *as)
{
	char path[64];

	for (size_t i = 0; i < known->n; i++) {
		if (!str_eq(known->items[i].bytes, f->bytes))
			continue;
		(void)snprintf(path, sizeof(path), "current/files/%04zu", i);
		return linkat(s->dir, path, to, as, 0) == 0;
	}
	return false;
}

static enum fw_err put_files(const struct store *s, int folder,
			     const struct policy_files *files, json_t *names)
{
	struct policy_files known = {0};
	struct str policy = {0};
	enum fw_err err = FW_OK;
	int sub;

	if (!files || files->n == 0)
		return FW_OK;
	if (mkdirat(folder, "files", 0750) < 0)
		return fw_err_of_errno(errno);
	sub = folder_open(folder, "files");
	if (sub < 0)
		return fw_err_of_errno(errno);
	/* What cannot be linked is copied. */
	if (store_load(s, store_pointer(s, STORE_CURRENT), &policy, &known))
		known = (struct policy_files){0};
	for (size_t i = 0; i < files->n && !err; i++) {
		char as[24];

		(void)snprintf(as, sizeof(as), "%04zu", i);
		if (json_array_append_new(names,
					  json_string(files->items[i].name)))
			err = FW_ERR_NOMEM;
		else if (!link_same(s, &known, &files->items[i], sub, as))
			err = durable_put(sub, as, files->items[i].bytes);
	}
	if (!err && fsync(sub) < 0)
		err = fw_err_of_errno(errno);
	(void)close(sub);
	str_free(policy);
	store_files_free(&known);
	return err;
}

static enum fw_err put_generation(const struct store *s, int folder,
				  const struct generation *g, struct str policy,
				  const struct policy_files *files)
{
	json_t *meta = generation_to_json(g), *names = json_array();
	enum fw_err err = durable_put(folder, "policy.conf", policy);

	if (!err)
		err = put_files(s, folder, files, names);
	/* It takes the names over, also when it fails. */
	if (json_object_set_new(meta, "files", names))
		err = FW_ERR_NOMEM;
	if (err) {
		json_decref(meta);
		return err;
	}
	return store_record_write(folder, "meta.json", meta);
}

static enum fw_err add(struct store *s, struct generation *g, struct str policy,
		       const struct policy_files *files)
{
	enum fw_err err;
	int folder;

	if (g->number > NUMBER_MAX)
		return FW_ERR_LIMIT;
	durable_remove_folder(s->generations, NEW_FOLDER);
	if (mkdirat(s->generations, NEW_FOLDER, 0750) < 0)
		return fw_err_of_errno(errno);
	folder = folder_open(s->generations, NEW_FOLDER);
	if (folder < 0)
		return fw_err_of_errno(errno);
	err = put_generation(s, folder, g, policy, files);
	(void)close(folder);
	if (!err)
		err = durable_rename(s->generations, NEW_FOLDER,
				     folder_of(g->number).text);
	if (err)
		durable_remove_folder(s->generations, NEW_FOLDER);
	else
		prune(s);
	return err;
}

enum fw_err store_add(struct store *s, struct generation *g, struct str policy,
		      const struct policy_files *files)
{
	enum fw_err err;

	g->number = newest(s) + 1;
	err = add(s, g, policy, files);
	/* What is not there has no number. */
	if (err)
		g->number = 0;
	return err;
}

unsigned store_confirmed_before(const struct store *s, unsigned number)
{
	unsigned all[LIMIT_GENERATIONS * 2];
	size_t n = store_list(s, all, sizeof(all) / sizeof(*all));
	struct generation g;

	for (size_t i = 0; i < n; i++)
		if (all[i] < number && store_get(s, all[i], &g) == FW_OK &&
		    g.state == GENERATION_CONFIRMED)
			return all[i];
	return 0;
}

enum fw_err store_set_state(struct store *s, unsigned number,
			    enum generation_state state)
{
	int folder = folder_open(s->generations, folder_of(number).text);
	enum fw_err err;
	json_t *meta = NULL;

	if (folder < 0)
		return fw_err_of_errno(errno);
	err = store_record_read(folder, "meta.json", &meta);
	if (err == FW_ERR_NOENT) {
		meta = json_pack("{s:i}", "generation", (int)number);
		err = FW_OK;
	}
	if (!err &&
	    json_object_set_new(meta, "state",
				json_string(generation_state_name(state))))
		err = FW_ERR_NOMEM;
	if (!err)
		err = store_record_write(folder, "meta.json", meta);
	else
		json_decref(meta);
	(void)close(folder);
	return err;
}

void store_forget(struct store *s, unsigned number)
{
	durable_remove_folder(s->generations, folder_of(number).text);
}

enum fw_err store_get(const struct store *s, unsigned number,
		      struct generation *out)
{
	int folder =
		number ? folder_open(s->generations, folder_of(number).text)
		       : -1;
	json_t *meta = NULL;
	enum fw_err err;

	if (folder < 0)
		return FW_ERR_NOENT;
	err = store_record_read(folder, "meta.json", &meta);
	generation_of_json(meta, out);
	out->number = number;
	json_decref(meta);
	(void)close(folder);
	return err == FW_ERR_NOENT ? FW_OK : err;
}

static enum fw_err load_files(int folder, const json_t *names,
			      struct policy_files *out)
{
	size_t n = json_array_size(names);
	struct policy_file *items = n ? calloc(n, sizeof(*items)) : NULL;
	enum fw_err err = FW_OK;
	char path[64];

	if (n && !items)
		return FW_ERR_NOMEM;
	out->items = items;
	for (; out->n < n && !err; out->n++) {
		struct policy_file *f = &items[out->n];
		const char *name =
			json_string_value(json_array_get(names, out->n));

		(void)snprintf(path, sizeof(path), "files/%04zu", out->n);
		f->name = strdup(name ? name : "");
		err = f->name ? durable_read(folder, path, FILE_MAX, &f->bytes)
			      : FW_ERR_NOMEM;
	}
	return err;
}

enum fw_err store_load(const struct store *s, unsigned number,
		       struct str *out_policy, struct policy_files *out_files)
{
	int folder =
		number ? folder_open(s->generations, folder_of(number).text)
		       : -1;
	enum fw_err err;
	json_t *meta = NULL;

	*out_policy = (struct str){0};
	*out_files = (struct policy_files){0};
	if (folder < 0)
		return FW_ERR_NOENT;
	err = store_record_read(folder, "meta.json", &meta);
	if (!err || err == FW_ERR_NOENT)
		err = durable_read(folder, "policy.conf", POLICY_MAX,
				   out_policy);
	if (!err)
		err = load_files(folder, json_object_get(meta, "files"),
				 out_files);
	json_decref(meta);
	(void)close(folder);
	if (err) {
		str_free(*out_policy);
		*out_policy = (struct str){0};
		store_files_free(out_files);
	}
	return err;
}

void store_files_free(struct policy_files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		str_free(str_of(files->items[i].name));
		str_free(files->items[i].bytes);
	}
	free((void *)(uintptr_t)files->items); /* NOLINT: ours, made above */
	*files = (struct policy_files){0};
}
