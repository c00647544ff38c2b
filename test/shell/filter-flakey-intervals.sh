#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The up and down intervals of flakey as a filter: errors for as long as the table says, then none for as long,
# and again; a stop in a down interval ends it.
# timeout: 90
# kernel: patched
# native: filters
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

size=$(sectors "$PART1")
mk_dm up "0 $size flakey $PART1 0 3 3 noexcl"
dmsetup filter start "$(dm up)" "$PART1"
# every 50 ms: does it read? Runs of the same answer, with their lengths in ms
end=$(( SECONDS + 20 ))
while (( SECONDS < end )); do
	echo "$(( $(date +%s%N) / 1000000 )) $(oneio read "$PART1" 0 || :)"
	sleep 0.05
done | awk '$2 != was { if (was != "") print was, $1 - began; was = $2; began = $1 }' > "$TESTDIR/runs"
cat "$TESTDIR/runs"
# the first run has begun before; each other one is whole
tail -n +2 "$TESTDIR/runs" > "$TESTDIR/whole"
(( $(wc -l < "$TESTDIR/whole") >= 4 )) || fail "fewer than four whole intervals in 20 s"
(( $(grep -c ^OK "$TESTDIR/whole") >= 2 && $(grep -c ^EIO "$TESTDIR/whole") >= 2 )) || fail "not up and down in turn"
slack=1000
! kernel_is debug || slack=1500
while read -r _ ms; do
	(( ms > 3000 - slack && ms < 3000 + slack )) || fail "an interval of $ms ms instead of 3000"
done < "$TESTDIR/whole"

is_down() {
	[[ $(oneio read "$PART1" 0 || :) == EIO ]]
}
wait_for 10 is_down
dmsetup filter stop "$(dm up)"
equal "$(oneio read "$PART1" 0)" OK "after a stop in a down interval"
holds 5 oneio read "$PART1" 0 > /dev/null
