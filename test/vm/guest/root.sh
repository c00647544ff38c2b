#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The root file system, of which this test, the tool and its libraries are part, while writers write to it: README's
# first lines; a snapshot. Nothing of what start needs is in memory before.
# timeout: 120
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

at_end() {
	remove_recipes
}

IFS=' ' read -r number type < <(findmnt -nro MAJ:MIN,FSTYPE /)
[[ $type == ext4 ]] || broken "the root file system is $type"
root=/dev/$(basename "$(readlink "/sys/dev/block/$number")")
# what lies in $TESTDIR is in memory; this is not
mkdir /root/written
ln -s /root/written "$TESTDIR/a"
echo old > /root/marker
start_writers a -n 4
tool=$(realpath "$(type -P dmsetup)")
[[ $(findmnt -nro TARGET -T "$tool") == / ]] || broken "$tool is not on the root file system"

# its pages come from the disk when it is not mapped
run_cold() {
	drop_caches
	"$@"
}

echo "0 $(blockdev --getsz "$root") linear $root 0 noexcl" | dmsetup create "$(dm noexcl)"
run_cold quiet dmsetup remap start "$(dm noexcl)" "$root"
more_ops 100
reads=$(counter noexcl reads) writes=$(counter noexcl writes)
(( writes > 0 )) || fail "no write of the root file system went through the upper"
direct=$(diskstat "$root" 5)
run_cold cmp "$tool" "$tool"
(( $(counter noexcl reads) > reads )) || fail "no read of the root file system went through the upper"
(( $(diskstat "$root" 5) >= direct )) || fail "writes that have passed the upper do not reach the disk"
run_cold dmsetup remap status > "$TESTDIR/status"
grep -qE "^$(dm noexcl): remap $number \(${root#/dev/}\) " "$TESTDIR/status" || fail "$(cat "$TESTDIR/status")"
run_cold quiet dmsetup remap stop "$(dm noexcl)"
idle_upper noexcl 50
dmsetup remove "$(dm noexcl)"

run_cold quiet dmsetup snapshot create "$(dm snap)" "$root" "$PART1"
echo new > /root/marker
touch /root/born
sync
more_ops 100
fsck_clean "$(dmdev snap)"
mnt "$(dmdev snap)" s ro
equal "$(cat "$TESTDIR/s/root/marker")" old "in the snapshot"
[[ ! -e $TESTDIR/s/root/born ]] || fail "the snapshot has what was made behind it"
cmp "$TESTDIR/s$tool" "$tool"
[[ $(dmsetup snapshot status) == *" sectors used "* ]] || fail "$(dmsetup snapshot status)"
unmount s
equal "$(cat /root/marker)" new
run_cold quiet dmsetup snapshot remove "$(dm snap)"
more_ops 50
stop_writers
drop_caches
check_files a
# what is not on the disk yet would be seen from outside
wait_for 20 mount -o remount,ro /
