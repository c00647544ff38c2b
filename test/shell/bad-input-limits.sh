#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Devices that do not fit each other are EOPNOTSUPP, with a sentence that names the property: a larger
# logical block size, a zoned original, one that can do DAX.
# timeout: 240
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_null_blk small size=64 blocksize=512
small=$NULLB
mk_null_blk large size=64 blocksize=4096
large=$NULLB
mk_dm up "0 $(sectors "$large") linear $large 0"
refused "$(dm up): has blocks of 4096 bytes, $small has blocks of 512" dmsetup remap start "$(dm up)" "$small"
equal "$(fuzzmsg raw "$(dm up)" 0 "@interpose_start remap $(devno "$small")" || :)" EOPNOTSUPP
dmsetup remove "$(dm up)"

mk_null_blk zoned size=64 zoned=1 zone_size=4
mk_dm up "0 $(sectors "$NULLB") zero"
refused "$NULLB: is a zoned device" dmsetup remap start "$(dm up)" "$NULLB"
equal "$(fuzzmsg raw "$(dm up)" 0 "@interpose_start remap $(devno "$NULLB")" || :)" EOPNOTSUPP
dmsetup remove "$(dm up)"

# a disk in memory, which file systems reach without any bio
if kernel_is debug; then
	echo "not run: an original that can do DAX (the debug kernel has none)"
else
	pmem=/dev/pmem0
	grep -qx 1 /sys/block/pmem0/queue/dax || broken "$pmem cannot do DAX"
	mk_dm up "0 $(sectors "$pmem") zero"
	for mode in $(modes); do
		refused "$pmem: can do DAX" dmsetup "$mode" start "$(dm up)" "$pmem"
		equal "$(fuzzmsg raw "$(dm up)" 0 "@interpose_start $mode $(devno "$pmem")" || :)" EOPNOTSUPP
	done
	# who shares it reaches it by bios only
	for noexcl in "" noexcl; do
		reload up "0 $(sectors "$pmem") linear $pmem 0 $noexcl"
		dmsetup resume "$(dm up)"
		equal "$(< "/sys/block/$(dm_node up)/queue/dax")" "$(( ${#noexcl} == 0 ))" "DAX through linear, ${noexcl:-alone}"
	done
	dmsetup remove "$(dm up)"
fi
if ! kernel_is debug && native "an original of dm that gets DAX with another table"; then
	# nobody can use it there as long as the first one is attached
	mk_dm orig "0 $(sectors "$pmem") linear $PART1 0"
	orig=$(dmdev orig)
	mk_dm up "0 $(sectors "$pmem") linear $orig 0 noexcl"
	dmsetup remap start "$(dm up)" "$orig"
	reload orig "0 $(sectors "$pmem") linear $pmem 0"
	dmsetup resume "$(dm orig)"
	mkfs.ext4 -q -b 4096 "$orig"
	mkdir "$TESTDIR/dax"
	not mount -o dax "$orig" "$TESTDIR/dax"
	dmsetup remap stop "$(dm up)"
	mount -o dax "$orig" "$TESTDIR/dax"
	refused "$orig: can do DAX" dmsetup remap start "$(dm up)" "$orig"
	umount "$TESTDIR/dax"
	dmsetup remove "$(dm up)"
	dmsetup remove "$(dm orig)"
fi

# an attached upper may not get such a table either: the load fails
mk_dm up "0 $(sectors "$small") linear $small 0 noexcl"
dmsetup remap start "$(dm up)" "$small"
if native "a load that does not suit is refused (module-reload.sh has what comes instead)"; then
	before=$(state)
	not dmsetup reload "$(dm up)" --table "0 $(sectors "$large") linear $large 0"
	equal "$(state)" "$before"
fi
rawio write "$small" 0 64 1
equal "$(counter up writes)" 1
dmsetup remap stop "$(dm up)"
