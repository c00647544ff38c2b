#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A dm device as the original, mounted and busy: attach and detach lose nothing, it can be suspended and
# resumed below an attached upper, and it cannot be removed.
# timeout: 480
# kernel: patched
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_linear vol "$PART1"
mk_ext4 "$(dmdev vol)" a
mk_upper up "$(dmdev vol)"
start_writers a
for (( i = 0; i < 20; i++ )); do
	dmsetup remap start "$(dm up)" "$(dmdev vol)"
	more_ops 20
	(( $(counter up reads) + $(counter up writes) > 0 )) || fail "nothing went through the upper"
	if (( i % 5 == 0 )); then
		dmsetup suspend --nolockfs "$(dm vol)"
		dmsetup resume "$(dm vol)"
		more_ops 20
	fi
	dmsetup remap stop "$(dm up)"
	idle_upper up 10
done
dmsetup remap start "$(dm up)" "$(dmdev vol)"
fails '[Bb]usy' "$REAL_DMSETUP" remove "$(dm vol)"
dmsetup remap stop "$(dm up)"
stop_writers
dmsetup remove "$(dm up)"
check_fs "$(dmdev vol)" a
dmsetup remove "$(dm vol)"
