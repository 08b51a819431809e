/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fwctl protocols: what the engine can tell apart, from its own tables. */
#include "agent/fwctl/commands.h"
#include "agent/proto/registry.h"
#include "policy/facts.h"

#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *what;
} apps[] = {
#define X(id, name, over, named, help) {name, help},
#include "policy/apps.def"
#undef X
};

static const struct {
	const char *name, *key, *what;
} fields[] = {
#define X(id, name, seen, kind, key, help) {name, key, help},
#include "policy/fields.def"
#undef X
};

static const struct {
	uint8_t l4;
	const char *name;
} transports[] = {
	{IPPROTO_TCP, "TCP"}, {IPPROTO_UDP, "UDP"}, {IPPROTO_ICMP, "IP"}};

#define COUNT(all) (sizeof(all) / sizeof(*(all)))

/* Protocols whose fields have the names of another's. */
static const struct {
	enum app app;
	const char *object;
} borrowed[] = {{APP_QUIC, "tls"},   {APP_DTLS, "tls"},  {APP_HTTP2, "http"},
		{APP_MDNS, "dns"},   {APP_LLMNR, "dns"}, {APP_NETBIOS, "dns"},
		{APP_SUNRPC, "rpc"}, {APP_NFS, "rpc"},   {APP_STUN, "turn"}};

static bool is_in(const char *field, const char *object)
{
	size_t n = strlen(object);

	return !strncmp(field, object, n) && field[n] == '.';
}

static bool has_field(enum app app, enum field field)
{
	if (is_in(fields[field].name, apps[app].name))
		return true;
	for (size_t i = 0; i < COUNT(borrowed); i++)
		if (borrowed[i].app == app &&
		    is_in(fields[field].name, borrowed[i].object))
			return true;
	return false;
}

static const char *over_text(enum app app)
{
	bool tcp = app_is_over(app, IPPROTO_TCP);

	if (!tcp && !app_is_over(app, IPPROTO_UDP))
		return "IP";
	if (tcp && app_is_over(app, IPPROTO_UDP))
		return "TCP, UDP";
	return tcp ? "TCP" : "UDP";
}

static void print_all(void)
{
	(void)printf("%-16s  %-8s  %s\n", "NAME", "OVER", "WHAT IT IS");
	for (enum app a = 0; a < APP_COUNT; a++)
		(void)printf("%-16s  %-8s  %s\n", apps[a].name, over_text(a),
			     apps[a].what);
}

static void print_one(enum app app)
{
	const struct registry_row *row;

	(void)printf("%s: %s\n", apps[app].name, apps[app].what);
	for (size_t t = 0; t < COUNT(transports); t++)
		for (unsigned i = 0; (row = registry_row(transports[t].l4, i));
		     i++)
			if (row->proto->app == app)
				(void)printf("  over %s told by %s\n",
					     transports[t].name, row->told_by);
	for (enum field f = 0; f < FIELD_COUNT; f++) {
		if (!has_field(app, f))
			continue;
		(void)printf("  %-32s  %s", fields[f].name, fields[f].what);
		if (*fields[f].key)
			(void)printf("; in rules: %s", fields[f].key);
		(void)putchar('\n');
	}
}

static json_t *json_of(enum app app)
{
	json_t *o = json_object(), *told = json_array(), *all = json_array();
	const struct registry_row *row;

	json_object_set_new(o, "name", json_string(apps[app].name));
	json_object_set_new(o, "what", json_string(apps[app].what));
	for (size_t t = 0; t < COUNT(transports); t++)
		for (unsigned i = 0; (row = registry_row(transports[t].l4, i));
		     i++)
			if (row->proto->app == app)
				json_array_append_new(
					told, json_pack("{s:s, s:s}", "over",
							transports[t].name,
							"by", row->told_by));
	for (enum field f = 0; f < FIELD_COUNT; f++)
		if (has_field(app, f))
			json_array_append_new(
				all,
				json_pack("{s:s, s:s, s:s}", "name",
					  fields[f].name, "key", fields[f].key,
					  "what", fields[f].what));
	json_object_set_new(o, "told", told);
	json_object_set_new(o, "fields", all);
	return o;
}

static int print_json(int argc, char **argv)
{
	json_t *all = json_array();

	for (enum app a = 0; a < APP_COUNT; a++) {
		bool asked = argc == 0;

		for (int i = 0; i < argc; i++)
			asked |= !strcmp(argv[i], apps[a].name);
		if (asked)
			json_array_append_new(all, json_of(a));
	}
	(void)json_dumpf(all, stdout, JSON_INDENT(2));
	(void)putchar('\n');
	json_decref(all);
	return EXIT_DONE;
}

int cmd_protocols(int argc, char **argv)
{
	static const struct option words[] = {{"json", no_argument, NULL, 'j'},
					      {0}};
	bool json = false;
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "j", words, NULL)) != -1) {
		if (c != 'j')
			return fwctl_usage("protocols");
		json = true;
	}
	for (int i = optind; i < argc; i++) {
		if (app_find(str_of(argv[i])) != APP_COUNT)
			continue;
		(void)fprintf(
			stderr,
			"fwctl: no protocol '%s'; 'fwctl protocols' lists "
			"them\n",
			argv[i]);
		return EXIT_USAGE;
	}
	if (json)
		return print_json(argc - optind, &argv[optind]);
	if (optind == argc)
		print_all();
	for (int i = optind; i < argc; i++)
		print_one(app_find(str_of(argv[i])));
	return EXIT_DONE;
}
