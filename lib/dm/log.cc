/* SPDX-License-Identifier: LGPL-2.1-only */
/* libdevmapper's log handler, which belongs to the whole process. */
#include "log.h"

#include <cstdarg>
#include <cstdio>
#include <string>

#include <libdevmapper.h>

namespace dmr
{

namespace
{

/* libdevmapper's handler has no argument of ours. */
const Log *current;

__attribute__((format(printf, 5, 6))) void receive(int, const char *, int, int, const char *format,
						   ...)
{
	char line[512];
	va_list arguments;

	if (!current)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	try {
		(*current)(LogLevel::debug, std::string("libdevmapper: ") + line);
	} catch (...) {
		/* The caller is C; a lost line of a log is no reason to end. */
	}
}

} // namespace

void take_devmapper_log(const Log *log)
{
	current = log;
	dm_log_with_errno_init(receive);
}

void release_devmapper_log(const Log *log)
{
	if (current != log)
		return;
	dm_log_with_errno_init(nullptr);
	current = nullptr;
}

} // namespace dmr
