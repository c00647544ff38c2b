#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A verity filter in a mode that ends the machine ($VERITY_MODE) finds a block that does not verify. This must not
# come back from the read of it; verity-end.test sees how the machine ends.
# timeout: 60
# kernel: patched
# native: filters
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

small_part 4M
size=$(sectors "$SMALL")
rawio write "$SMALL" 0 "$size" 5
mk_verity 00112233 "$SMALL" "$DISK3"
mk_upper low "$SMALL"
echo "0 $size verity 1 $SMALL $DISK3 4096 4096 $(( size / 8 )) 0 sha256 $ROOT 00112233 1 $VERITY_MODE noexcl:$SMALL" |
	dmsetup create -r "$(dm up)"
dmsetup filter start "$(dm up)" "$SMALL"
oneio write -f 170 "$(dmdev low)" 800
equal "$(oneio read "$SMALL" 792)" OK "the block before it"
# on the console, and not in the output of the test: another process hands that on, and the machine ends now
echo "<2>verity-end: reading the bad block" > /dev/kmsg
oneio read "$SMALL" 800 || :
fail "the machine goes on"
