#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Each lint step is one result line.  usage: run.sh [BUILD_FOLDER]
set -u

cd "$(dirname "$0")" || exit 2
rc=0
for step in layers banned headers spdx scripts man; do
	out=$(./$step.sh 2>&1)
	case $? in
	0) echo "ok $step" ;;
	77) echo "SKIP $step: $out" ;;
	*)
		printf '%s\n' "$out"
		echo "not ok $step: $(grep -c . <<<"$out") lines above"
		rc=1
		;;
	esac
done
exit $rc
