# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # from live.sh
# For live.sh: new connections, first bytes, questions, bulk.

LOAD=3000
ALONE=400
QUESTIONS=30000
BULK_MS=1200

connections() { # KIND
	local before

	before=$(cpu_ns)
	dial first "$1" $LOAD 32
	note "$1.rate" "$RATE"
	note "$1.cpu" $((($(cpu_ns) - before) / LOAD))
	before=$(cpu_ns)
	dial first "$1" $ALONE 1
	note "$1.first" "$TOOK"
	note "$1.alone" $((($(cpu_ns) - before) / ALONE))
}

traffic_of_setup() {
	local kind before

	for kind in raw tls http; do
		[ "$SETUP.$kind" != ours.tls ] || before=$(counter packets)
		connections $kind
		[ "$SETUP.$kind" != ours.tls ] || note packets "$(ratio $(($(counter packets) - before)) $((LOAD + ALONE)))"
	done
	dial dns dns $QUESTIONS 64
	note dns.rate "$RATE"
	dial up tls $BULK_MS 1
	note decided.bulk "$RATE"
	dial up put $BULK_MS 1
	note watched.bulk "$RATE"
	if [ "$SETUP" = ours ]; then
		dial refused evil $ALONE 1
		note refused "$TOOK"
	fi
}

bench_policy >"$LAB/bench.conf"
for _ in $(seq "$rounds"); do
	for s in none nft floor ours; do
		setup $s
		traffic_of_setup
	done
done
setup_end

# against KIND UNIT WHO OP ASKED WHAT: medians of ours and theirs
against() {
	local ours theirs

	ours=$(median "ours.$1") theirs=$(median "$3.$1")
	line "$6" "$ours" "$2" "$theirs" "$3" "$(ratio "$ours" "$theirs")" "$4" "$5"
}

# added KIND: to the first byte, by us and by the floor
added() {
	local none ours floor

	none=$(median "none.$1.first")
	ours=$(awk -v a="$(median "ours.$1.first")" -v b="$none" 'BEGIN { print a - b }')
	floor=$(awk -v a="$(median "floor.$1.first")" -v b="$none" 'BEGIN { print a - b }')
	line "first byte, added (none: $none us), $1" "$ours" us "$floor" floor "$(ratio "$ours" "$floor")" "<=" 1.3
}

echo "medians of $rounds rounds; ratios of one run"
against decided.bulk MB/s nft ">=" 0.97 "bulk, decided flow"
against watched.bulk MB/s nft ">=" 0.75 "bulk, every packet queued (watched)"
for kind in raw tls http; do
	against $kind.cpu ns floor "<=" 1.5 "CPU a connection under load, $kind"
	against $kind.alone ns floor "<=" 1.5 "CPU a connection, one at a time, $kind"
	against $kind.rate /s floor ">=" 0.9 "connections, $kind"
	added $kind
done
against dns.rate /s nft ">=" 0.85 "questions of DNS"
line "refusal reaches the client" "$(median ours.refused)" us - - "$(median ours.refused)" "<=" 1000
line "queued packets a TLS connection" "$(median ours.packets)" "" - - "$(median ours.packets)" "<=" 3
