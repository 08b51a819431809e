/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A word that leads to a list is looked up once, however often it stands in
 * the policy.  From disk a file is found from where its word was written; in
 * the canonical policy, which is one text, it is named from the policy's own
 * folder, and that name is the key under which it travels.
 */
#include "policy/load_priv.h"

#include "policy/base/digest.h"
#include "policy/feed.h"
#include "policy/file.h"

#include <stdlib.h>

/* "lists/feed.txt" in "/etc/fwagent/policy.conf" is
 * "/etc/fwagent/lists/feed.txt". */
const char *load_path(struct loading *l, const char *file, struct str path)
{
	const char *cut = strrchr(file, '/');
	const char *made;

	while (str_starts(path, "./"))
		path = str_skip(path, 2);
	if (!cut || str_starts(path, "/"))
		made = arena_str(l->arena, path).p;
	else
		made = arena_printf(l->arena, "%.*s/%.*s", (int)(cut - file),
				    file, STR_ARG(path));
	l->failed |= !made;
	return made ? made : "";
}

/* The same path as seen from the policy's folder, if it is below that. */
static struct str name_from_top(const struct loading *l, const char *path)
{
	const char *cut = strrchr(l->ast->file, '/');
	size_t n = cut ? (size_t)(cut - l->ast->file) + 1 : 0;

	return str_of(strncmp(path, l->ast->file, n) != 0 ? path : path + n);
}

bool load_keep(struct loading *l, const struct word *w, struct str bytes,
	       uint64_t hash, struct policy_file *out_file)
{
	struct policy_file *slot;

	if (l->files.n >= BUNDLE_FILES_MAX ||
	    bytes.len > BUNDLE_BYTES_MAX - l->bytes) {
		diag_error(l->diags, w->place, "too-many",
			   "with %s the policy names more than %d files or "
			   "%lu MiB",
			   diag_quote(l->diags, w->text), BUNDLE_FILES_MAX,
			   BUNDLE_BYTES_MAX / 1024 / 1024);
		return false;
	}
	slot = vec_push(l->arena, &l->files);
	if (!slot) {
		l->failed = true;
		return false;
	}
	*slot = (struct policy_file){.name = arena_str(l->arena, w->text).p,
				     .bytes = bytes,
				     .hash = hash};
	l->failed |= !slot->name ||
		     (!hash && !digest_of(bytes.p, bytes.len, &slot->hash));
	l->bytes += bytes.len;
	*out_file = *slot;
	return true;
}

bool load_given(struct loading *l, const struct word *w,
		struct policy_file *out_file)
{
	const struct policy_file *file = bundle_find(l->from->files, w->text);

	if (!file)
		diag_error(l->diags, w->place, "file",
			   "%s did not come with the policy",
			   diag_quote(l->diags, w->text));
	return file && load_keep(l, w, file->bytes, file->hash, out_file);
}

static bool read_from_disk(struct loading *l, const char *path,
			   const struct word *w, struct policy_file *out_file)
{
	const char *why = "";
	char *bytes = NULL;
	size_t len = 0;
	enum fw_err err = file_read(path, BUNDLE_BYTES_MAX, &bytes, &len, &why);

	if (err == FW_ERR_NOMEM) {
		l->failed = true;
		return false;
	}
	if (err) {
		diag_error(l->diags, w->place, "file", "cannot read %s: %s",
			   diag_quote(l->diags, str_of(path)), why);
		return false;
	}
	if (load_keep(l, w, str_mem(bytes, len), 0, out_file))
		return true;
	free(bytes);
	return false;
}

/* The file that a word stands for, read once. */
static bool file_of(struct loading *l, const char *path, const struct word *w,
		    struct policy_file *out_file)
{
	const struct policy_files here = {l->files.items, l->files.n};
	const struct policy_file *file = bundle_find(&here, w->text);

	if (file) {
		*out_file = *file;
		return true;
	}
	return l->from->files ? load_given(l, w, out_file)
			      : read_from_disk(l, path, w, out_file);
}

struct ast_entries *load_entries(struct loading *l, enum list_kind kind,
				 struct str word)
{
	struct ast_entries *e =
		word.p ? vec_push(l->arena, &l->ast->entries) : NULL;

	if (e)
		*e = (struct ast_entries){.word = word, .kind = kind};
	else
		l->failed = true;
	return e;
}

/* Known from before, or read now; NULL where that failed. */
static struct list *list_of(struct loading *l, const struct policy_file *file,
			    const char *name, struct place at,
			    enum list_kind kind)
{
	const struct feed feed = {file->bytes, name, l->diags};
	struct list *list = list_share(l->from->known, kind, file->hash);
	enum fw_err err = FW_OK;

	if (!list)
		err = list_read(&feed, kind, file->hash, &list);
	l->failed |= err == FW_ERR_NOMEM;
	if (err == FW_ERR_POLICY)
		diag_note(l->diags, at, "the list is named here");
	if (err)
		return NULL;
	if (list_size(list))
		return list;
	diag_error(l->diags, at, "empty", "%s has no entries",
		   diag_quote(l->diags, str_of(name)));
	list_drop(list);
	return NULL;
}

void load_parse(struct loading *l, const struct policy_file *file,
		const char *name, struct place at, struct ast_entries *out)
{
	struct list *list = NULL;
	struct list **slot;

	if (l->from->unread)
		return;
	list = list_of(l, file, name, at, out->kind);
	slot = list ? vec_push(l->arena, &l->lists) : NULL;
	if (slot) {
		*slot = list;
		out->list = list;
	} else if (list) {
		list_drop(list);
		l->failed = true;
	}
}

/* "@file:lists/feed.txt" */
static void load_file(struct loading *l, enum list_kind kind, struct word *w)
{
	struct str path = str_skip(w->text, strlen(AST_FILE));
	struct policy_file file;
	struct ast_entries *e;
	const char *from;

	if (path.len == 0 || memchr(path.p, '\0', path.len)) {
		diag_error(l->diags, w->place, "file", "%s names no file",
			   diag_quote(l->diags, w->text));
		return;
	}
	from = load_path(l, w->place.file, path);
	w->text = str_of(arena_printf(l->arena, AST_FILE "%s",
				      name_from_top(l, from).p));
	if (ast_entries_of(l->ast, kind, w->text))
		return;
	/* Kept also when it cannot be read: it is complained of once. */
	e = load_entries(l, kind, w->text);
	if (e && file_of(l, from, w, &file))
		load_parse(l, &file, from, w->place, e);
}

static void load_sets(struct loading *l, enum list_kind kind,
		      const set_list *sets)
{
	vec_foreach (set, sets)
		vec_foreach (w, &set->members)
			if (str_starts(w->text, AST_FILE))
				load_file(l, kind, w);
}

static enum fw_err result(const struct diag_list *diags, size_t errors_before)
{
	return diags->errors > errors_before ? FW_ERR_POLICY : FW_OK;
}

enum fw_err load_files(struct ast *ast, const struct load_from *from,
		       struct diag_list *diags, struct loaded *out)
{
	struct loading l = {.ast = ast,
			    .from = from,
			    .diags = diags,
			    .arena = diags->arena};
	const size_t before = diags->errors;

	load_sets(&l, LIST_ADDRESSES, &ast->addresses);
	load_sets(&l, LIST_NAMES, &ast->hosts);
	load_geo(&l);
	*out = (struct loaded){.files = {l.files.items, l.files.n},
			       .lists = {l.lists.items, l.lists.n}};
	if (l.failed)
		return FW_ERR_NOMEM;
	return result(diags, before);
}

void load_free_bytes(const struct policy_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		str_free(files->items[i].bytes);
}
