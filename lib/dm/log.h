/* SPDX-License-Identifier: LGPL-2.1-only */
/* libdevmapper's log handler, which belongs to the whole process. */
#pragma once

#include <string>

#include "../log.h"

namespace dmr
{

/* From now on libdevmapper's lines go to @log, at debug level. Only when a program asked. */
void take_devmapper_log(const Log *log);

/* Gives libdevmapper its own handler back, if @log is the one that has its lines. */
void release_devmapper_log(const Log *log);

/* While it lives, libdevmapper's lines go nowhere but here. One at a time. */
class DevmapperLines
{
public:
	DevmapperLines();
	~DevmapperLines();
	DevmapperLines(const DevmapperLines &) = delete;
	DevmapperLines &operator=(const DevmapperLines &) = delete;

	/* Of what it wanted to print for people, each with its newline. */
	const std::string &text() const { return text_; }

	/* The first of its errors; "" when there was none. */
	const std::string &first_error() const { return first_error_; }

	void take(int level, const std::string &line);

private:
	std::string text_;
	std::string first_error_;
};

} // namespace dmr
