#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# --nolockfs attaches without freezing the file system, and the flags say so; no bio is lost.
# timeout: 300
# kernel: patched
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_ext4 "$PART1" a
mk_upper up "$PART1"
start_writers a
dmsetup remap start --nolockfs "$(dm up)" "$PART1"
equal "$(counter up flags)" nolockfs
more_ops 200
dmsetup remap stop --nolockfs "$(dm up)"
idle_upper up 100
stop_writers
dmsetup remove "$(dm up)"
check_fs "$PART1" a
