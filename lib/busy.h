/* SPDX-License-Identifier: LGPL-2.1-only */
/* The causes of EBUSY at start, told apart by asking. */
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "attachment.h"
#include "kernel.h"
#include "pair.h"

namespace dmr
{

/* Which of these attachments is in the way of this pair, beginning with the device's name; nothing
 * when none is. Throws Error. */
std::optional<std::string> attached_reason(Kernel &kernel, const std::vector<Attached> &attachments,
					   const Pair &pair);

/* What makes this pair busy, beginning with the device's name; nothing when none is found.
 * Throws Error. */
std::optional<std::string> busy_reason(Kernel &kernel, const Pair &pair);

} // namespace dmr
