# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# For live.sh: memory of an idle daemon with a small policy, of flows that are
# decided, of the table of bindings.

DECIDED=20000

# resident PID Rss|Pss: KB
resident() {
	awk -v what="$2:" '$1 == what { print $2 }' "/proc/$1/smaps_rollup"
}

bench_policy >"$LAB/bench.conf"
setup ours
sleep 1
for what in Rss Pss; do
	manager=$(resident "$AGENT_PID" $what) verdict=$(resident "$CPU_PID" $what)
	line "idle, $what of manager" "$manager" KB - - "$manager" "<=" 8192
	line "idle, $what of verdict process" "$verdict" KB - - "$verdict" "<=" 8192
done
dial first tls 1000 64
before=$(resident "$CPU_PID" Rss)
dial first tls $DECIDED 64
after=$(resident "$CPU_PID" Rss)
line "a decided flow, while it is young" $(((after - before) * 1024 / DECIDED)) bytes - - - - 0
setup_end
bench_policy 1 "$FEW_NAMES
	addresses: { resolvers = [\"$RESOLVER4\"]; };
	application: { binding = \"enforce\"; };" >"$LAB/binding.conf"
if "$FWCTL" check "$LAB/binding.conf" >/dev/null 2>&1; then
	setup ours "$LAB/binding.conf"
	size=$(($(stat -c %s "$LAB/agent/state/bindings") / 1048576))
	line "table of a million bindings" $size MB - - $size "<=" 128
	setup_end
fi
