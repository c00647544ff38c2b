#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# No start or stop waits for that of another device: while one start waits for a bio that does not come back, dozens of
# others begin at once, end, and are stopped again.
# timeout: 180
# kernel: patched
# native: the module refuses originals of dm
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

others=32
piece=2048
# what slow holds goes on
release() {
	"$REAL_DMSETUP" suspend "$(dm slow)"
	"$REAL_DMSETUP" resume "$(dm slow)"
}

at_end() {
	release > /dev/null 2>&1 || :
}

# a read below the original, so that start has only its own count of it
mk_dm slow "0 $piece delay $DISK2 0 100000 $DISK2 0 0"
mk_dm vol0 "0 $piece linear $(dmdev slow) 0"
mk_upper up0 "$(dmdev vol0)"
for (( i = 1; i <= others; i++ )); do
	mk_dm "vol$i" "0 $piece linear $DISK2 $(( i * piece ))"
	mk_upper "up$i" "$(dmdev "vol$i")"
	original[i]=$(devno "$(dmdev "vol$i")")
done

bg dd if="$(dmdev vol0)" of=/dev/null bs=4k count=1 iflag=direct status=none
reading=$BG
wait_for 20 says slow 1 1
bg "$REAL_DMSETUP" message "$(dm up0)" 0 "@interpose_start remap $(devno "$(dmdev vol0)")"
held=$BG
holds 2 kill -0 "$held"

# MESSAGE: of each other upper at once; with %, its original
all_others() {
	local i pids=() p
	for (( i = 1; i <= others; i++ )); do
		"$REAL_DMSETUP" message "$(dm "up$i")" 0 "${1//%/${original[i]}}" &
		pids+=("$!")
	done
	for p in "${pids[@]}"; do
		wait "$p"
	done
}

all_others "@interpose_start remap %"
kill -0 "$held" || fail "the start that waits is over: this proves nothing"
for (( i = 1; i <= others; i++ )); do
	attached "up$i"
done
all_others "@interpose_stop"
kill -0 "$held" || fail "the start that waits is over: this proves nothing"

release
wait "$reading"
wait "$held"
attached up0
dmsetup remap stop "$(dm up0)"
