#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The machine of test/package/lvm2: tests of lvm2's own suite in the Debian that is on its disk, which has lvm2 as it is
# and as the patch makes it; then as it is, with our front end in the place of dmsetup. Leaves their results on the disk.
# timeout: 1500
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"

system=$TESTDIR/system
mkdir "$system"
at_end() {
	umount -R "$system" 2> /dev/null || :
}
mount "$DISK1" "$system"
for dir in dev proc sys; do
	mount --rbind "/$dir" "$system/$dir"
done
tree=$system/lvm2/tree

# DIRECTORY NAME-OF-RESULTS
suite() {
	mount --bind "$system/lvm2/$1" "$tree"
	[[ $2 != front-end ]] || ln -sf /usr/local/sbin/dmsetup "$tree/test/lib/dmsetup"
	unshare --root "$system" --wd "/lvm2/tree/test" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		lib/runner --testdir . --outdir results --flavours ndev-vanilla --only shell/dmsetup,shell/dmstats,shell/dmsecure \
		--skip shell/dmsetup-integrity-keys || :
	cat "$tree/test/results/list"
	cp "$tree/test/results/list" "$system/lvm2/results-$2"
	umount "$tree"
}

suite plain plain
suite patched patched
suite plain front-end
