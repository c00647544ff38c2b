/* SPDX-License-Identifier: LGPL-2.1-only */
/* The ways in which an upper can be attached, and their words. */
#include "mode.h"

namespace dmr
{

std::string word_of(Mode mode)
{
	return mode == Mode::filter ? "filter" : "remap";
}

std::string past_of(Mode mode)
{
	return mode == Mode::filter ? "filtered" : "remapped";
}

std::optional<Mode> mode_from(std::string_view word)
{
	for (const Mode mode : {Mode::remap, Mode::filter})
		if (word == word_of(mode))
			return mode;
	return std::nullopt;
}

std::string operation(std::optional<Mode> mode, const std::string &verb)
{
	return mode ? word_of(*mode) + " " + verb : verb;
}

} // namespace dmr
