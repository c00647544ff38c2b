#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the module does not do it refuses, each with its errno and a sentence, and nothing has changed: filters, originals
# of dm and md, an original that a cgroup limits, other targets with noexcl.
# timeout: 120
# kernel: module
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

at_end() {
	[[ ! -e /sys/block/md77 ]] || mdadm --quiet --stop /dev/md77 || :
	rmdir "/sys/fs/cgroup/$PREFIX" 2> /dev/null || :
}

answers() {
	equal "$(fuzzmsg raw "$(dm up)" 0 "@interpose_start $2 $(devno "$3")" || :)" "$1" "$2 of $3"
}

size=$(sectors "$PART1")
mk_upper up "$PART1"
refused "the module dm-interpose has no filters" dmsetup filter start "$(dm up)" "$PART1"
answers EOPNOTSUPP filter "$PART1"

for table in "delay $PART1 0 0 noexcl" "snapshot-origin $PART1 noexcl"; do
	refused "${table%% *}: with the module dm-interpose only linear takes noexcl" \
		dmsetup create "$(dm other)" --table "0 $size $table"
done

# writers that wait for their turn there have passed the hook
grep -qw io /sys/fs/cgroup/cgroup.controllers || broken "no io controller"
echo +io > /sys/fs/cgroup/cgroup.subtree_control
mkdir "/sys/fs/cgroup/$PREFIX"
echo "$(devno "$DISK1") wiops=20" > "/sys/fs/cgroup/$PREFIX/io.max"
refused "$PART1: the control group .*$PREFIX limits its I/O" dmsetup remap start "$(dm up)" "$PART1"
echo "$(devno "$DISK1") wiops=max" > "/sys/fs/cgroup/$PREFIX/io.max"
dmsetup remap start "$(dm up)" "$PART1"
dmsetup remap stop "$(dm up)"
dmsetup remove "$(dm up)"

mk_linear vol "$PART1"
mk_zero up "$size"
refused "$(dmdev vol): takes bios itself .* the module dm-interpose cannot wait for them" dmsetup remap start "$(dm up)" "$(dmdev vol)"
answers EOPNOTSUPP remap "$(dmdev vol)"
dmsetup remove "$(dm vol)"
dmsetup remove "$(dm up)"

mdadm --quiet --build /dev/md77 --level=0 --chunk=64 --raid-devices=2 "$PART1" "$PART2"
wait_for 10 test -b /dev/md77
mk_zero up "$(sectors /dev/md77)"
refused "/dev/md77: takes bios itself .* the module dm-interpose cannot wait for them" dmsetup remap start "$(dm up)" /dev/md77
answers EOPNOTSUPP remap /dev/md77
