#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What one 4 KiB O_DIRECT I/O on null_blk costs with the module, and in the same kernel without it: lines "cost CASE
# COLUMN INSTRUCTIONS". And how long a writer waits at most while an original is started and stopped, and while its file
# system is frozen and thawed: lines "stall EVENT TOOK LONGEST", in nanoseconds of the guest. Run by test/bench/module,
# under -icount.
# timeout: 900
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/bench.sh
. "$(dirname "$0")/../lib/bench.sh"

# As in cases.sh
measure() {
	local op
	blockdev --flushbufs "$2"
	for op in read write; do
		echo "cost $1 $op $(iocost "$op" "$2" 0 8192)"
		echo "cost $1 $op-32 $(iocost -q 32 "$op" "$2" 0 8192)"
	done
}

clock() {
	local t=$EPOCHREALTIME
	echo $(( ${t/./} * 1000 ))
}

# event NAME CMD...: while the writer writes, and nobody else
event() {
	local name=$1 writer start took writes longest
	shift
	stall "$TESTDIR/a/stall" > "$TESTDIR/stalled" &
	writer=$!
	sleep 0.2
	start=$(clock)
	"$@"
	took=$(( $(clock) - start ))
	sleep 0.1
	kill "$writer"
	wait "$writer"
	read -r writes longest < "$TESTDIR/stalled"
	(( writes > 500 )) || fail "the writer has written $writes times"
	echo "stall $name $took $longest"
}

freeze_and_thaw() {
	fsfreeze -f "$TESTDIR/a"
	fsfreeze -u "$TESTDIR/a"
}

# the hook is there as long as a table is
! kernel_is module || dmsetup remove interpose-init
fast_disk orig 256
disk=$NULLB
half=$(( $(sectors "$disk") / 2 ))
rawio addpart "$disk" 0 "$half" 1
rawio addpart "$disk" "$half" "$half" 2
part1=${disk}1 part2=${disk}2
wait_for 10 test -b "$part2"
fast_disk other 256
other=$NULLB
measure plain "$disk"
measure other-disk "$other"
measure partition "$part1"
mk_linear lin "$disk"
measure dm-linear "$(dmdev lin)"
"$REAL_DMSETUP" remove "$(dm lin)"

if kernel_is module; then
	mk_upper up "$disk"
	measure hooked "$disk"
	measure dm-linear-noexcl "$(dmdev up)"
	attach up remap "$disk"
	measure remap-linear "$disk"
	measure attached-to-other-disk "$other"
	detach up
	mk_upper up "$part2"
	attach up remap "$part2"
	measure attached-to-other-partition "$part1"
	detach up
fi

mk_null_blk fs size=512 queue_mode=2 irqmode=0 memory_backed=1
mk_ext4 "$NULLB" a -b 4096
for i in 1 2 3; do
	event freeze-and-thaw freeze_and_thaw
	kernel_is module || continue
	mk_upper up "$NULLB"
	event start "$REAL_DMSETUP" message "$(dm up)" 0 "@interpose_start remap $(devno "$NULLB")"
	event stop "$REAL_DMSETUP" message "$(dm up)" 0 @interpose_stop
	dmsetup remove "$(dm up)"
done
unmount a
