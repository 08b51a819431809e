#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Times of the week follow local time when its offset from UTC changes; a clock
# that is set, forward or back, stops nothing.
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
# set_clock SECONDS: the daemon's wall clock is that much off; the file is
# mapped, and must never be shorter
set_clock() {
	perl -e 'print pack "q<", shift' -- "$1" | dd of="$LAB/off" conv=notrunc status=none
}
set_clock 0
preload=
if cc -shared -fPIC -O2 -o "$LAB/clock.so" "$LAB_ROOT/tests/functional/clock.c" 2>"$LAB/log/cc"; then
	preload="LD_PRELOAD=$LAB/clock.so CLOCK_OFF=$LAB/off"
fi
cat >"$LAB/fwagentd" <<-END
	#!/bin/sh
	mount --bind "$LAB/zone" "$(readlink -f /etc/localtime)" || exit 1
	exec env $preload "$FWAGENTD" "\$@"
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

# --- a clock that is set ----------------------------------------------------------

engine() {
	fwctl status --json | jq -c '[.engine.pid, .engine.alive, .engine.restarts]'
}

is_alive_again() {
	[ "$(fwctl status --json | jq -c '[.engine.alive, .engine.restarts]')" = "[true,$1]" ]
}

is_rolled_back() {
	fwctl history | grep -q "^.  *$1 .* rolled back "
}

if [ -z "$preload" ]; then
	skip clock-is-set "no compiler here"
	finish
fi
before=$(engine)
for seconds in 3600 -3600 86400; do
	set_clock "$seconds"
	sleep 2
	check "clock-$seconds-restarts-nothing" "$before, then $(engine)" is "$(engine)" "$before"
done
since=$(fwctl status --json | jq .policy.since)
check clock-apply "refused" fwctl apply "$LAB/policy.conf"
check clock-is-really-set "$since" test "$(fwctl status --json | jq .policy.since)" -gt $((since + 80000))
check clock-pending "refused" fwctl apply --confirm 3s "$LAB/policy.conf"
set_clock -86400
check clock-back-time-left "$(fwctl status)" test -z "$(fwctl status | grep "^PENDING.* h,")"
kill -KILL "$(fwctl status --json | jq .engine.pid)"
check clock-back-engine-comes-back "$(engine)" wait_for 5 is_alive_again 1
check clock-back-pending-goes-back "$(fwctl history)" wait_for 8 is_rolled_back 3
finish
