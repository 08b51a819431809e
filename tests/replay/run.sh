#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# All replay tests.  usage: run.sh BUILD_FOLDER
set -u

cd "$(dirname "$0")/../.." || exit 2
build=$(realpath "${1:?usage: run.sh BUILD_FOLDER}")
bad=0
for script in tests/replay/*.sh; do
	if [ "$script" != tests/replay/run.sh ]; then
		"$script" "$build"
		case $? in
		0 | 77) ;;
		*) bad=1 ;;
		esac
	fi
done
exit $bad
