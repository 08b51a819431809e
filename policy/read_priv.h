/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the files of a policy and the tree of their settings. */
#pragma once

#include "policy/read.h"
#include "policy/source.h"

#include <libconfig.h>

struct reading {
	struct ast *ast;
	struct diag_list *diags;
	const struct source *source;
};

/* All that libconfig made of one file, into the tree. */
void read_tree(struct reading *r, const config_setting_t *root);
