#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A share of `make check-agreement`: random policies and packets, the loaded
# ruleset against the evaluation.
set -u

root=$(cd "$(dirname "$0")/../.." && pwd)
# An emulated machine does less in the same time.
if [ -n "${LAB_SLOW:-}" ] && [ "$LAB_SLOW" -gt 1 ]; then
	exec "$root/tests/agreement/run.sh" "${1:-$root/build/release}" 10 20
fi
exec "$root/tests/agreement/run.sh" "${1:-$root/build/release}" 60 100
