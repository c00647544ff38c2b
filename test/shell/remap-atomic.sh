#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# An original that can write atomically: where the upper can, too, as linear does in Linux 7.2, it is written; where it
# cannot, an atomic write is refused and nothing is written, never torn. A filter lets it pass; all other writes go on,
# and after stop it is as before.
# timeout: 60
# kernel: interposer atomic
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"

orig=$NVME
unit=$(< "/sys/class/block/$(basename "$orig")/queue/atomic_write_unit_min_bytes")
(( unit )) || broken "$orig has no atomic writes"

# atomic BYTE RESULT TEXT: one write of one unit, and what is there then
atomic() {
	local result want=$1
	equal "$(oneio write -b "$unit" -f 1 "$orig" 64)" OK "$3: a plain write"
	result=$(oneio write -a -b "$unit" -f "$1" "$orig" 64 || :)
	equal "$result" "$2" "$3: an atomic write"
	[[ $2 == OK ]] || want=1
	equal "$(oneio read -O -b "$unit" "$orig" 64 | tr -d "\\$(printf '%03o' "$want")" | wc -c)" 0 "$3: what is there"
}

atomic 2 OK "nothing attached"
mk_upper up "$orig"
can=EINVAL
(( $(< "/sys/class/block/dm-$(dmsetup info -c --noheadings -o minor "$(dm up)")/queue/atomic_write_unit_min_bytes") == 0 )) ||
	can=OK
dmsetup remap start "$(dm up)" "$orig"
atomic 3 "$can" "remap"
dmsetup remap stop "$(dm up)"
mk_dm slow "0 $(sectors "$orig") delay $orig 0 0 noexcl"
dmsetup remap start "$(dm slow)" "$orig"
atomic 7 EINVAL "remap to delay"
dmsetup remap stop "$(dm slow)"
dmsetup remove "$(dm slow)"
atomic 4 OK "after stop"
native "a filter" || exit 0
dmsetup filter start "$(dm up)" "$orig"
before=$(counter up writes)
atomic 5 OK "filter"
equal "$(( $(counter up writes) - before ))" 2 "writes that the filter has seen"
dmsetup filter stop "$(dm up)"
atomic 6 OK "after stop of the filter"
