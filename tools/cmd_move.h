/* SPDX-License-Identifier: GPL-2.0-only */
/* dmsetup move start|status|abort|finish */
#pragma once

#include "recipe.h"

namespace tools
{

extern const Recipe kMove;

} // namespace tools
