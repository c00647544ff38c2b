#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Every kind of I/O reaches what the table of the upper says, sector for sector: discards, zeroes and holes that
# straddle a border of the table, FUA, flushes with data, pieces that are not aligned. I/O that must not wait gets
# through, or is told so; polled I/O completes. A cgroup's limit on the original counts each of its bios once, and so
# do the statistics of original, disk and upper, the time that they were busy included.
# timeout: 240
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

# two disks of 2 MiB; the table has the halves of the second one the other way round
size=4096 half=2048
dd if=/dev/zero bs=1M count=2 status=none | tr '\0' '\101' > "$TESTDIR/orig"
dd if=/dev/zero bs=1M count=2 status=none | tr '\0' '\102' > "$TESTDIR/full"

# begin ORIG DEST
begin() {
	orig=$1 dest=$2
	dd if="$TESTDIR/orig" of="$orig" bs=1M oflag=direct status=none
	dd if="$TESTDIR/full" of="$dest" bs=1M oflag=direct status=none
	cp "$TESTDIR/full" "$TESTDIR/want"
	mk_dm up "0 $half linear $dest $half" "$half $half linear $dest 0"
	dmsetup remap start "$(dm up)" "$orig"
}

end() {
	dmsetup remap stop "$(dm up)"
	dd if="$orig" bs=1M iflag=direct status=none | cmp - "$TESTDIR/orig" || fail "the original has changed"
	dmsetup remove "$(dm up)"
}

# range BYTE SECTOR SECTORS: what it must do, in the image of the second disk
range() {
	local at=$2 n=$3 part
	while (( n )); do
		part=$n
		(( at >= half || at + part <= half )) || part=$(( half - at ))
		head -c $(( part * 512 )) /dev/zero | tr '\0' "$1" | dd of="$TESTDIR/want" bs=512 conv=notrunc \
			seek=$(( (at + half) % size )) status=none iflag=fullblock
		at=$(( at + part )) n=$(( n - part ))
	done
}

# does BYTE SECTOR SECTORS CMD...: it ends well, and has done that, and nothing else
does() {
	range "$1" "$2" "$3"
	"${@:4}" > "$TESTDIR/out" || fail "status $?: ${*:4}: $(cat "$TESTDIR/out")"
	dd if="$dest" bs=1M iflag=direct status=none | cmp - "$TESTDIR/want" || fail "where it went: ${*:4}"
	dd if="$orig" bs=1M iflag=direct status=none |
		cmp - <(tail -c $(( half * 512 )) "$TESTDIR/want"; head -c $(( half * 512 )) "$TESTDIR/want") ||
		fail "what is read back: ${*:4}"
}

bytes() {
	echo $(( $1 * 512 ))
}

# --- zeroes that the device writes, and holes: these disks have them
small_part 2M
echo ',2M' | sfdisk -q --label dos "$DISK3"
wait_for 10 test -b "${DISK3}1"
begin "$SMALL" "${DISK3}1"
(( $(< "/sys/block/$(dm_node up)/queue/write_zeroes_max_bytes") )) || broken "no write zeroes"
before=$(counter up write_sectors)
does '\0' $(( half - 512 )) 1024 blkdiscard -z -o "$(bytes $(( half - 512 )))" -l "$(bytes 1024)" "$orig"
does '\0' $(( half + 600 )) 64 fallocate -p -n -o "$(bytes $(( half + 600 )))" -l "$(bytes 64)" "$orig"
does '\0' 256 64 fallocate -z -n -o "$(bytes 256)" -l "$(bytes 64)" "$orig"
does '\0' $(( half - 8 )) 16 fallocate -p -n -o "$(bytes $(( half - 8 )))" -l "$(bytes 16)" "$orig"
equal "$(( $(counter up write_sectors) - before ))" $(( 1024 + 64 + 64 + 16 )) "sectors seen"
end

# --- all else
mk_null_blk orig size=2 discard=1 poll_queues=1 submit_queues=1
orig=$NULLB
mk_null_blk dest size=2 discard=1
begin "$orig" "$NULLB"
does '\120' 800 8 oneio write -f 80 "$orig" 800
does '\121' $(( half - 64 )) 128 oneio write -b 65536 -f 81 "$orig" $(( half - 64 ))
does '\122' $(( half - 8 )) 16 oneio write -d -b 8192 -f 82 "$orig" $(( half - 8 ))
does '\123' 1100 256 oneio write -b 131072 -v 32 -o 512 -f 83 "$orig" 1100
does '\124' $(( half - 1 )) 2048 oneio write -b 1048576 -f 84 "$orig" $(( half - 1 ))
does '\0' 1024 128 blkdiscard -o "$(bytes 1024)" -l "$(bytes 128)" "$orig"
does '\0' $(( half - 128 )) 256 blkdiscard -o "$(bytes $(( half - 128 )))" -l "$(bytes 256)" "$orig"
does '\0' $(( half - 512 )) 1024 blkdiscard -z -o "$(bytes $(( half - 512 )))" -l "$(bytes 1024)" "$orig"
does '\0' 0 "$size" blkdiscard "$orig"
does '\125' 0 8 oneio write -n -f 85 "$orig" 0
does '\125' 0 0 oneio read -n "$orig" 0
does '\126' 64 8 oneio write -p -f 86 "$orig" 64
does '\126' 0 0 oneio read -p -b 65536 "$orig" 0

# suspended: told at once
dmsetup suspend --nolockfs "$(dm up)"
equal "$(oneio write -n -f 87 "$orig" 0 || :)" EAGAIN "a suspended upper, NOWAIT"
dmsetup resume "$(dm up)"
does '\130' 0 8 oneio write -n -f 88 "$orig" 0
# crypt has to wait for memory: no device of such a table says that it need not
reload up "0 $size crypt aes-xts-plain64 $(printf '5a%.0s' {1..64}) 0 $dest 0"
dmsetup resume "$(dm up)"
# the module lets it wait
want=EAGAIN
! kernel_is module || want=OK
equal "$(oneio write -n -f 89 "$orig" 0 || :)" "$want" "an upper that may wait, NOWAIT"
equal "$(oneio write -p -f 89 "$orig" 0)" OK "polled"
equal "$(oneio read -O "$orig" 0 | tr -d '\131' | wc -c)" 0 "what is read back through crypt"
end

# --- statistics: one write after the other, 50 ms each
mk_null_blk slow size=8 irqmode=2 completion_nsec=50000000
slow=$NULLB
echo ',4M' | sfdisk -q --label dos "$slow"
part=/dev/$(basename "$(echo "/sys/block/$(basename "$slow")/$(basename "$slow")"*[0-9])")
wait_for 10 test -b "$part"
mk_upper up "$part"
n=8
# of original, disk and upper: writes, sectors, ms of all writes, ms of being busy, writes on their way. One that was
# merged with its neighbour, which a scheduler may do where several write, is counted by itself.
figures() {
	awk '{ print $5 + $6, $7, $8, $10, $9 }' /sys/class/block/{"$(basename "$part")","$(basename "$slow")","$(dm_node up)"}/stat
}
for mode in none $(modes); do
	[[ $mode == none ]] || dmsetup "$mode" start "$(dm up)" "$part"
	mapfile -t was < <(figures)
	dd if=/dev/zero of="$part" bs=4k count="$n" oflag=direct 2> "$TESTDIR/said"
	wall=$(awk '/copied/ { printf "%d", $(NF - 3) * 1000 + 1 }' "$TESTDIR/said")
	mapfile -t is < <(figures)
	for (( i = 0; i < 3; i++ )); do
		read -r writes sectors took busy on_way <<< "$(difference "${is[i]}" "${was[i]}") ${is[i]##* }"
		echo "$mode: $i: $writes writes, $sectors sectors, $took of $wall ms, busy for $busy ms"
		if (( i == 2 )) && [[ $mode != remap ]]; then
			equal "$writes $sectors $took $busy" "0 0 0 0" "$mode: the upper has nothing to do"
			continue
		fi
		equal "$writes $sectors $on_way" "$n $(( n * 8 )) 0" "$mode: $i: writes, sectors, on their way"
		(( busy >= n * 16 && busy <= wall + 20 )) || fail "$mode: $i: busy for $busy of $wall ms"
		# 50 ms each; where ticks are counted, up to one (10 ms) less each, and one more in all
		(( took >= n * 40 && took <= wall + 10 )) || fail "$mode: $i: $took ms of writes in $wall ms"
	done
	[[ $mode == none ]] || dmsetup "$mode" stop "$(dm up)"
done
# by its own name and through the upper at once: the time counts once
mapfile -t was < <(figures)
begin=${EPOCHREALTIME/./} pids=()
for dev in "$part" "$part" "$(dmdev up)" "$(dmdev up)"; do
	bg dd if=/dev/zero of="$dev" bs=4k count=16 oflag=direct status=none
	pids+=("$BG")
done
for p in "${pids[@]}"; do
	wait "$p"
done
wall=$(( (${EPOCHREALTIME/./} - begin) / 1000 ))
mapfile -t is < <(figures)
for (( i = 0; i < 2; i++ )); do
	read -r writes _ _ busy <<< "$(difference "${is[i]}" "${was[i]}")"
	echo "both: $i: $writes writes in $wall ms, busy for $busy ms"
	equal "$writes" 64 "both: $i: writes"
	(( busy <= wall + 20 )) || fail "both: $i: busy for $busy ms of $wall"
done
dmsetup remove "$(dm up)"

# --- cgroup: what the original may do is charged where it does it
grep -qw io /sys/fs/cgroup/cgroup.controllers || broken "no io controller"
echo +io > /sys/fs/cgroup/cgroup.subtree_control
group=/sys/fs/cgroup/$PREFIX
mkdir "$group"
n=40
# writes N times 4 KiB in the cgroup
in_group() {
	# shellcheck disable=SC2016	# for the inner shell
	bash -c 'echo 0 > "$1/cgroup.procs" && exec dd if=/dev/zero of="$2" bs=4k count="$3" oflag=direct' \
		dd "$group" "$1" "$n" 2> "$TESTDIR/said"
}
# of a device, what the cgroup has written to it: bytes and writes
charged() {
	awk -v d="$(devno "$1")" '$1 == d { sub("wbytes=", "", $3); sub("wios=", "", $5); print $3, $5; found = 1 }
		END { if (!found) print "0 0" }' "$group/io.stat"
}
mk_upper up "$orig"
for mode in none $(modes); do
	[[ $mode == none ]] || dmsetup "$mode" start "$(dm up)" "$orig"
	read -r -a was < <(charged "$orig")
	read -r -a up_was < <(charged "$(dmdev up)")
	in_group "$orig"
	read -r -a is < <(charged "$orig")
	read -r -a up_is < <(charged "$(dmdev up)")
	equal "$(( is[0] - was[0] )) $(( is[1] - was[1] ))" "$(( n * 4096 )) $n" "charged to the original, $mode"
	want="0 0"
	[[ $mode != remap ]] || want="$(( n * 4096 )) $n"
	equal "$(( up_is[0] - up_was[0] )) $(( up_is[1] - up_was[1] ))" "$want" "charged to the upper, $mode"

	# 30 in a second: 1.3 s; charged twice it cannot be less than 2.6, on a slow machine it is more sometimes
	echo "$(devno "$orig") wiops=30" > "$group/io.max"
	for (( try = 0; try < 6; try++ )); do
		in_group "$orig"
		took=$(awk '/copied/ { printf "%d", $(NF - 3) * 1000 }' "$TESTDIR/said")
		echo "throttled, $mode: $took ms"
		(( took > 1000 )) || fail "$mode: $took ms: it was not throttled"
		(( took > 2000 )) || break
	done
	(( try < 6 )) || fail "$mode: never less than 2 s: charged twice?"
	echo "$(devno "$orig") wiops=max" > "$group/io.max"
	[[ $mode == none ]] || dmsetup "$mode" stop "$(dm up)"
done
wait_for 10 rmdir "$group"
