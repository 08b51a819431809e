# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # the parts use them
# For live.sh: what was measured is kept by name, and told against what is asked.

# note WHAT VALUE: of the setup that stands
note() {
	echo "$2" >>"$LAB/v/$SETUP.$1"
}

# median SETUP.WHAT
median() {
	sort -g "$LAB/v/$1" 2>/dev/null | awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)]; else print 0 }'
}

# dial KIND NAME COUNT AT-ONCE: prints RATE MEDIAN, counts what was lost
dial() {
	local rate took lost

	read -r rate took lost < <(ip netns exec "$NS_CLIENT" "$B/tests/bench/dial" "$1" 10.10.1.1 "$SOURCES" \
		"$WEB4" "${PORT[$2]}" "$LAB/$2" "$3" "$4")
	if [ "${lost:-1}" -ne 0 ]; then
		echo "  $SETUP: $1 $2: ${lost:-all} lost" >&2
		echo "$lost" >>"$LAB/lost"
		LOST=$((LOST + ${lost:-1}))
	fi
	RATE=$rate TOOK=$took
}

# cpu_ns: of the process behind the queue, all threads; 0 without one
cpu_ns() {
	[ -n "$CPU_PID" ] || { echo 0; return; }
	cat "/proc/$CPU_PID/task/"*/schedstat 2>/dev/null | awk '{ n += $1 } END { print n + 0 }'
}

counter() {
	fwctl status --json | jq ".counters.$1"
}

ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.2f", a / b; else print 0 }'
}

# line WHAT OURS UNIT THEIRS WHOSE SEEN OP ASKED: OP is >= or <=; "-": nothing is asked
line() {
	local verdict=

	if [ "$7" != - ]; then
		verdict=$(awk -v a="$6" -v b="$8" -v op="$7" 'BEGIN {
			print ((op == ">=" ? a >= b : a <= b) ? "met" : "NOT MET") }')
		verdict="asked $7 $8: $verdict"
	fi
	printf '%-42s %10s %-7s %-5s %10s   %6s  %s\n' "$1" "$2" "$3" "$5" "$4" "$6" "$verdict"
}
