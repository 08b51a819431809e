#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Each header must compile alone.
set -u

cd "$(dirname "$0")/../.." || exit 2
flags=$(pkg-config --cflags libnftnl libmnl libnetfilter_queue jansson check 2>/dev/null)
export flags

# shellcheck disable=SC2016 # expanded by the inner shell
find policy agent tests/unit -name '*.h' -print0 2>/dev/null |
xargs -0 -r -n 8 -P "$(nproc)" bash -c '
	bad=0
	for h; do
		out=$(printf "#include \"%s\"\n" "$h" |
			${CC:-gcc} -std=gnu17 -D_GNU_SOURCE -I. -Wall -Werror $flags \
				-fsyntax-only -x c - 2>&1) || { echo "$out"; bad=1; }
	done
	exit $bad' lint
