/* SPDX-License-Identifier: LGPL-2.1-only */
/* The ways in which an upper can be attached, and their words: those of the messages, of the
 * commands and of the sentences. */
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dmr
{

enum class Mode {
	remap,  /* the original's bios go to the upper instead */
	filter, /* a target of the upper handles the original's own bios */
};

/* "remap" */
std::string word_of(Mode mode);

/* "remapped" */
std::string past_of(Mode mode);

/* Nothing: a mode that only later kernels have. */
std::optional<Mode> mode_from(std::string_view word);

/* What a sentence begins with: "remap start". Without a mode it is @verb alone. */
std::string operation(std::optional<Mode> mode, const std::string &verb);

} // namespace dmr
