#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test/TRAPS.md: every row is there, once, with a test that ./check always runs, a reason or the word open; every test
# that it names exists.
set -euE -o pipefail

: "${srcdir:=$(dirname "$0")/../..}"
file=$srcdir/test/TRAPS.md
last=40
status=0
tick=\`
name_of="$tick(shell|unit|vm)/[^$tick]*$tick"

complain() {
	echo "$file: $*"
	status=1
}

for (( i = 1; i <= last; i++ )); do
	mapfile -t found < <(grep -E "^\| B$i \|" "$file" || :)
	if (( ${#found[@]} != 1 )); then
		complain "row B$i is there ${#found[@]} times"
		continue
	fi
	IFS='|' read -r _ _ trap tests red rest <<< "${found[0]}"
	[[ $trap =~ [^[:space:]] ]] || complain "B$i: no trap"
	[[ ! $rest =~ [^[:space:]] ]] || complain "B$i: a column too many: $rest"
	mapfile -t names < <(grep -oE "$name_of" <<< "$tests" | tr -d "$tick" || :)
	if (( ${#names[@]} )); then
		[[ $red =~ [^[:space:]] ]] || complain "B$i: has tests, and does not say how they were seen red"
		[[ $(cd "$srcdir/test" && grep -sL '^# tier: long$' "${names[@]}") ]] ||
			complain "B$i: no test that ./check runs without --long"
	elif [[ $tests != *open* && $tests != *cannot* ]]; then
		complain "B$i: neither a test nor a reason nor open"
	fi
done
rows=$(grep -cE '^\| B[0-9]+ \|' "$file")
(( rows == last )) || complain "$rows rows, not $last"

# in all columns
while IFS= read -r name; do
	[[ -f $srcdir/test/$name ]] || complain "no such test: $name"
done < <(grep -oE "$name_of" "$file" | tr -d "$tick" | sort -u)
exit "$status"
