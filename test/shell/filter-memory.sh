#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Without memory a filter makes progress: swap on a filtered device, with each target that needs memory for a bio, gives
# back what was swapped out; and where the kernel can make all allocations of a task fail, many writers at once go on,
# also below a dm device, from what the filter has in reserve.
# timeout: 240
# kernel: patched
# native: filters
# tier: long
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

size=$(sectors "$PART2")
mk_upper up "$PART2"
mk_swap "$PART2"
mk_dm snap "0 $size snapshot $PART2 $DISK2 N 64 noexcl:$PART2"
for table in "linear $PART2 0" "delay $PART2 0 4" "flakey $PART2 0 0 1000 5 corrupt_bio_byte 60000000 r 1 0" \
		"dust $PART2 0 4096" "snapshot-origin $PART2"; do
	echo "swap: $table"
	reload up "0 $size $table noexcl"
	dmsetup resume "$(dm up)"
	dmsetup filter start "$(dm up)" "$PART2"
	if [[ $table == dust* ]]; then
		# somewhere where nothing is swapped to: bios are looked at one by one
		dmsetup message "$(dm up)" 0 addbadblock $(( size / 8 - 1 ))
		dmsetup message "$(dm up)" 0 enable
	fi
	sum=$(swap_fill "${table%% *}")
	equal "$(swap_sum "${table%% *}")" "$sum" "what was swapped out: $table"
	(( $(counter up writes) > 50 && $(counter up reads) > 50 )) || fail "nothing was swapped: $(counters up)"
	dmsetup filter stop "$(dm up)"
	equal "$(swap_sum "${table%% *}")" "$sum" "after stop: $table"
	swap_free
done
dmsetup remove "$(dm snap)"
dmsetup remove "$(dm up)"
end_swap "$PART2"

fault=/sys/kernel/debug/failslab
if [[ ! -d $fault ]]; then
	echo "not run: allocations that fail (this kernel has no CONFIG_FAILSLAB)"
	exit 0
fi
for setting in probability=100 interval=1 times=-1 space=0 verbose=0 task-filter=Y ignore-gfp-wait=N cache-filter=N; do
	echo "${setting#*=}" > "$fault/${setting%%=*}"
done
for table in "delay $PART1 0 20" "delay $PART1 0 200" "flakey $PART1 0 0 1000 5 corrupt_bio_byte 60000000 r 1 0" \
		"snapshot-origin $PART1"; do
	echo "no memory: $table"
	[[ $table != snapshot-origin* ]] ||
		mk_dm snap "0 $(sectors "$PART1") snapshot $PART1 $DISK2 N 8 noexcl:$PART1"
	mk_dm up "0 $(sectors "$PART1") $table noexcl"
	dd if=/dev/zero of="$PART1" bs=1M count=8 oflag=direct status=none
	# below a dm device the filter may not wait for memory: that is left to a worker
	mk_dm top "0 $(sectors "$PART1") linear $PART1 0"
	start_hammer "$(dmdev top)" 64
	dmsetup filter start "$(dm up)" "$PART1"
	for t in /proc/"$HAMMER"/task/*; do
		# the thread that counts opens files
		[[ ${t##*/} == "$HAMMER" ]] || echo 1 > "$t/make-it-fail"
	done
	each_writes 12
	for t in /proc/"$HAMMER"/task/*; do
		echo 0 > "$t/make-it-fail"
	done
	dmsetup filter stop "$(dm up)"
	each_writes 2
	stop_hammer
	rawio hammered "$PART1" 0 64
	dmsetup remove "$(dm top)"
	dmsetup remove "$(dm up)"
	[[ $table != snapshot-origin* ]] || dmsetup remove "$(dm snap)"
done
echo 0 > "$fault/probability"
