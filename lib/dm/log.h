/* SPDX-License-Identifier: LGPL-2.1-only */
/* libdevmapper's log handler, which belongs to the whole process. */
#pragma once

#include "../log.h"

namespace dmr
{

/* From now on libdevmapper's lines go to @log, at debug level. Only when a program asked. */
void take_devmapper_log(const Log *log);

/* Gives libdevmapper its own handler back, if @log is the one that has its lines. */
void release_devmapper_log(const Log *log);

} // namespace dmr
