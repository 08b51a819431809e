#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the agent costs who goes through it: client - gateway - server in network
# namespaces, real daemon, default logging.  Beside it in each round, one after
# another: no firewall; `ct state established accept` (nft); the least program
# behind a queue (floor.c), which marks a flow at its first packet.  Each line
# says what was seen, against whom, and what is asked.  Needs root.
# usage: live.sh BUILD_FOLDER [ROUNDS]
#   PARTS="traffic queues memory entries"    only these
B=$(realpath -m "${1:?usage: live.sh BUILD_FOLDER [ROUNDS]}")
# shellcheck disable=SC2034 # the parts use it
rounds=${2:-5}
cd "$(dirname "$0")/../.." || exit 2
if [ "$(id -u)" -ne 0 ]; then
	echo "live: needs root"
	exit 0
fi
# shellcheck source=tests/functional/lib.sh
. tests/functional/lib.sh
# shellcheck source=tests/bench/live/setups.sh
. tests/bench/live/setups.sh
# shellcheck source=tests/bench/live/figures.sh
. tests/bench/live/figures.sh

need_agent
lab_up
lab_for_load
for part in ${PARTS:-traffic queues memory entries}; do
	# shellcheck source=/dev/null
	. "tests/bench/live/$part.sh"
done
[ "$LOST" -eq 0 ] || echo "live: $LOST connections were lost"
