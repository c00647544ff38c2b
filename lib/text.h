/* SPDX-License-Identifier: LGPL-2.1-only */
/* Text in and out: numbers, device numbers, words. Parsers return nothing for what is not
 * exactly theirs: no sign, no blank, no trailing text, no overflow. */
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "types.h"

namespace dmr
{

/* Decimal digits only. */
std::optional<uint64_t> parse_number(std::string_view text);

/* "12/100" */
std::optional<std::pair<uint64_t, uint64_t>> parse_fraction(std::string_view text);

/* "major:minor" within what the kernel's device numbers hold (12 and 20 bits). */
std::optional<Devno> parse_devno(std::string_view text);

std::string to_string(Devno devno);

/* What stands between spaces, tabs and newlines. */
std::vector<std::string_view> words_of(std::string_view text);

/* What stands between newlines, empty lines left out. */
std::vector<std::string_view> lines_of(std::string_view text);

/* A copy of @text with control characters made visible, so that it stays one line. */
std::string printable(std::string_view text);

} // namespace dmr
