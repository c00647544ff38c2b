#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What one 4 KiB O_DIRECT I/O on null_blk costs in each state of the device: lines "cost CASE COLUMN INSTRUCTIONS".
# Run by test/bench/run, under -icount.
# timeout: 900
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/bench.sh
. "$(dirname "$0")/../lib/bench.sh"

# I/O over a range of 4 MiB. Pages in the cache of the block device would cost a look for dirty ones.
measure() {
	local op
	blockdev --flushbufs "$2"
	for op in read write; do
		echo "cost $1 $op $(iocost "$op" "$2" 0 8192)"
		echo "cost $1 $op-32 $(iocost -q 32 "$op" "$2" 0 8192)"
	done
}

# As measure CASE DEV, with a snapshot of chunks of CHUNK sectors. Each I/O of the first writes is to a chunk that was not
# written before. What is handed from one worker to another depends on what was before: the lowest fifth of some rounds.
measure_snapshot() {
	local case=$1 dev=$2 chunk=$3 round
	local range=$(( chunk * 24 ))
	blockdev --flushbufs "$dev"
	echo "cost $case read $(iocost read "$dev" $(( range * 25 )) 8192)"
	for round in {0..24}; do
		iocost -b 1 -n 24 -s "$chunk" write "$dev" $(( range * round )) "$range"
		sleep 0.05
	done > "$TESTDIR/rounds"
	echo "cost $case first-write $(sort -n "$TESTDIR/rounds" | sed -n 5p)"
	echo "cost $case later-write $(iocost -s "$chunk" write "$dev" 0 "$range")"
}

fast_disk orig 256
disk=$NULLB
size=$(sectors "$disk")
half=$(( size / 2 ))
rawio addpart "$disk" 0 "$half" 1
rawio addpart "$disk" "$half" "$half" 2
part1=${disk}1 part2=${disk}2
wait_for 10 test -b "$part2"
measure plain "$disk"
measure partition "$part1"
mk_linear lin "$disk"
measure dm-linear "$(dmdev lin)"
"$REAL_DMSETUP" remove "$(dm lin)"

fast_disk cow 256
cow=$NULLB
measure other-disk "$cow"
for chunk in 8 32 128 512; do
	mk_dm origin "0 $size snapshot-origin $disk"
	mk_dm snap "0 $size snapshot $disk $cow N $chunk"
	measure_snapshot "dm-origin-snapshot-$(( chunk / 2 ))K" "$(dmdev origin)" "$chunk"
	"$REAL_DMSETUP" remove "$(dm snap)"
	"$REAL_DMSETUP" remove "$(dm origin)"
done
have_interpose || exit 0

mk_upper up "$disk"
measure handle-open "$disk"
measure dm-linear-noexcl "$(dmdev up)"
attach up remap "$disk"
measure remap-linear "$disk"
measure attached-to-other-disk "$cow"
detach up
mk_upper up "$part2"
attach up remap "$part2"
measure attached-to-other-partition "$part1"
detach up
for filter in "linear $disk 0" "dust $disk 0 512" "flakey $disk 0 1000 0" "delay $disk 0 0" "snapshot-origin $disk"; do
	mk_dm up "0 $size $filter noexcl"
	attach up filter "$disk"
	measure "filter-${filter%% *}" "$disk"
	detach up
done
mk_dm up "0 $size snapshot-origin $disk noexcl"
attach up remap "$disk"
measure remap-snapshot-origin "$disk"
detach up

for mode in remap filter; do
	for chunk in 8 32 128 512; do
		mk_dm snap "0 $size snapshot $disk $cow N $chunk noexcl:$(devno "$disk")"
		mk_dm up "0 $size snapshot-origin $disk noexcl"
		attach up "$mode" "$disk"
		measure_snapshot "$mode-snapshot-$(( chunk / 2 ))K" "$disk" "$chunk"
		detach up
		"$REAL_DMSETUP" remove "$(dm snap)"
	done
done
