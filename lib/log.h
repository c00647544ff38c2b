/* SPDX-License-Identifier: LGPL-2.1-only */
/* Where the library's lines of progress go. Levels are those of <dmremap.h>. */
#pragma once

#include <functional>
#include <string>
#include <utility>

namespace dmr
{

enum class LogLevel { warning = 1, step = 2, debug = 3 };

/* Lines without newline. Without a sink they are dropped. */
class Log
{
public:
	using Sink = std::function<void(LogLevel, const std::string &)>;

	void set_sink(Sink sink) { sink_ = std::move(sink); }
	void operator()(LogLevel level, const std::string &line) const
	{
		if (sink_)
			sink_(level, line);
	}

private:
	Sink sink_;
};

} // namespace dmr
