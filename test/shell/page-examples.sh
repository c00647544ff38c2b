#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Every line of the EXAMPLES of the pages does what the page says, as it stands there, under mounted file systems;
# the devices alone have the names that they have here.
# timeout: 240
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

there=$("$REAL_DMSETUP" info -c --noheadings -o name)
# what the examples have made
made() {
	"$REAL_DMSETUP" info -c --noheadings -o name | grep -vxF "$there" | grep -v "^$PREFIX-"
}

at_end() {
	local n
	umount /mnt /srv 2> /dev/null || :
	for n in $(made); do
		"$REAL_DMSETUP" message "$n" 0 @interpose_stop
	done > /dev/null 2>&1 || :
	remove_recipes
	# snapshots before their origin
	for n in snap snap2 $(made); do
		"$REAL_DMSETUP" remove "$n"
	done > /dev/null 2>&1 || :
	rm -f /etc/remaptab /etc/data.table
}
mkdir -p /mnt /srv

# PAGE [DEVICE=WHAT IT IS HERE...]: its examples are $TESTDIR/1, 2 and so on, and sets EXAMPLES to how many they are
examples() {
	local page=/usr/local/share/man/man${1##*.}/$1 device names=()
	shift
	for device; do
		names+=(-e "s,${device%%=*}\\b,${device#*=},g")
	done
	rm -f "$TESTDIR"/[0-9]*
	awk -v dir="$TESTDIR" '
		/^\.SH/ { on = $2 == "EXAMPLES" }
		/^\.EE/ { inside = 0 }
		inside && !/^\./ { print > (dir "/" n) }
		on && /^\.EX/ { inside = 1; n++ }' "$page"
	EXAMPLES=$(find "$TESTDIR" -maxdepth 1 -name '[0-9]*' | wc -l)
	(( EXAMPLES > 0 )) || fail "there are no examples in $page"
	sed -i -e 's/\\-/-/g' -e 's/\\e/\\/g' -e "s/\\\\(aq/'/g" "${names[@]}" "$TESTDIR"/[0-9]*
}

# N: run the Nth, in this shell: what it sets, the next may need
example() {
	# as text, if one of its commands fails
	sed 's/^/> /' "$TESTDIR/$1"
	# shellcheck disable=SC1090
	. "$TESTDIR/$1"
}

# N: the page has so many examples, each of which is tried below
have() {
	equal "$EXAMPLES" "$1" "examples of the page: those that are new have to be tried here"
}

echo "--- dmsetup-remap(8)"
mk_ext4 "$PART1" a
mk_ext4 "$PART2" b
echo 1 > a/file
before=$(state)
examples dmsetup-remap.8 /dev/sda1="$PART1" /dev/sda2="$PART2" /dev/sdb="$DISK2"
have 5
example 1 > out
cat out
grep -q "^dm-noexcl: remap .*($(basename "$PART1"))" out
equal "$(state)" "$before"
if native "dmsetup create with a snapshot"; then
	wipefs -qa "$DISK2"
	example 2
	echo 2 > a/file
	sync -f a
	equal "$(cat /mnt/file)" 1 "in the snapshot"
	example 3
	equal "$(state)" "$before"
fi
for upper in a b; do
	what=PART1
	[[ $upper == a ]] || what=PART2
	echo "0 $(sectors "${!what}") linear ${!what} 0 noexcl" | dmsetup create dm-$upper
done
example 4
echo 3 > a/file
example 5 > out
cat out
grep -qF "$TESTDIR/b" out
grep -q '"upper":"dm-b", "mode":"remap", "original":"'"$(basename "$PART2")"'"' out
dmsetup remap stop dm-a dm-b
dmsetup remove dm-a dm-b
equal "$(state)" "$before"

echo "--- dmremap(3)"
examples dmremap.3 /dev/sda1="$PART1" ./attach=attach-c 60=1
have 3
# the programs, which are in /test/bin, are compared to what the page shows by test/unit/pages.cc
sed -i 's/^# //' 3
example 3 > out
cat out
grep -q "^up: $(basename "$PART1") reads [0-9]* writes [0-9]*$" out
equal "$(state)" "$before"

if native "filters"; then
	echo "--- dmsetup-filter(8)"
	wipefs -qa "$DISK2" "$DISK3"
	examples dmsetup-filter.8 /dev/sda1="$PART1" /dev/sdb="$DISK2" /dev/sdc="$DISK3"
	have 9
	example 1
	example 2
	equal "$(state)" "$before"
	example 3
	begun=$(date +%s%3N)
	dd if=/dev/zero of=a/slow bs=4k count=1 oflag=direct status=none
	(( $(date +%s%3N) - begun >= 200 )) || fail "writes are not slow"
	dmsetup filter stop slow
	dmsetup remove slow
	example 4
	not dd if="$PART1" of=/dev/null bs=512 skip=60 count=1 iflag=direct status=none
	dmsetup filter stop bad
	dmsetup remove bad
	example 5
	[[ $(dmsetup filter status flaky) == "flaky: filter "*"($(basename "$PART1"))"* ]] || fail "flaky is not attached"
	dmsetup filter stop flaky
	dmsetup remove flaky
	echo 4 > a/file
	example 6
	echo 5 > a/file
	sync -f a
	equal "$(cat /mnt/file)" 4 "in the snapshot"
	example 7
	echo 6 > a/file
	sync -f a
	mnt /dev/mapper/snap2 second ro
	equal "$(cat second/file)" 5 "in the second snapshot"
	equal "$(cat /mnt/file)" 4 "in the snapshot"
	unmount second
	example 8
	equal "$(state)" "$before"
	unmount a
	mnt "$PART1" a ro
	if type -P veritysetup > /dev/null; then
		wipefs -qa "$DISK2"
		example 9
		drop_caches
		equal "$(cat a/file)" 6
		equal "$(dmsetup status check | awk '{ print $4 }')" V
		dmsetup filter stop check
		dmsetup remove check
	else
		echo "left out: verity, for there is no veritysetup"
	fi
	unmount a
	mnt "$PART1" a
	equal "$(state)" "$before"
fi

echo "--- dmsetup-snapshot(8)"
wipefs -qa "$DISK2" "$DISK3"
mke2fs -q -t ext4 "$DISK3"
mount "$DISK3" /srv
examples dmsetup-snapshot.8 /dev/sda2="$PART1" /dev/sda3="$PART2" /dev/sdb1="$DISK2"
have 1
example 1
tar -tf /srv/root.tar | grep -x ./file > /dev/null
equal "$(state)" "$before"
umount /srv

echo "--- dmsetup-cache(8)"
wipefs -qa "$DISK2"
examples dmsetup-cache.8 /dev/sda3="$PART1" /dev/nvme0n1p4="$DISK2"
have 1
example 1
equal "$(state)" "$before"

echo "--- remaptab(5) and dmsetup-remaptab(8)"
e2label "$PART1" home
examples remaptab.5 /dev/sdb1="$DISK2"
have 1
cp 1 /etc/remaptab
if native "tables other than linear with noexcl"; then
	echo "0 $(sectors "$DISK2") delay $DISK2 0 1 noexcl" > /etc/data.table
else
	echo "0 $(sectors "$DISK2") linear $DISK2 0 noexcl" > /etc/data.table
fi
examples dmsetup-remaptab.8
have 1
example 1 > out
cat out
grep -q "^home-noexcl: remap $(basename "$PART1")" out
grep -qx 'data-delay: not attached' out
equal "$(state)" "$before"
dmsetup remaptab start data-delay
dmsetup remaptab stop data-delay
equal "$(state)" "$before"

echo "--- dmsetup-move(8)"
unmount a
unmount b
mount "$PART1" /srv
echo 7 > /srv/file
wipefs -qa "$DISK2"
examples dmsetup-move.8 /dev/sda3="$PART1" /dev/sdb1="$DISK2"
have 1
example 1
equal "$(findmnt -nro SOURCE /srv)" "$DISK2"
equal "$(cat /srv/file)" 7
umount /srv
fsck_clean "$DISK2"
