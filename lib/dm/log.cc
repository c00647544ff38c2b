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
DevmapperLines *lines;

/* Its levels, as those of syslog, with flags above them. */
constexpr int kLevels = 7;
constexpr int kError = 3;
constexpr int kWarning = 4;

std::string formatted(const char *format, va_list arguments)
{
	va_list copy;

	va_copy(copy, arguments);
	const int length = vsnprintf(nullptr, 0, format, copy);
	va_end(copy);
	std::string line(length > 0 ? length : 0, '\0');
	vsnprintf(line.data(), line.size() + 1, format, arguments);
	return line;
}

__attribute__((format(printf, 5, 6))) void receive(int level, const char *, int, int,
						   const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	try {
		const std::string line = formatted(format, arguments);

		if (lines)
			lines->take(level & kLevels, line);
		else if (current)
			(*current)(LogLevel::debug, "libdevmapper: " + line);
	} catch (...) {
		/* The caller is C; a lost line of a log is no reason to end. */
	}
	va_end(arguments);
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

DevmapperLines::DevmapperLines()
{
	lines = this;
	dm_log_with_errno_init(receive);
}

DevmapperLines::~DevmapperLines()
{
	lines = nullptr;
	dm_log_with_errno_init(current ? receive : nullptr);
}

void DevmapperLines::take(int level, const std::string &line)
{
	if (level == kWarning)
		text_ += line + '\n';
	else if (level <= kError && first_error_.empty())
		first_error_ = line;
}

} // namespace dmr
