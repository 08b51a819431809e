#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What `fwctl apply` takes from the command to "in force", with daemon, verdict
# process and store: a policy with a list of many addresses, and then one changed
# rule beside it; against `nft -f` of the same content in the same run.
# usage: apply.sh BUILD_FOLDER [ADDRESSES [ROUNDS]]      default: 1000000, 5
B=$(realpath -m "${1:?usage: apply.sh BUILD_FOLDER [ADDRESSES [ROUNDS]]}")
n=${2:-1000000} rounds=${3:-5}
cd "$(dirname "$0")/../.." || exit 2
if [ "$(id -u)" -ne 0 ]; then
	echo "apply: needs root"
	exit 0
fi
# shellcheck source=tests/functional/lib.sh
. tests/functional/lib.sh

need_agent
lab_up
awk -v n="$n" 'BEGIN { for (i = 0; i < n; i++) { a = 16777216 * 20 + i * 37
	printf "%d.%d.%d.%d\n", int(a / 16777216), int(a / 65536) % 256, int(a / 256) % 256, a % 256 } }' \
	>"$LAB/many.txt"

# policy NUMBER: one rule has it in its service
policy() {
	cat >"$LAB/$1.conf" <<-END
		version = 1;
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		addresses: { many = ["@file:many.txt"]; };
		egress: (
		  { name = "many"; to = "@many"; action = "deny"; },
		  { name = "web"; from = "lan"; service = "tcp/$((8000 + $1))"; app = "http"; host = "*"; action = "allow"; }
		);
	END
}

# took COMMAND...: milliseconds
took() {
	local since=${EPOCHREALTIME/./}

	"$@" >"$LAB/took" 2>&1 || {
		cat "$LAB/took" >&2
		exit 1
	}
	echo $(((${EPOCHREALTIME/./} - since) / 1000))
}

# peak PID: the most memory that it ever had, in MB
peak() {
	awk '/^VmHWM/ { print int($2 / 1024) }' "/proc/$1/status"
}

median() {
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

agent_or_fail
policy 0
first=$(took fwctl apply "$LAB/0.conf")
for i in $(seq "$rounds"); do
	policy "$i"
	took fwctl apply "$LAB/$i.conf"
done >"$LAB/changes"
printf '%8s memory: fwagentd %d MB, fwagent-verdict %d MB at most\n' '' "$(peak "$AGENT_PID")" \
	"$(peak "$(fwctl status --json | jq .engine.pid)")"
# A kernel without a queue statement of its own takes the rest.
fwctl compile --format nft "$LAB/0.conf" | sed "s/^\t*queue .*//" >"$LAB/0.nft"
printf '%8d addresses  fwctl apply %6d ms  nft -f %6d ms\n' "$n" "$first" "$(took unshare -n nft -f "$LAB/0.nft")"
printf '  one rule changed  fwctl apply %6d ms (median of %d)\n' "$(median <"$LAB/changes")" "$rounds"
