#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Each source carries the licence line near its top.
set -u

cd "$(dirname "$0")/../.." || exit 2
list=(.shellcheckrc Makefile .ci/run .clang-format .clang-tidy packaging/deps)
while IFS= read -r file; do
	list+=("$file")
done < <(find policy agent nft-templates packaging man tests -type f \
	\( -name '*.[ch58]' -o -name '*.def' -o -name '*.sh' -o -name '*.nft' \
	-o -name '*.py' -o -name '*.in' \) -not -path 'tests/golden/*' -o \
	-path 'tests/golden/*.sh')
bad=0
for file in "${list[@]}"; do
	if [ -e "$file" ] && ! head -n 5 "$file" | grep -q 'SPDX-License-Identifier: GPL-3.0-or-later'; then
		echo "$file: no SPDX line in the first five"
		bad=1
	fi
done
exit $bad
