/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fwctl replay: what would have become of the flows in a capture. */
#include "agent/fwctl/commands.h"
#include "agent/fwctl/replay.h"

#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

static int usage(void)
{
	(void)fputs("usage: fwctl replay [--policy FILE] [--table] [--verify] "
		    "CAPTURE...\n",
		    stderr);
	return 2;
}

static int replay_all(struct replay_options *options, const char *path,
		      int argc, char **argv)
{
	struct policy_input in = {.path = path};
	struct policy *policy = NULL;
	enum fw_err err = policy_compile(&in, &policy);
	struct strbuf text;
	int rc = 0;

	if (err && policy) {
		strbuf_init(&text, 0);
		diag_print(&policy->diags, &text);
		(void)fputs(strbuf_text(&text), stderr);
		strbuf_done(&text);
		rc = 3;
	} else if (err) {
		(void)fprintf(stderr, "%s: %s\n", path, fw_err_text(err));
		rc = 1;
	}
	options->policy = policy;
	for (int i = 0; rc < 2 && !err && i < argc; i++)
		if (replay_capture(options, argv[i], stdout, stderr))
			rc = 1;
	policy_free(policy);
	return rc;
}

int cmd_replay(int argc, char **argv)
{
	static const struct option words[] = {
		{"policy", required_argument, NULL, 'p'},
		{"json", no_argument, NULL, 'j'},
		{"table", no_argument, NULL, 't'},
		{"verify", no_argument, NULL, 'v'},
		{0}};
	struct replay_options options = {0};
	const char *path = DEFAULT_POLICY;
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "p:jtv", words, NULL)) != -1) {
		switch (c) {
		case 'p':
			path = optarg;
			break;
		case 'j': /* what it does anyway */
			options.table = false;
			break;
		case 't':
			options.table = true;
			break;
		case 'v':
			options.verify = true;
			break;
		default:
			return usage();
		}
	}
	if (optind == argc)
		return usage();
	return replay_all(&options, path, argc - optind, &argv[optind]);
}
