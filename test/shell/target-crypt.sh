#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# crypt over a plain file system would be read as noise, and is refused. Over an original that is unmounted and
# empty it works: what is on the disk cannot be read without it, what was written through it can, again and again;
# and while that is mounted stop is refused.
# timeout: 150
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

WARM_UP=300
small_part 32M
size=$(sectors "$SMALL")
mk_ext4 "$SMALL" a -b 4096
start_writers a -n 4 -b 128
aes="0 $size crypt aes-xts-plain64 $(printf '5a%.0s' {1..64}) 0 $SMALL 0 noexcl"

mk_dm up "$aes"
refused 'its target crypt would read' dmsetup remap start "$(dm up)" "$SMALL"
more_ops 20
stop_writers
unmount a
refused 'its target crypt would read' dmsetup remap start "$(dm up)" "$SMALL"
wipefs -qa "$SMALL"
dmsetup remap start "$(dm up)" "$SMALL"
blockdev --flushbufs "$SMALL"
mk_ext4 "$SMALL" a -b 4096
start_writers a -n 4 -b 128
more_ops 50
stop_writers
refused 'data that .+ has not' dmsetup remap stop "$(dm up)"
unmount a
dmsetup remap stop "$(dm up)"
blockdev --flushbufs "$SMALL"
equal "$(signature "$SMALL")" "" "a signature on the disk itself"
fails 'wrong fs type|bad superblock|bad option' mount "$SMALL" "$TESTDIR/a"
dmsetup remap start "$(dm up)" "$SMALL"
blockdev --flushbufs "$SMALL"
mnt "$SMALL" a
check_files a
check_fs "$SMALL" a
take_down
