#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Times of the week follow local time when its offset from UTC changes.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
zones=/usr/share/zoneinfo/Etc
if [ ! -e "$zones/GMT-3" ] || [ ! -e /etc/localtime ]; then
	skip_all 76-clock "no time zones here (tzdata)"
fi
cp "$zones/UTC" "$LAB/zone"
cat >"$LAB/policy.conf" <<-'END'
	version = 1;
	gateway: { name = "clock"; timezone = "local"; };
	zones: { lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16"]; };
	  wan: { interfaces = ["wan0"]; external = true; }; };
	egress: ( { name = "office"; from = "lan"; service = "tcp/80"; app = "http"; host = "*";
	  time = "mon-fri 08:00-18:00"; action = "allow"; } );
END
# in a mount namespace of its own, which ip netns exec makes
cat >"$LAB/fwagentd" <<-END
	#!/bin/sh
	mount --bind "$LAB/zone" "$(readlink -f /etc/localtime)" || exit 1
	exec "$FWAGENTD" "\$@"
END
chmod 755 "$LAB/fwagentd"
FWAGENTD=$LAB/fwagentd
agent_or_fail
check apply "refused" fwctl apply "$LAB/policy.conf"
before=$(fwctl status --json | jq .policy.since)
sleep 1.1
cp "$zones/GMT-3" "$LAB/zone"
check follows "log" wait_for 8 grep -q 'local time has changed: generation 1 is made anew' "$LAB/log/fwagentd"
check follows-once "made anew again and again" test "$(sleep 6; grep -c 'made anew' "$LAB/log/fwagentd")" = 1
check follows-is-in-force "not anew" test "$(fwctl status --json | jq .policy.since)" -gt "$before"
check follows-keeps-the-history "generations" is "$(fwctl history --json | jq '.generations | length')" 1
finish
