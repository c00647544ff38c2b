#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A table of the target "interpose" is over md raid0, and something is attached to one of its legs. md may send the very
# bio of the target to the leg, or a clone of it: either is seen there.
# timeout: 120
# kernel: module
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

at_end() {
	dmsetup remove "$(dm via)" || :
	[[ ! -e /sys/block/md77 ]] || mdadm --quiet --stop /dev/md77 || :
}

mdadm --quiet --build /dev/md77 --level=0 --chunk=64 --raid-devices=2 "$PART1" "$PART2"
wait_for 10 test -b /dev/md77
mk_upper via /dev/md77
# what goes to the upper is on DISK2, what goes past it on PART1
mk_dm leg "0 $(sectors "$PART1") linear $DISK2 0"
# past the library, which knows who uses that partition
"$REAL_DMSETUP" message "$(dm leg)" 0 "@interpose_start remap $(devno "$PART1")"

generation=0 written=0
for stats in 1 0; do
	# without them the bio itself goes on
	echo "$stats" > /sys/block/md77/queue/iostats
	for dev in "$(dmdev via)" /dev/md77; do
		generation=$(( generation + 1 ))
		# one chunk of the one leg, one of the other
		rawio write "$dev" 0 128 $generation
		rawio write "$dev" 128 128 $generation
		written=$(( written + 1 ))
		equal "$(counter leg writes)" $written "writes of the leg by $dev, iostats $stats"
		rawio check "$DISK2" 0 128 $generation
		rawio check "$dev" 0 128 $generation
		rawio check "$dev" 128 128 $generation
	done
done
"$REAL_DMSETUP" message "$(dm leg)" 0 @interpose_stop
