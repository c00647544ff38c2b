#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The tracepoints show each bio that an interposer gets, once, with the sectors of the original: those that come by the
# disk too, and of one that crosses a border the piece that is the interposer's. Attach and detach are before the first
# of them and behind the last. Of a remap there is what blktrace follows as well. Nobody else's bios are shown.
# timeout: 120
# kernel: patched trace
# native: the module has no tracepoints
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"

tracing=/sys/kernel/tracing
events=(bio_interpose interposer_attach interposer_detach bio_remap)

at_end() {
	local e
	for e in "${events[@]}"; do
		[[ ! -e $tracing/events/block/block_$e ]] || echo 0 > "$tracing/events/block/block_$e/enable"
	done
	echo local > "$tracing/trace_clock"
}

# seen REGEX: the events whose name and text match it, without who did it where and when; workers are all the same
seen() {
	sed -nE 's/^[^#].*: block_([a-z_]+: )/\1/p' "$tracing/trace" | sed -E 's/ \[kworker[^]]*\]$/ [worker]/' |
		grep -E "$1" || :
}

# expect MODE REGEX WANT: exactly these are there
expect() {
	[[ $(seen "$2") == "$3" ]] || {
		diff <(echo "$3") <(seen "$2") || :
		fail "$1: events that match $2: '-' what was wanted, '+' what came"
	}
}

for e in "${events[@]}"; do
	[[ -e $tracing/events/block/block_$e ]] || fail "no event block_$e"
done
echo global > "$tracing/trace_clock"
for e in "${events[@]}"; do
	echo 1 > "$tracing/events/block/block_$e/enable"
done

mk_upper up "$PART1"
part=$(devno "$PART1") disk=$(devno "$DISK1") up=$(devno "$(dmdev up)")
part=${part/:/,} disk=${disk/:/,} up=${up/:/,}
first=$(< "/sys/class/block/${PART1#/dev/}/start")
size=$(sectors "$PART1")

for mode in remap filter; do
	rawio write -b 4096 "$PART1" 0 8 1
	echo > "$tracing/trace"
	dmsetup "$mode" start "$(dm up)" "$PART1"
	rawio write -b 4096 "$PART1" 8 16 1
	rawio check -b 8192 "$PART1" 8 16 1
	rawio flush "$PART1"
	rawio write -b 4096 "$DISK1" $(( first + 24 )) 8 2
	rawio write -b 8192 "$DISK1" $(( first + size - 8 )) 16 3
	rawio flush "$DISK1"
	rawio write -b 4096 "$PART2" 0 8 4
	rawio write -b 4096 "$(dmdev up)" 0 8 5
	shown=$(( $(counter up reads) + $(counter up writes) ))
	dmsetup "$mode" stop "$(dm up)"
	rawio write -b 4096 "$PART1" 0 8 6

	seen .
	want="interposer_attach: $part $mode $up
bio_interpose: $part WS 8 + 8 $mode $up [rawio]
bio_interpose: $part WS 16 + 8 $mode $up [rawio]
bio_interpose: $part RS 8 + 16 $mode $up [rawio]
bio_interpose: $part FWS 0 + 0 $mode $up [rawio]
bio_interpose: $part WS 24 + 8 $mode $up [rawio]
bio_interpose: $part WS $(( size - 8 )) + 8 $mode $up [worker]"
	# a filter is not shown a flush of the disk
	[[ $mode == filter ]] || want+="
bio_interpose: $part FWS 0 + 0 $mode $up [worker]"
	equal "$(grep -c bio_interpose <<< "$want")" "$shown" "$mode: what status counts"
	expect "$mode" interpose "$want
interposer_detach: $part $mode $up"

	want=""
	[[ $mode == filter ]] || want="bio_remap: $up WS 8 + 8 <- ($part) 8
bio_remap: $up WS 16 + 8 <- ($part) 16
bio_remap: $up RS 8 + 16 <- ($part) 8
bio_remap: $up FWS 0 + 0 <- ($part) 0
bio_remap: $up WS 24 + 8 <- ($disk) $(( first + 24 ))
bio_remap: $up WS $(( size - 8 )) + 8 <- ($disk) $(( first + size - 8 ))
bio_remap: $up FWS 0 + 0 <- ($disk) 0"
	expect "$mode" "^bio_remap: $up " "$want"
done
