/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands; each gives the exit status and gets its own name as argv[0]. */
#pragma once

int cmd_replay(int argc, char **argv);
