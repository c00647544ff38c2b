#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Swap on the original: pages that were swapped out before, while and after it is attached all come back.
# timeout: 300
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_upper up "$PART2"
mk_swap "$PART2"

sum1=$(swap_fill before)
dmsetup remap start "$(dm up)" "$PART2"
sum2=$(swap_fill while)
(( $(counter up writes) > 100 )) || fail "no pages were swapped out through the upper"
equal "$(swap_sum before)" "$sum1" "swapped out before start"
(( $(counter up reads) > 100 )) || fail "no pages were swapped in through the upper"
dmsetup remap stop "$(dm up)"
sum3=$(swap_fill after)
equal "$(swap_sum while)" "$sum2" "swapped out while attached"
dmsetup remap start "$(dm up)" "$PART2"
equal "$(swap_sum after)" "$sum3" "swapped out after stop"
equal "$(swap_sum before)" "$sum1"
dmsetup remap stop "$(dm up)"
end_swap "$PART2"
