#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# writecache before a mounted partition under load: it must have the blocks of the original, stop is refused while
# it holds writes, and they are all on the original after each of the two ways out: a table with "cleaner" and a
# suspend, or the message flush_on_suspend and a linear table.
# timeout: 150
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

WARM_UP=300
small_part 32M
size=$(sectors "$SMALL")
mk_ext4 "$SMALL" a -b 4096
slice fast 24
start_writers a -n 4 -b 128

# BLOCK-SIZE OPTIONS...
writecache() {
	local block=$1
	shift
	echo "0 $size writecache s $SMALL $(dmdev fast) $block $# $* noexcl:$SMALL"
}

forget() {
	dd if=/dev/zero of="$(dmdev fast)" bs=1M count=1 oflag=direct status=none
}

holds_writes() {
	(( $(word up 3) < $(word up 2) ))
}

is_empty() {
	says up 3 "$(word up 2)"
}

mk_dm up "$(writecache 4096)"
refused "$(dm up): has blocks of 4096 bytes, $SMALL has blocks of 512" dmsetup remap start "$(dm up)" "$SMALL"
dmsetup remove "$(dm up)"
forget

echo "cleaner"
mk_dm up "$(writecache 512)"
dmsetup remap start "$(dm up)" "$SMALL"
more_ops 100
holds_writes || fail "nothing is in the cache: $(target_says up)"
refused 'data that .+ has not' dmsetup remap stop "$(dm up)"
become up "$(writecache 512 cleaner)"
# a block that is written again while it is being cleaned is in the cache again: that may go on for ever
dmsetup suspend "$(dm up)"
dmsetup resume "$(dm up)"
is_empty || fail "a suspend has left blocks in the cache: $(target_says up)"
more_ops 50
is_empty || fail "the cleaner has taken new blocks: $(target_says up)"
take_down
dd if=/dev/urandom of="$(dmdev fast)" bs=1M count=24 oflag=direct status=none
more_ops 100
forget

echo "flush_on_suspend"
mk_dm up "$(writecache 512)"
dmsetup remap start "$(dm up)" "$SMALL"
more_ops 100
holds_writes || fail "nothing is in the cache: $(target_says up)"
dmsetup message "$(dm up)" 0 flush_on_suspend
reload up "0 $size linear $SMALL 0 noexcl"
dmsetup suspend "$(dm up)"
equal "$(word up 1)" 0 "the error that writecache tells"
dmsetup resume "$(dm up)"
take_down
dmsetup remove "$(dm fast)"
more_ops 100
stop_writers
check_fs "$SMALL" a
