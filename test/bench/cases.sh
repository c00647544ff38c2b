#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What one 4 KiB O_DIRECT I/O on null_blk costs in each state of the device: lines "cost CASE COLUMN INSTRUCTIONS".
# Run by test/bench/run, under -icount.
# timeout: 900
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/bench.sh
. "$(dirname "$0")/../lib/bench.sh"

# As costs CASE DEV, with a snapshot of chunks of CHUNK sectors. Each I/O of the first writes is to a chunk that was not
# written before. What is handed from one worker to another depends on what was before: the lowest fifth of some rounds.
costs_of_snapshot() {
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
halve "$disk"
costs plain "$disk"
costs partition "$HALF1"
mk_linear lin "$disk"
costs dm-linear "$(dmdev lin)"
"$REAL_DMSETUP" remove "$(dm lin)"

fast_disk cow 256
cow=$NULLB
costs other-disk "$cow"
for chunk in 8 32 128 512; do
	mk_dm origin "0 $size snapshot-origin $disk"
	mk_dm snap "0 $size snapshot $disk $cow N $chunk"
	costs_of_snapshot "dm-origin-snapshot-$(( chunk / 2 ))K" "$(dmdev origin)" "$chunk"
	"$REAL_DMSETUP" remove "$(dm snap)"
	"$REAL_DMSETUP" remove "$(dm origin)"
done
have_interpose || exit 0

mk_upper up "$disk"
costs handle-open "$disk"
costs dm-linear-noexcl "$(dmdev up)"
attach up remap "$disk"
costs remap-linear "$disk"
costs attached-to-other-disk "$cow"
detach up
mk_upper up "$HALF2"
attach up remap "$HALF2"
costs attached-to-other-partition "$HALF1"
detach up
for filter in "linear $disk 0" "dust $disk 0 512" "flakey $disk 0 1000 0" "delay $disk 0 0" "snapshot-origin $disk"; do
	mk_dm up "0 $size $filter noexcl"
	attach up filter "$disk"
	costs "filter-${filter%% *}" "$disk"
	detach up
done
mk_dm up "0 $size snapshot-origin $disk noexcl"
attach up remap "$disk"
costs remap-snapshot-origin "$disk"
detach up

for mode in remap filter; do
	for chunk in 8 32 128 512; do
		mk_dm snap "0 $size snapshot $disk $cow N $chunk noexcl:$(devno "$disk")"
		mk_dm up "0 $size snapshot-origin $disk noexcl"
		attach up "$mode" "$disk"
		costs_of_snapshot "$mode-snapshot-$(( chunk / 2 ))K" "$disk" "$chunk"
		detach up
		"$REAL_DMSETUP" remove "$(dm snap)"
	done
done
