#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# mandoc has nothing to warn of in the manual pages.
set -u

cd "$(dirname "$0")/../.." || exit 2
command -v mandoc >/dev/null || { echo "no mandoc here"; exit 77; }
made=$(mktemp -d) || exit 2
trap 'rm -rf "$made"' EXIT
man/tables.sh "$made" || exit 1
pages=("$made"/*.[58])
# "referenced manual not found" depends on what is installed here
! mandoc -T lint -W warning "${pages[@]}" 2>&1 | grep -v 'referenced manual not found'
