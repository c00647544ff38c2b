/* SPDX-License-Identifier: LGPL-2.1-only */
/* Text in and out: numbers, device numbers, words. */
#include "text.h"

#include <charconv>

namespace dmr
{

namespace
{

constexpr uint64_t kMajorMax = (1 << 12) - 1;
constexpr uint64_t kMinorMax = (1 << 20) - 1;

std::vector<std::string_view> split(std::string_view text, std::string_view separators)
{
	std::vector<std::string_view> parts;

	for (size_t start = 0; start < text.size();) {
		const size_t end = std::min(text.find_first_of(separators, start), text.size());

		if (end > start)
			parts.push_back(text.substr(start, end - start));
		start = end + 1;
	}
	return parts;
}

std::optional<std::pair<uint64_t, uint64_t>> parse_two_numbers(std::string_view text,
							       char separator)
{
	const size_t place = text.find(separator);

	if (place == std::string_view::npos)
		return std::nullopt;
	const auto first = parse_number(text.substr(0, place));
	const auto second = parse_number(text.substr(place + 1));
	if (!first || !second)
		return std::nullopt;
	return std::pair(*first, *second);
}

} // namespace

std::optional<uint64_t> parse_number(std::string_view text)
{
	uint64_t number = 0;
	const char *const end = text.data() + text.size();
	const auto [stop, error] = std::from_chars(text.data(), end, number);

	if (error != std::errc() || stop != end)
		return std::nullopt;
	return number;
}

std::optional<std::pair<uint64_t, uint64_t>> parse_fraction(std::string_view text)
{
	return parse_two_numbers(text, '/');
}

std::optional<Devno> parse_devno(std::string_view text)
{
	const auto numbers = parse_two_numbers(text, ':');

	if (!numbers || numbers->first > kMajorMax || numbers->second > kMinorMax)
		return std::nullopt;
	return Devno{static_cast<uint32_t>(numbers->first), static_cast<uint32_t>(numbers->second)};
}

std::string to_string(Devno devno)
{
	return std::to_string(devno.major) + ":" + std::to_string(devno.minor);
}

std::vector<std::string_view> words_of(std::string_view text)
{
	return split(text, " \t\n");
}

std::vector<std::string_view> lines_of(std::string_view text)
{
	return split(text, "\n");
}

std::string printable(std::string_view text)
{
	static constexpr char kHex[] = "0123456789abcdef";
	std::string result;

	for (const char c : text) {
		const auto byte = static_cast<unsigned char>(c);

		if (byte >= 0x20 && byte != 0x7f) {
			result += c;
			continue;
		}
		result += "\\x";
		result += kHex[byte >> 4];
		result += kHex[byte & 15];
	}
	return result;
}

} // namespace dmr
