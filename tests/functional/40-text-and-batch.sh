#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `fwctl compile` as text, loaded by nft in one namespace, and `fwctl apply`'s
# batch in another make the same ruleset.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up

# listing NS: without what differs by nature, element lists in order.
listing() {
	ip netns exec "$1" nft -j list table inet fwagent 2>/dev/null | jq -S '
		.nftables | map(select(has("metainfo") or has("table") | not)) |
		# an apply changes what was there: only the order of rules within a chain counts
		sort_by(if .rule then ["rule", .rule.chain] else (to_entries[0] | [.key, .value.name]) end) |
		walk(if type == "object" then
			del(.handle) | (if (.elem? | type) == "array" then .elem |= sort else . end) |
			(if (.counter? | type) == "object" then .counter |= del(.packets, .bytes) else . end)
			# a text is of no generation: only the state in the mark is compared
			| (if .left?.meta?.key? == "mark" and .right?.prefix? then .right.prefix.addr %= 134217728
				else . end)
		else . end)'
}

native=yes
printf 'table inet fw_probe {\nchain c {\nqueue num 1\n}\n}\n' |
	gateway nft -c -f - 2>/dev/null || native=

# Without native `queue` nft cannot load a text that has it, so there the
# policy is one whose text needs no engine.
plain_policy() {
	cat <<-'END'
		version = 1;
		gateway: { name = "plain"; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
		  servers: { interfaces = ["srv0"]; networks = ["10.20.0.0/16", "fd00:20::/64"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		addresses: { resolvers = ["10.20.0.53", "fd00:20::53", "10.20.1.0/24"]; };
		ingress: ( { name = "web in"; to = "self"; service = ["tcp/443", "udp/443"]; forward = "10.20.0.80:8443"; action = "allow"; },
		           { name = "web in 6"; to = "self"; service = "tcp/443"; forward = "[fd00:20::80]:8443"; action = "allow"; },
		           { name = "game"; from = "192.0.2.0/24"; to = "198.51.100.1"; service = "udp/27000-27015"; forward = "10.20.0.7"; action = "allow"; } );
		nat: ( { name = "as it is"; from = "lan"; to = "198.51.100.0/25"; action = "none"; },
		       { name = "out"; from = ["lan", "self", "!10.10.9.0/24"]; to = "wan"; action = "masquerade"; family = "both"; },
		       { name = "servers"; from = "servers"; to = "wan"; action = "snat"; address = ["192.0.2.1", "2001:db8:1::1"]; } );
		segment: ( { name = "dns"; from = "lan"; to = "@resolvers"; service = "dns"; action = "allow"; },
		           { name = "ssh"; from = "10.10.9.0/24"; to = "servers"; service = "ssh"; action = "allow"; } );
		egress: ( { name = "web"; from = "lan"; service = ["http", "https", "udp/5000-5100"]; action = "allow"; },
		          { name = "ping"; service = "ping"; action = "allow"; },
		          { name = "no more"; from = "servers"; action = "reject"; } );
		application: { connect = "allow"; socks = "allow"; no-sni = "allow"; };
	END
}

compare() {
	local name=$1 policy=$2 text=$LAB/$1.nft

	check "$name-compile" "fwctl compile failed" "$FWCTL" compile "$policy" >"$text.out"
	grep -v '^ok \|^not ok ' "$text.out" >"$text"
	grep '^ok \|^not ok ' "$text.out"
	if [ -z "$native" ] && grep -qE 'queue (flags bypass )?to [0-9]' "$text"; then
		skip "$name-same-listing" "nft cannot load 'queue' on this kernel (no native expression); the VM does it"
		return
	fi
	ip netns exec "$NS_OUTSIDE" nft -f "$text" 2>"$LAB/log/nft-$name"
	check "$name-text-loads" "$(head -n 1 "$LAB/log/nft-$name")" test ! -s "$LAB/log/nft-$name"
	check "$name-apply" "the batch was refused" agent_apply "$policy"
	listing "$NS_OUTSIDE" >"$LAB/$name.text.json"
	listing "$NS_GATEWAY" >"$LAB/$name.batch.json"
	if diff -u "$LAB/$name.text.json" "$LAB/$name.batch.json" >"$LAB/diff"; then
		check "$name-same-listing" "the listing is empty" grep -q '"chain"' "$LAB/$name.batch.json"
	else
		head -n 40 "$LAB/diff"
		not_ok "$name-same-listing" "$(grep -c '^[-+]' "$LAB/diff") lines differ"
	fi
	ip netns exec "$NS_OUTSIDE" nft flush ruleset
}

agent_or_fail
plain_policy >"$LAB/plain.conf"
compare plain "$LAB/plain.conf"
compare maps "$LAB_ROOT/tests/golden/model-maps.conf"
compare singles "$LAB_ROOT/tests/golden/model-singles.conf"
for conditions in time limits mac; do
	compare "$conditions" "$LAB_ROOT/tests/golden/model-$conditions.conf"
done
compare sample "$LAB_ROOT/packaging/policies/sample.conf"
finish
