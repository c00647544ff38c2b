#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Stop always works: of an upper that fails all I/O (error, flakey), raw and under a mounted file system that
# has dirty data. The original is whole again at once.
# timeout: 300
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

# an original without discard and write zeroes, which these targets do not have
mk_null_blk orig size=256
size=$(sectors "$NULLB")

for table in "error" "flakey $NULLB 0 0 1000 noexcl" "flakey $NULLB 0 0 1000 1 error_writes noexcl"; do
	echo "upper: $table"
	blockdev --flushbufs "$NULLB"
	rawio write "$NULLB" 4096 2048 1
	mk_dm up "0 $size $table"
	start_hammer "$NULLB" 8 -w
	dmsetup remap start "$(dm up)" "$NULLB"
	wait_for 20 counts up writes 50
	not rawio write "$NULLB" 4096 8 2
	quiet dmsetup remap stop "$(dm up)"
	each_writes 6
	rawio write "$NULLB" 8192 2048 3
	rawio check "$NULLB" 8192 2048 3
	rawio check "$NULLB" 4096 2048 1
	stop_hammer
	rawio hammered "$NULLB" 0 8
	equal "$(open_count up)" 0
	dmsetup remove "$(dm up)"
done

# mounted, with dirty data that has nowhere to go
mk_ext4 "$NULLB" a -O ^has_journal
mk_upper up "$NULLB"
dmsetup remap start "$(dm up)" "$NULLB"
dd if=/dev/zero of="$TESTDIR/a/file" bs=1M count=16 status=none
reload up "0 $size error"
dmsetup resume --nolockfs "$(dm up)"
dd if=/dev/zero of="$TESTDIR/a/file" bs=1M count=16 conv=notrunc,fsync status=none 2> /dev/null && fail "no error came"
dd if=/dev/zero of="$TESTDIR/a/file2" bs=1M count=16 status=none || :
quiet dmsetup remap stop "$(dm up)"
not attached up
dmsetup remove "$(dm up)"
dd if=/dev/urandom of="$TESTDIR/urandom" bs=1M count=4 status=none
dd if="$TESTDIR/urandom" of="$TESTDIR/a/file3" bs=1M conv=fsync status=none
dd if="$TESTDIR/a/file3" bs=1M iflag=direct status=none | cmp - "$TESTDIR/urandom"
unmount a
rawio write "$NULLB" $(( size - 64 )) 64 9
rawio check "$NULLB" $(( size - 64 )) 64 9
