#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The original grows and shrinks while it is attached and mounted: no I/O goes past the upper, or anywhere else. A
# remapped original that has grown can be used to its end when its upper has the new size, and its file system be
# grown; a filter sees all of it. Sectors that are gone fail. Stop works in all cases, start says what does not fit.
# timeout: 300
# kernel: interposer
# tier: long
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

small=98304 large=163840	# 48 and 80 MiB

# resize DEV SECTORS
resize() {
	local dev=$1
	if [[ $dev == /dev/loop* ]]; then
		truncate -s $(( $2 * 512 )) "$(losetup -nO BACK-FILE "$dev")"
		losetup -c "$dev"
	else
		reload vol "0 $2 linear $DISK2 0"
		# the file system is that of an upper that is attached, if there is one
		dmsetup suspend --nolockfs "$(dm vol)"
		dmsetup resume "$(dm vol)"
	fi
	equal "$(sectors "$dev")" "$2" "size of $dev"
}

# what is on the sectors, past every upper
on_disk() {
	if [[ $1 == /dev/loop* ]]; then
		sync "$(losetup -nO BACK-FILE "$1")"
		dd if="$(losetup -nO BACK-FILE "$1")" bs=512 skip="$2" count="$3" status=none
	else
		dd if="$DISK2" iflag=direct bs=512 skip="$2" count="$3" status=none
	fi
}

mk_loop $(( small * 512 ))
dd if=/dev/zero of="$DISK2" bs=1M count=80 oflag=direct status=none
mk_dm vol "0 $small linear $DISK2 0"
devs=("$LOOP")
! native "an original of dm" || devs+=("$(dmdev vol)")
for dev in "${devs[@]}"; do
	echo "--- remap: $dev"
	mk_upper up "$dev"
	dmsetup remap start "$(dm up)" "$dev"
	resize "$dev" "$large"
	# the upper does not have them
	equal "$(oneio write -f 17 "$dev" $(( large - 8 )) || :)" EIO "behind the end of the upper"
	equal "$(oneio write -b 65536 -f 17 "$dev" $(( small - 64 )) || :)" EIO "over the end of the upper"
	equal "$(on_disk "$dev" "$small" $(( large - small )) | tr -d '\0' | wc -c)" 0 "written past the upper"
	fails . reload up "0 $small linear $dev 0 noexcl"
	become up "0 $large linear $dev 0 noexcl"
	before=$(counter up writes)
	equal "$(oneio write -f 18 "$dev" $(( large - 8 )) || :)" OK "at the new end"
	equal "$(counter up writes)" $(( before + 1 )) "through the upper"
	equal "$(on_disk "$dev" $(( large - 8 )) 8 | tr -d '\022' | wc -c)" 0 "what was written to the end"
	dmsetup remap stop "$(dm up)"
	resize "$dev" "$small"
	become up "0 $small linear $dev 0 noexcl"

	echo "--- remap, mounted: $dev"
	mk_ext4 "$dev" a
	WARM_UP=50 start_writers a -n 2 -b 32
	dmsetup remap start "$(dm up)" "$dev"
	resize "$dev" "$large"
	more_ops 40
	equal "$(oneio read "$dev" $(( large - 8 )) || :)" EIO "behind the end of the upper"
	become up "0 $large linear $dev 0 noexcl"
	before=$(counter up reads)
	equal "$(oneio read "$dev" $(( large - 8 )) || :)" OK "at the new end"
	(( $(counter up reads) > before )) || fail "not through the upper"
	stop_writers
	unmount a
	# this kernel lets nobody write to what is mounted, as resize2fs would
	e2fsck -fp "$dev"
	resize2fs "$dev" 2> "$TESTDIR/said" || fail "resize2fs: $(cat "$TESTDIR/said")"
	mnt "$dev" a
	check_files a
	(( $(df --output=size "$TESTDIR/a" | tail -1) > small / 2 )) || fail "the file system has not grown"
	WARM_UP=50 start_writers a -n 2 -b 32
	dmsetup remap stop "$(dm up)"
	idle_upper up 20
	stop_writers
	check_fs "$dev" a

	resize "$dev" "$small"
	become up "0 $small linear $dev 0 noexcl"
	if native "a filter"; then
		echo "--- filter: $dev"
		dmsetup filter start "$(dm up)" "$dev"
		resize "$dev" "$large"
		before=$(counter up writes)
		equal "$(oneio write -f 19 "$dev" $(( large - 8 )) || :)" OK "at the new end, filtered"
		equal "$(counter up writes)" $(( before + 1 )) "seen by the filter, behind its table"
		equal "$(on_disk "$dev" $(( large - 8 )) 8 | tr -d '\023' | wc -c)" 0
		dmsetup filter stop "$(dm up)"
		refused "fewer" dmsetup filter start "$(dm up)" "$dev"
	fi
	resize "$dev" "$large"
	refused "fewer" dmsetup remap start "$(dm up)" "$dev"

	echo "--- shrunk: $dev"
	for mode in $(modes); do
		resize "$dev" "$large"
		become up "0 $large linear $dev 0 noexcl"
		dmsetup "$mode" start "$(dm up)" "$dev"
		resize "$dev" "$small"
		equal "$(oneio write -f 20 "$dev" $(( large - 8 )) || :)" ENOSPC "behind the end"
		equal "$(oneio read "$dev" "$small" || :)" SHORT "behind the end"
		# the upper has more, what it shares has not
		equal "$(oneio write -f 20 "$(dmdev up)" $(( large - 8 )) || :)" EIO "behind the end, from above"
		equal "$(oneio read "$(dmdev up)" "$small" || :)" EIO "behind the end, from above"
		equal "$(sectors "$dev")" "$small"
		[[ $dev != /dev/loop* ]] ||
			equal "$(stat -c %s "$(losetup -nO BACK-FILE "$dev")")" $(( small * 512 )) "size of the file"
		equal "$(oneio write -f 21 "$dev" $(( small - 8 )) || :)" OK "at the new end, shrunk"
		quiet dmsetup "$mode" stop "$(dm up)"
		equal "$(oneio read -O "$dev" $(( small - 8 )) | tr -d '\025' | wc -c)" 0
		refused "more" dmsetup "$mode" start "$(dm up)" "$dev"
	done
	dmsetup remove "$(dm up)"
done
