#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# zero and error as uppers: what is read is zeroes, or errors, from start to stop; of what is written meanwhile
# nothing reaches the original, and after stop it is what it was, also for those who read it by the page cache.
# A mounted ext4 that is told to go on after errors goes on after stop.
# timeout: 120
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

WARM_UP=300
small_part 32M
size=$(sectors "$SMALL")
mk_ext4 "$SMALL" a -b 4096 -E lazy_itable_init=0
start_writers a -n 4 -b 128
stop_writers
unmount a
sum=$(md5_of "$SMALL")

# --- zero, nobody has it mounted
mk_zero up "$size"
dmsetup remap start "$(dm up)" "$SMALL"
rawio zero "$SMALL" 0 "$size"
rawio write "$SMALL" 0 4096 1
rawio zero "$SMALL" 0 4096
# a file system that is made there is nowhere
mkfs.ext4 -q -F "$SMALL" < /dev/null
blockdev --flushbufs "$SMALL"
fails 'wrong fs type|bad superblock|bad option' mount "$SMALL" "$TESTDIR/a"
equal "$(signature "$SMALL")" "" "a signature"
dmsetup remap stop "$(dm up)"
equal "$(md5_of "$SMALL")" "$sum" "the original after zero"
equal "$(signature "$SMALL")" ext4 "the signature after stop"
dmsetup remove "$(dm up)"
fsck_ok "$SMALL"
mnt "$SMALL" a
check_files a

# --- error, under a mounted file system that is only read
echo "error, read"
unmount a
# No commit of the journal while all fails: that would end it. Nor a freeze at start: the superblock that ext4 writes
# at the thaw would fail, and with it all that the journal does from then on.
mnt "$SMALL" a errors=continue,noatime,commit=300
sync
drop_caches
# what leads to the data is known then, the data is not
oneio read "$TESTDIR/a/file.0" 0
oneio read "$TESTDIR/a/file.1" 0
mk_dm up "0 $size error"
dmsetup remap start --nolockfs "$(dm up)" "$SMALL"
equal "$(oneio read "$SMALL" 0 || :)" EIO
equal "$(oneio read "$TESTDIR/a/file.0" 0 || :)" EIO
fails 'Input/output error' md5sum "$TESTDIR/a/file.1"
(( $(counter up reads) >= 3 )) || fail "the upper has not seen the reads: $(counters up)"
dmsetup remap stop "$(dm up)"
equal "$(oneio read "$SMALL" 0)" OK
check_files a

# --- error, while files are written in place
echo "error, written"
dmsetup remap start --nolockfs "$(dm up)" "$SMALL"
equal "$(oneio write "$TESTDIR/a/file.0" 0 || :)" EIO
equal "$(oneio write -b 65536 "$TESTDIR/a/file.1" 128 || :)" EIO
(( $(counter up writes) >= 2 )) || fail "the upper has not seen the writes: $(counters up)"
dmsetup remap stop "$(dm up)"
dmsetup remove "$(dm up)"
# what failed has not been written, and now it can be
check_files a
dd if=/dev/urandom of="$TESTDIR/urandom" bs=1M count=2 status=none
dd if="$TESTDIR/urandom" of="$TESTDIR/a/later" bs=1M conv=fsync status=none
drop_caches
cmp "$TESTDIR/urandom" "$TESTDIR/a/later"
check_fs "$SMALL" a
