#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A real restart of a system while a policy waits to be confirmed: the VM is
# started, loses its power, and is started again with the same stored policies.
# usage: restart.sh BUILD_FOLDER
set -u

cd "$(dirname "$0")/../.." || exit 2
B=${1:?usage: restart.sh BUILD_FOLDER}
share=$(mktemp -d) || exit 2
trap 'rm -rf "$share"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

for stage in before after; do
	VM_SECONDS=${VM_SECONDS:-300} VM_INSIDE=tests/vm/restart-inside.sh VM_SHARE=$share \
		tests/vm/run.sh "$B" "$stage" | sed "s/^ok boot and end/ok restart-$stage-boot/"
	status=${PIPESTATUS[0]}
	[ "$status" -eq 0 ] || exit "$status"
done
