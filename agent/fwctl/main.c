/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fwctl: one table of commands; everything else is in cmd_*.c. */
#include "agent/control/client.h"
#include "agent/fwctl/commands.h"
#include "agent/fwctl/flow_words.h"
#include "agent/kernel/sysenv.h"
#include "policy/suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_MS 300000 /* a million addresses take their time */
#define THERE_MS  3000   /* one that takes longer for nothing hangs */
#define STDIN_MAX (16UL * 1024 * 1024)

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *args, *help;
} commands[] = {
#define X(name, args, help) {#name, cmd_##name, args, help},
#include "agent/fwctl/commands.def"
#undef X
};

#define N_COMMANDS (sizeof(commands) / sizeof(*commands))

const char *fwctl_socket = DEFAULT_SOCKET;

static void print_help(FILE *to)
{
	(void)fputs("usage: fwctl [--socket PATH] COMMAND [ARGUMENT]...\n\n",
		    to);
	for (size_t i = 0; i < N_COMMANDS; i++)
		(void)fprintf(to, "  %-8s %s\n", commands[i].name,
			      commands[i].help);
	(void)fputs("\nPOLICY is " DEFAULT_POLICY
		    " (and policy.d beside it) when not given, '-' is standard "
		    "input.\n'fwctl COMMAND --help' says more; fwctl(8) says "
		    "all.\n",
		    to);
}

int fwctl_usage(const char *command)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (!strcmp(commands[i].name, command))
			(void)fprintf(stderr, "usage: fwctl %s %s\n", command,
				      commands[i].args);
	return EXIT_USAGE;
}

static int wrong_word(const char *word)
{
	struct suggest near;

	suggest_init(&near, str_of(word));
	for (size_t i = 0; i < N_COMMANDS; i++)
		suggest_offer(&near, str_of(commands[i].name));
	if (near.best.p) {
		(void)fprintf(stderr,
			      "fwctl: no command '%s'; did you mean '%.*s'?\n",
			      word, STR_ARG(near.best));
		return EXIT_USAGE;
	}
	(void)fprintf(stderr, "fwctl: no command '%s'; there are:", word);
	for (size_t i = 0; i < N_COMMANDS; i++)
		(void)fprintf(stderr, " %s", commands[i].name);
	(void)fputs("\n", stderr);
	return EXIT_USAGE;
}

/* All of standard input, up to what a policy may be long. */
static struct str read_stdin(void)
{
	char *text = malloc(STDIN_MAX + 1);
	size_t n = text ? fread(text, 1, STDIN_MAX + 1, stdin) : 0;

	return str_mem(text, n);
}

/* Where the policy is; standard input is read once. */
static struct policy_input input_of(const char *path)
{
	static struct sysenv env;
	static struct str text;
	struct policy_input in = {.path = path ? path : DEFAULT_POLICY,
				  .directory =
					  path ? NULL : DEFAULT_POLICY_DIR};

	if (path && !strcmp(path, "-")) {
		if (!text.p)
			text = read_stdin();
		in = (struct policy_input){.text = text, .text_name = "stdin"};
	}
	sysenv_init(&env, 0);
	in.env = &env.env;
	return in;
}

static void print_said(const struct policy *p)
{
	struct strbuf said;

	strbuf_init(&said, 0);
	diag_print(&p->diags, &said);
	(void)fputs(strbuf_text(&said), stderr);
	strbuf_done(&said);
}

int fwctl_compile(const char *path, struct policy **out_policy)
{
	const struct policy_input in = input_of(path);
	struct policy *p;
	enum fw_err err = policy_compile(&in, &p);

	if (p)
		print_said(p);
	if (!err) {
		*out_policy = p;
		return EXIT_DONE;
	}
	if (err != FW_ERR_POLICY)
		(void)fprintf(stderr, "fwctl: %s: %s\n",
			      in.path ? in.path : "stdin", fw_err_text(err));
	policy_free(p);
	return err == FW_ERR_POLICY ? EXIT_POLICY : EXIT_FAILED;
}

int fwctl_bundle(const char *path, struct policy **out_policy)
{
	struct policy_input in = input_of(path);

	in.part = POLICY_BUNDLE;
	if (policy_compile(&in, out_policy) == FW_OK &&
	    (*out_policy)->diags.all.n == 0)
		return EXIT_DONE;
	policy_free(*out_policy);
	return fwctl_compile(path, out_policy);
}

int fwctl_ask(json_t *request, const struct policy_files *files,
	      json_t **out_answer)
{
	enum fw_err err =
		client_ask(fwctl_socket, request, files, out_answer, ANSWER_MS);

	json_decref(request);
	if (err == FW_OK)
		return EXIT_DONE;
	if (err == FW_ERR_PERM) {
		(void)fprintf(stderr,
			      "fwctl: %s: not permitted; run it as root\n",
			      fwctl_socket);
		return EXIT_PERMISSION;
	}
	(void)fprintf(stderr, "fwctl: no daemon answers at %s: %s\n",
		      fwctl_socket,
		      err == FW_ERR_UNREACHABLE
			      ? "is fwagentd running? (systemctl status "
				"fwagentd)"
			      : fw_err_text(err));
	return EXIT_UNREACHABLE;
}

json_t *fwctl_ask_quietly(const char *name)
{
	json_t *request = json_pack("{s:s}", "request", name);
	json_t *answer = NULL;

	if (client_ask(fwctl_socket, request, NULL, &answer, ANSWER_MS) !=
	    FW_OK)
		answer = NULL;
	json_decref(request);
	return answer;
}

bool fwctl_daemon_is_there(void)
{
	json_t *request = json_pack("{s:s}", "request", "history");
	json_t *answer = NULL;
	enum fw_err err =
		client_ask(fwctl_socket, request, NULL, &answer, THERE_MS);

	json_decref(request);
	json_decref(answer);
	if (err == FW_ERR_TIMEOUT)
		(void)fputs("warning: the daemon does not answer: this is done "
			    "without it\n",
			    stderr);
	return err == FW_OK;
}

void fwctl_print_warnings(const json_t *answer)
{
	const char *text =
		json_string_value(json_object_get(answer, "warning"));

	while (text && *text) {
		size_t n = strcspn(text, "\n");

		(void)fprintf(stderr, "warning: %.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

int fwctl_order(json_t *request, json_t **out_answer)
{
	int status = fwctl_ask(request, NULL, out_answer);
	const char *text;

	if (status != EXIT_DONE)
		return status;
	status = (int)json_integer_value(json_object_get(*out_answer, "exit"));
	text = json_string_value(json_object_get(*out_answer, "error"));
	if (status)
		(void)fprintf(stderr, "fwctl: %s",
			      text ? text : "the daemon refuses it\n");
	fwctl_print_warnings(*out_answer);
	return status;
}

/* "--name" or "-n", without its value; 0: no option. */
static size_t option_len(const char *word)
{
	if (word[0] != '-' || !word[1])
		return 0;
	return word[1] == '-' ? strcspn(word, "=") : 2;
}

/* The first option that stands there twice, or NULL: none of any command may,
 * and the last would win in silence. */
static const char *given_twice(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		size_t n = option_len(argv[i]);

		for (int j = 1; n && j < i; j++)
			if (option_len(argv[j]) == n &&
			    !strncmp(argv[i], argv[j], n))
				return argv[i];
	}
	return NULL;
}

static int run_command(size_t which, int argc, char **argv)
{
	static char name[] = "fwctl";
	const char *twice = given_twice(argc, argv);

	argv[0] = name; /* getopt() complains by it */
	if (argc > 1 && !strcmp(argv[1], "--help")) {
		(void)printf("usage: fwctl %s %s\n%s\n", commands[which].name,
			     commands[which].args, commands[which].help);
		if (!strcmp(commands[which].name, "explain"))
			flow_words_help(stdout, "--");
		if (!strcmp(commands[which].name, "test"))
			flow_words_help(stdout, "");
		return EXIT_DONE;
	}
	if (!twice)
		return commands[which].run(argc, argv);
	(void)fprintf(stderr, "fwctl: %.*s is given twice\n",
		      (int)option_len(twice), twice);
	return fwctl_usage(commands[which].name);
}

static int run(int argc, char **argv)
{
	int i = 1;

	while (i + 1 < argc && !strcmp(argv[i], "--socket")) {
		fwctl_socket = argv[i + 1];
		i += 2;
	}
	if (i >= argc) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "help") ||
	    !strcmp(argv[i], "-h")) {
		print_help(stdout);
		return EXIT_DONE;
	}
	if (!strcmp(argv[i], "--socket")) {
		(void)fputs("fwctl: --socket needs a path\n", stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[i], "--version")) {
		(void)puts("fwctl " FWAGENT_VERSION);
		return EXIT_DONE;
	}
	for (size_t c = 0; c < N_COMMANDS; c++)
		if (!strcmp(argv[i], commands[c].name))
			return run_command(c, argc - i, argv + i);
	return wrong_word(argv[i]);
}

/* What could not be written was not done. */
int main(int argc, char **argv)
{
	int status = run(argc, argv);

	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	(void)fputs("fwctl: cannot write to standard output\n", stderr);
	return status == EXIT_DONE ? EXIT_FAILED : status;
}
