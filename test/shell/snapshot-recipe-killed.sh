#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# dmsetup snapshot is killed while it has a file system suspended: all of them go on at once, and the command
# works when it is run again. The second device cannot be frozen for a while, so that the moment is sure.
# timeout: 240
# kernel: patched
# native: an original of dm
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

at_end() {
	remove_recipes
}

suspended() {
	[[ $("$REAL_DMSETUP" info -c --noheadings -o suspended "$1") == Suspended ]]
}

goes_on() {
	! suspended "$1"
}

printf ',80M\n,80M\n' | sfdisk -q --label dos "$DISK2"
printf ',64M\n,64M\n,64M\n,64M\n' | sfdisk -q --label dos "$DISK3"
wait_for 10 test -b "${DISK2}2" -a -b "${DISK3}4"
wipefs -aq "$DISK3"?
mk_linear low "${DISK2}2"
mk_ext4 "${DISK2}1" a
mk_ext4 "$(dmdev low)" b
first=$(basename "${DISK2}1")-origin
dmsetup snapshot create "$(dm s1)" "${DISK2}1" "${DISK3}1" "$(dm s2)" "$(dmdev low)" "${DISK3}2"
start_writers a

# its freeze has to write, and cannot
echo dirty > "$TESTDIR/b/file"
"$REAL_DMSETUP" suspend --nolockfs --noflush "$(dm low)"
bg dmsetup snapshot create "$(dm s3)" "${DISK2}1" "${DISK3}3" "$(dm s4)" "$(dmdev low)" "${DISK3}4"
tool=$BG
wait_for 60 suspended "$first"
kill -KILL "$tool"
# it is in the kernel, and dies when that lets it go
holds 2 suspended "$first"
"$REAL_DMSETUP" resume "$(dm low)"
wait_for 60 goes_on "$first"
more_ops 300
wait "$tool" && fail "it was not killed"
echo more > "$TESTDIR/b/file"
sync -f "$TESTDIR/b"

# what it has left is in nobody's way
fail_with 'already: dmsetup snapshot remove' dmsetup snapshot create "$(dm s3)" "${DISK2}1" "${DISK3}3"
quiet dmsetup snapshot remove "$(dm s3)" "$(dm s4)"
quiet dmsetup snapshot create "$(dm s3)" "${DISK2}1" "${DISK3}3" "$(dm s4)" "$(dmdev low)" "${DISK3}4"
fsck_clean "$(dmdev s3)"
more_ops 100
quiet dmsetup snapshot remove "$(dm s1)" "$(dm s2)" "$(dm s3)" "$(dm s4)"
equal "$(dmsetup filter status)" ""
stop_writers
check_fs "${DISK2}1" a
unmount b
fsck_ok "$(dmdev low)"
