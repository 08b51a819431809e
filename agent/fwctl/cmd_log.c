/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The event log as a table, or as it is. */
#include "agent/fwctl/commands.h"
#include "agent/fwctl/log_filter.h"
#include "agent/verdict/reason.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLLOW_MS     250
#define ENDPOINT_ROOM 64

struct log_view {
	struct log_filter filter;
	const char *path;
	bool follow, json, head_printed;
	size_t unreadable; /* lines that are no JSON */
	bool colours;
};

static const struct option words[] = {{"file", required_argument, NULL, 'F'},
				      {"address", required_argument, NULL, 'a'},
				      {"name", required_argument, NULL, 'n'},
				      {"rule", required_argument, NULL, 'r'},
				      {"verdict", required_argument, NULL, 'v'},
				      {"reason", required_argument, NULL, 'R'},
				      {"since", required_argument, NULL, 's'},
				      {"follow", no_argument, NULL, 'f'},
				      {"json", no_argument, NULL, 'j'},
				      {0}};

static int usage(void)
{
	(void)fputs(
		"usage: fwctl log [--file FILE] [--follow] [--json]\n"
		"           [--address ADDRESS|PREFIX] [--name NAME] [--rule "
		"RULE]\n"
		"           [--verdict accept|drop] [--reason REASON] [--since "
		"TIME|15m|2h|1d]\n",
		stderr);
	return EXIT_USAGE;
}

static void endpoint(char *buf, const json_t *ev, const char *ip_key,
		     const char *port_key)
{
	const char *ip = log_event_text(ev, NULL, ip_key);
	const json_t *port = json_object_get(ev, port_key);

	if (!ip)
		ip = "-";
	if (!port)
		(void)snprintf(buf, ENDPOINT_ROOM, "%s", ip);
	else
		(void)snprintf(buf, ENDPOINT_ROOM,
			       strchr(ip, ':') ? "[%s]:%d" : "%s:%d", ip,
			       (int)json_integer_value(port));
}

static const char *or_dash(const char *s)
{
	return s ? s : "-";
}

/* "allow", "refuse", or what would have been. */
static const char *verdict_word(const json_t *ev)
{
	const char *action = log_event_text(ev, "verdict", "action");

	if (log_event_text(ev, "fw", "would"))
		return "would";
	if (!action)
		return "-";
	return strcmp(action, "drop") == 0 ? "refuse" : "allow";
}

static bool is_of_agent(const json_t *ev)
{
	const char *type = log_event_text(ev, NULL, "event_type");

	return type && strcmp(type, "agent") == 0;
}

/* What has happened to the agent itself. */
static void print_agent(const struct log_view *v, const json_t *ev)
{
	(void)printf("%-19.19s %sagent%s   %s: %s\n",
		     or_dash(log_event_text(ev, NULL, "timestamp")),
		     v->colours ? "\033[33m" : "", v->colours ? "\033[0m" : "",
		     or_dash(log_event_text(ev, "fw", "reason")),
		     or_dash(log_event_text(ev, "fw", "message")));
}

static void print_row(struct log_view *v, const json_t *ev)
{
	char from[ENDPOINT_ROOM], to[ENDPOINT_ROOM];
	const char *when = log_event_text(ev, NULL, "timestamp");
	const char *verdict = verdict_word(ev);
	const char *colour = "", *plain = "";

	if (v->colours) {
		colour = *verdict == 'a' ? "\033[32m" : "\033[31m";
		plain = "\033[0m";
	}
	if (!v->head_printed)
		(void)printf(
			"%-19s %-7s %-22s %-22s %-5s %-8s %-24s %-20s %s\n",
			"time (UTC)", "verdict", "from", "to", "proto", "app",
			"name", "rule", "reason");
	v->head_printed = true;
	endpoint(from, ev, "src_ip", "src_port");
	endpoint(to, ev, "dest_ip", "dest_port");
	(void)printf("%-19.19s %s%-7s%s %-22s %-22s %-5s %-8s %-24s %-20s %s\n",
		     or_dash(when), colour, verdict, plain, from, to,
		     or_dash(log_event_text(ev, NULL, "proto")),
		     or_dash(log_event_text(ev, NULL, "app_proto")),
		     or_dash(log_event_name(ev)),
		     or_dash(log_event_text(ev, "fw", "rule")),
		     or_dash(log_event_text(ev, "fw", "reason")));
}

static void take_line(struct log_view *v, const char *line, size_t len)
{
	json_t *ev = json_loadb(line, len, 0, NULL);

	if (!json_is_object(ev)) {
		v->unreadable++;
		json_decref(ev);
		return;
	}
	if (log_filter_takes(&v->filter, ev)) {
		if (v->json)
			(void)fwrite(line, 1, len, stdout);
		else if (is_of_agent(ev))
			print_agent(v, ev);
		else
			print_row(v, ev);
	}
	json_decref(ev);
}

/* Whole lines from where we are; half a line at the end waits. */
static void take_lines(struct log_view *v, FILE *f)
{
	static char *line;
	static size_t room;
	ssize_t n;

	for (;;) {
		long at = ftell(f);

		n = getline(&line, &room, f);
		if (n <= 0 || line[n - 1] != '\n') {
			if (n > 0)
				(void)fseek(f, at, SEEK_SET);
			if (!ferror(f))
				clearerr(f);
			return;
		}
		take_line(v, line, (size_t)n);
	}
}

/* Was the file moved away or cut since we opened it? */
static bool was_replaced(const struct log_view *v, FILE *f)
{
	struct stat now, ours;

	if (fstat(fileno(f), &ours) < 0)
		return true;
	if (ours.st_size < ftell(f))
		return true;
	return stat(v->path, &now) == 0 &&
	       (now.st_ino != ours.st_ino || now.st_dev != ours.st_dev);
}

static int show(struct log_view *v)
{
	FILE *f = !strcmp(v->path, "-") ? stdin : fopen(v->path, "re");

	if (!f) {
		(void)fprintf(stderr, "fwctl: %s: %s\n", v->path,
			      strerror(errno));
		return errno == EACCES ? EXIT_PERMISSION : EXIT_FAILED;
	}
	take_lines(v, f);
	if (ferror(f)) {
		(void)fprintf(stderr, "fwctl: %s: %s\n", v->path,
			      strerror(errno));
		(void)fclose(f);
		return EXIT_FAILED;
	}
	while (v->follow && !ferror(stdout)) {
		(void)fflush(stdout);
		(void)poll(NULL, 0, FOLLOW_MS);
		take_lines(v, f);
		if (was_replaced(v, f)) {
			FILE *next = fopen(v->path, "re");

			if (!next)
				continue;
			(void)fclose(f);
			f = next;
		}
	}
	if (f != stdin)
		(void)fclose(f);
	if (v->unreadable)
		(void)fprintf(stderr, "fwctl: %zu lines of %s are no events\n",
			      v->unreadable, v->path);
	return EXIT_DONE;
}

static bool wrong(const char *what, const char *value)
{
	(void)fprintf(stderr, "fwctl: %s '%s' cannot be read\n", what, value);
	return false;
}

static bool take_verdict(struct log_view *v, const char *word)
{
	if (!strcmp(word, "accept") || !strcmp(word, "allow"))
		v->filter.verdict = "accept";
	else if (!strcmp(word, "drop") || !strcmp(word, "refuse"))
		v->filter.verdict = "drop";
	else
		return wrong("--verdict", word);
	return true;
}

static bool take_word(struct log_view *v, int c)
{
	switch (c) {
	case 'F':
		v->path = optarg;
		return true;
	case 'a':
		v->filter.by_address = true;
		return iprange_parse(str_of(optarg), &v->filter.address) ==
			       FW_OK ||
		       wrong("--address", optarg);
	case 'n':
		v->filter.name = optarg;
		return true;
	case 'r':
		v->filter.rule = optarg;
		return true;
	case 'v':
		return take_verdict(v, optarg);
	case 'R':
		v->filter.reason = optarg;
		return reason_find(str_of(optarg)) != REASON_COUNT ||
		       wrong("--reason", optarg);
	case 's':
		return log_filter_since(&v->filter, optarg, time(NULL)) ||
		       wrong("--since", optarg);
	case 'f':
		v->follow = true;
		return true;
	case 'j':
		v->json = true;
		return true;
	default:
		return false;
	}
}

int cmd_log(int argc, char **argv)
{
	struct log_view v = {.path = DEFAULT_LOG,
			     .colours = isatty(STDOUT_FILENO) &&
					!getenv("NO_COLOR")};
	int c;

	while ((c = getopt_long(argc, argv, "fj", words, NULL)) != -1)
		if (!take_word(&v, c))
			return usage();
	if (optind < argc)
		return usage();
	return show(&v);
}
