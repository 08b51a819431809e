#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# make install with DESTDIR and PREFIX puts everything where it belongs.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
LAB=$(mktemp -d) || exit 2
trap 'rm -rf "$LAB"' EXIT
cd "$LAB_ROOT" || exit 2

check install "make install failed" \
	make -s install FLAVOUR="$(basename "$B")" DESTDIR="$LAB/root" PREFIX=/usr
for file in usr/sbin/fwagentd usr/bin/fwctl usr/share/fwagent/sample.conf \
	usr/share/fwagent/nft-templates/gateway.nft usr/lib/systemd/system/fwagentd.service \
	usr/lib/systemd/system/fwagent-boot.service; do
	check "has-$(basename "$file")" "$file was not installed" test -s "$LAB/root/$file"
done
check etc-is-empty "/etc/fwagent is not there or not empty" is \
	"$(find "$LAB/root/etc/fwagent" | wc -l)" 1
check unit-paths "the unit has another path" \
	grep -q '^ExecStart=/usr/sbin/fwagentd' "$LAB/root/usr/lib/systemd/system/fwagentd.service"
if command -v systemd-analyze >/dev/null; then
	# every path of a unit that is not there yet is no fault of the unit
	for unit in fwagentd fwagent-boot; do
		sed "s|/usr/sbin/|$LAB/root/usr/sbin/|" "$LAB/root/usr/lib/systemd/system/$unit.service" >"$LAB/$unit.service"
	done
	check units-verify "$(systemd-analyze verify --man=no "$LAB"/*.service 2>&1 | head -n 3)" \
		systemd-analyze verify --man=no "$LAB"/*.service 2>/dev/null
fi
finish
