/* SPDX-License-Identifier: LGPL-2.1-only */
/* The exception of the library: an errno value and the whole sentence for the user. */
#pragma once

#include <string>
#include <system_error>
#include <utility>

namespace dmr
{

class Error : public std::system_error
{
public:
	/* @errnum: positive. @sentence: one line that names device, reason and what to do. */
	Error(int errnum, std::string sentence)
	    : std::system_error(errnum, std::generic_category()), sentence_(std::move(sentence))
	{
	}

	const char *what() const noexcept override { return sentence_.c_str(); }
	int errnum() const noexcept { return code().value(); }

private:
	std::string sentence_;
};

} // namespace dmr
