/* SPDX-License-Identifier: GPL-3.0-or-later */
/* By the daemon; where there is none, without it. */
#include "agent/fwctl/commands.h"
#include "agent/panic/panic.h"
#include "agent/store/store.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What was in force last, or NULL. */
static struct policy *stored_policy(const struct store *s)
{
	struct policy_files files;
	struct policy *p = NULL;
	struct str text;

	if (store_load(s, store_pointer(s, STORE_CURRENT), &text, &files))
		return NULL;
	if (policy_compile(&(struct policy_input){.text = text,
						  .text_name = "policy",
						  .files = &files},
			   &p)) {
		policy_free(p);
		p = NULL;
	} else {
		policy_forget_files(p);
	}
	str_free(text);
	store_files_free(&files);
	return p;
}

/* The flows that a panic before this one lets pass, owned, or NULL.  It is no
 * reason not to panic that they cannot be read. */
static json_t *record_before(const struct store *s)
{
	json_t *before = NULL;
	enum fw_err err = s ? store_record(s, PANIC_RECORD, &before) : FW_OK;

	if (err)
		(void)fprintf(stderr,
			      "warning: whom panic lets in already cannot be "
			      "read (%s)\n",
			      fw_err_text(err));
	return before;
}

/* Without a store, too: then it does not outlive the system. */
static enum fw_err turn_on(const struct nft *nft, struct store *s,
			   const json_t *request)
{
	struct policy *p = s ? stored_policy(s) : NULL;
	json_t *before = record_before(s);
	const struct panic_order order = {
		.ir = p ? &p->ir : NULL,
		.flows = json_object_get(request, "flows"),
		.before = before,
		.author = "fwctl, without a daemon",
		.told = json_string_value(json_object_get(request, "told")),
		.now = time(NULL)};
	json_t *record = panic_record(&order);
	enum fw_err err = panic_load(nft, record, 0);

	policy_free(p);
	json_decref(before);
	if (!err && panic_lets_nobody_in(record))
		(void)fputs("warning: " PANIC_NOBODY, stderr);
	if (!err && s)
		return store_record_set(s, PANIC_RECORD, record);
	json_decref(record);
	return err;
}

static enum fw_err turn_off(const struct nft *nft, struct store *s)
{
	enum fw_err err = panic_unload(nft);

	return err || !s ? err : store_record_set(s, PANIC_RECORD, NULL);
}

static int without_daemon(bool on, const char *state_dir, const json_t *request)
{
	struct store store, *stored;
	struct nft nft;
	enum fw_err err = nft_open(&nft);

	if (err) {
		(void)fprintf(stderr, "fwctl: no netlink socket: %s\n",
			      fw_err_text(err));
		return EXIT_FAILED;
	}
	err = store_open(state_dir, &store);
	stored = err ? NULL : &store;
	if (err)
		(void)fprintf(stderr,
			      "warning: %s: %s: this does not outlive a "
			      "restart of the system\n",
			      state_dir, fw_err_text(err));
	err = on ? turn_on(&nft, stored, request) : turn_off(&nft, stored);
	if (stored)
		store_close(stored);
	nft_close(&nft);
	if (!err)
		return EXIT_DONE;
	(void)fprintf(stderr, "fwctl: without a daemon: %s\n",
		      fw_err_text(err));
	return err == FW_ERR_PERM ? EXIT_PERMISSION : EXIT_FAILED;
}

int cmd_panic(int argc, char **argv)
{
	const char *state_dir = DEFAULT_STATE_DIR, *word = NULL;
	json_t *request, *answer = NULL;
	bool on;
	int status;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--state-dir") && i + 1 < argc)
			state_dir = argv[++i];
		else if (!word)
			word = argv[i];
		else
			return fwctl_usage("panic");
	}
	if (!word || (strcmp(word, "on") != 0 && strcmp(word, "off") != 0))
		return fwctl_usage("panic");
	on = !strcmp(word, "on");
	request = json_pack("{s:s, s:b}", "request", "panic", "on", on);
	fwctl_tell_session(request);
	if (fwctl_daemon_is_there())
		status = fwctl_order(json_incref(request), &answer);
	else
		status = without_daemon(on, state_dir, request);
	json_decref(request);
	json_decref(answer);
	if (!status)
		(void)puts(on ? "panic is on: only what manages the gateway "
				"passes; 'fwctl panic off' ends it"
			      : "panic is off: the policy decides again");
	return status;
}
