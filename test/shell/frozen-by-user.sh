#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Start on a file system that its user has frozen attaches (a freeze nests), or says that it cannot; it never
# hangs, and never thaws what the user froze.
# timeout: 240
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_ext4 "$PART1" a
mk_upper up "$PART1"
fsfreeze -f "$TESTDIR/a"
dmsetup remap start "$(dm up)" "$PART1" > "$TESTDIR/out" 2>&1 &
starting=$!
ended() {
	! kill -0 "$starting" 2> /dev/null
}
wait_for 30 ended
rc=0
wait "$starting" || rc=$?
echo "start on a frozen file system: status $rc: $(cat "$TESTDIR/out")"
if (( rc )); then
	grep -qiE 'frozen|freeze' "$TESTDIR/out" || fail "no sentence about the frozen file system"
	not attached up
else
	attached up
fi
fails 'busy' fsfreeze -f "$TESTDIR/a"
touch "$TESTDIR/a/file" &
touching=$!
holds 1 kill -0 "$touching"
fsfreeze -u "$TESTDIR/a"
wait "$touching"
if (( rc )); then
	dmsetup remap start "$(dm up)" "$PART1"
fi

# the other way round: frozen by the user while attached, stop works, and it stays frozen
fsfreeze -f "$TESTDIR/a"
dmsetup remap stop "$(dm up)"
not attached up
fails 'busy' fsfreeze -f "$TESTDIR/a"
fsfreeze -u "$TESTDIR/a"
echo content > "$TESTDIR/a/file"
unmount a
fsck_ok "$PART1"
