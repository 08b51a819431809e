#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Run shellcheck on every shell script of the tree.
set -u

cd "$(dirname "$0")/../.." || exit 2
command -v shellcheck >/dev/null || { echo "no shellcheck here"; exit 77; }
{
	find packaging tests -name '*.sh'
	find .ci -type f
} | sort | xargs -n 4 -P "$(nproc)" shellcheck -x
