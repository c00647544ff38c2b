/* SPDX-License-Identifier: GPL-2.0-only */
/* dmsetup remaptab start|stop|status */
#pragma once

#include "recipe.h"

namespace tools
{

extern const Recipe kRemaptabCommands;

} // namespace tools
