#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A start of two pairs that is killed while it waits for the second original takes the first one back at once, also
# where that filter holds bios for 30 s: they go on.
# timeout: 120
# kernel: patched
# native: filters
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

# NAME "READS WRITES FLUSHES"
target_holds() {
	[[ $(target_says "$1") == "$2" ]]
}

first_holds() {
	oneio read "$PART1" 0 > "$TESTDIR/read" &
	reads+=($!)
	! target_holds first "0 0 0"
}

mk_dm vol "0 $(sectors "$PART2") delay $PART2 0 0 $PART2 0 60000"
mk_dm first "0 $(sectors "$PART1") delay $PART1 0 30000 $PART1 0 0 $PART1 0 0 noexcl"
mk_dm second "0 $(sectors "$PART2") linear $(dmdev vol) 0 noexcl"
bg oneio write "$(dmdev vol)" 0
busy=$BG
wait_for 20 target_holds vol "0 1 0"

reads=()
dmsetup filter start --nolockfs "$(dm first)" "$PART1" "$(dm second)" "$(dmdev vol)" &
start=$!
# attached before the second one is waited for: from then on a read is held
wait_for 20 first_holds
kill -KILL "$start"
killed() {
	local rc=0
	wait "$start" || rc=$?
	equal "$rc" 137 "the end of start"
	wait "${reads[@]}"
}
within 15 killed
not attached first
not attached second
target_holds vol "0 1 0" || fail "it was not the second original that start has waited for"
equal "$(oneio read "$PART1" 0)" OK
dmsetup remove "$(dm second)"
# let vol go
"$REAL_DMSETUP" suspend "$(dm vol)"
"$REAL_DMSETUP" resume "$(dm vol)"
wait "$busy"
