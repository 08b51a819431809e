/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/bundle.h"

const struct policy_file *bundle_find(const struct policy_files *files,
				      struct str name)
{
	for (size_t i = 0; i < files->n; i++)
		if (str_is(name, files->items[i].name))
			return &files->items[i];
	return NULL;
}
