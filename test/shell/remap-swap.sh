#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Swap on the original: pages that were swapped out before, while and after it is attached all come back.
# timeout: 300
# kernel: patched
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mkswap -q "$PART2"
swapon "$PART2"
mk_upper up "$PART2"
group=/sys/fs/cgroup/$PREFIX
echo +memory > /sys/fs/cgroup/cgroup.subtree_control
mkdir "$group"
# not memory.max: where the disk is slow that kills instead of waiting
echo 16M > "$group/memory.high"

# files in memory, more than the group may have: most of them are swapped out
mkdir shm
mount -t tmpfs -o size=200M tmpfs shm
fill() {
	# shellcheck disable=SC2016	# for the inner shell
	bash -c 'echo 0 > "$1/cgroup.procs"; for i in $(seq 10); do
			head -c 4M /dev/urandom > "$2.$i"; done; cat "$2".* | md5sum' fill "$group" "shm/$1"
}
again() {
	# shellcheck disable=SC2016	# for the inner shell
	bash -c 'echo 0 > "$1/cgroup.procs"; cat "$2".* | md5sum' \
		again "$group" "shm/$1"
}

sum1=$(fill before)
dmsetup remap start "$(dm up)" "$PART2"
sum2=$(fill while)
(( $(counter up writes) > 100 )) || fail "no pages were swapped out through the upper"
equal "$(again before)" "$sum1" "swapped out before start"
(( $(counter up reads) > 100 )) || fail "no pages were swapped in through the upper"
dmsetup remap stop "$(dm up)"
sum3=$(fill after)
equal "$(again while)" "$sum2" "swapped out while attached"
dmsetup remap start "$(dm up)" "$PART2"
equal "$(again after)" "$sum3" "swapped out after stop"
equal "$(again before)" "$sum1"
dmsetup remap stop "$(dm up)"
umount shm
swapoff "$PART2"
rmdir "$group"
