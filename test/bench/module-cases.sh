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

# the hook is there as long as a table is
! kernel_is module || dmsetup remove interpose-init
fast_disk orig 256
disk=$NULLB
halve "$disk"
fast_disk other 256
other=$NULLB
costs plain "$disk"
costs other-disk "$other"
costs partition "$HALF1"
mk_linear lin "$disk"
costs dm-linear "$(dmdev lin)"
"$REAL_DMSETUP" remove "$(dm lin)"

if kernel_is module; then
	mk_upper up "$disk"
	costs hooked "$disk"
	costs dm-linear-noexcl "$(dmdev up)"
	attach up remap "$disk"
	costs remap-linear "$disk"
	costs attached-to-other-disk "$other"
	detach up
	mk_upper up "$HALF2"
	attach up remap "$HALF2"
	costs attached-to-other-partition "$HALF1"
	detach up
	# and nothing stays of it
	costs plain-again "$disk"
else
	# as many I/Os as with the module, since null_blk looks for a tag from where it found the last
	mk_linear lin "$disk"
	costs plain-2 "$disk"
	costs dm-linear-2 "$(dmdev lin)"
	costs dm-linear-3 "$(dmdev lin)"
	costs other-disk-2 "$other"
	"$REAL_DMSETUP" remove "$(dm lin)"
	mk_linear lin "$HALF2"
	costs partition-2 "$HALF1"
	"$REAL_DMSETUP" remove "$(dm lin)"
	costs plain-again "$disk"
fi

# event NAME CMD...: while a writer writes, and nobody else
event() {
	stalled "$TESTDIR/a" "${@:2}"
	echo "stall $1 $TOOK $LONGEST"
}

mk_null_blk fs size=512 queue_mode=2 irqmode=0 memory_backed=1
mk_ext4 "$NULLB" a -b 4096
for _ in 1 2 3; do
	event freeze-and-thaw freeze_and_thaw "$TESTDIR/a"
	kernel_is module || continue
	mk_upper up "$NULLB"
	event start "$REAL_DMSETUP" message "$(dm up)" 0 "@interpose_start remap $(devno "$NULLB")"
	event stop "$REAL_DMSETUP" message "$(dm up)" 0 @interpose_stop
	dmsetup remove "$(dm up)"
done
unmount a
