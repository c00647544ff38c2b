#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Bios that wait to enter the frozen queue while start publishes the upper are caught late, and none is lost
# or goes astray: many raw writers, many cycles, content of both disks checked against the writers' numbers.
# timeout: 480
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

: "${CYCLES:=12}"
threads=24

dd if=/dev/zero of="$PART1" bs=1M count=4 oflag=direct status=none
dd if=/dev/zero of="$DISK2" bs=1M count=4 oflag=direct status=none
mk_upper low "$PART1"
mk_dm up "0 $(sectors "$PART1") linear $DISK2 0"
late=0
! native "how many are caught late" || late=$(late_count)
start_hammer "$PART1" "$threads"
for (( i = 0; i < CYCLES; i++ )); do
	dmsetup remap start --nolockfs "$(dm up)" "$PART1"
	before=$(md5_of_first 4 "$(dmdev low)")
	each_writes 4
	equal "$(md5_of_first 4 "$(dmdev low)")" "$before" "cycle $i: the original changes while attached"
	dmsetup remap stop "$(dm up)"
	before=$(md5_of_first 4 "$DISK2")
	each_writes 4
	equal "$(md5_of_first 4 "$DISK2")" "$before" "cycle $i: the other disk changes after stop"
done
stop_hammer
# each number is on one of the two disks
rawio hammered "$PART1" 0 "$threads" "$DISK2"
! kernel_is patched || echo "caught late: $(( $(late_count) - late )) in $CYCLES cycles"
