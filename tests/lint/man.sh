#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# mandoc has nothing to warn of in the manual pages.
set -u

cd "$(dirname "$0")/../.." || exit 2
command -v mandoc >/dev/null || { echo "no mandoc here"; exit 77; }
shopt -s nullglob
pages=(man/*.[58])
if [ ${#pages[@]} -eq 0 ]; then
	echo "no manual pages yet"
	exit 77
fi
# "referenced manual not found" depends on what is installed here
! mandoc -T lint -W warning "${pages[@]}" 2>&1 | grep -v 'referenced manual not found'
