/* SPDX-License-Identifier: GPL-2.0-only */
/* The file /etc/remaptab. */
#include "remaptab.h"

#include <algorithm>
#include <cerrno>
#include <optional>

#include "cmd_interpose.h"
#include "error.h"
#include "text.h"

namespace tools
{

namespace
{

using dmr::Error;

/* As fstab has it: \040 is a blank. */
std::string unescaped(std::string_view word)
{
	std::string result;

	for (size_t i = 0; i < word.size(); i++) {
		const std::string_view digits = word.substr(i + 1, 3);

		if (word[i] == '\\' && digits.size() == 3 && digits[0] <= '3' &&
		    digits.find_first_not_of("01234567") == std::string_view::npos) {
			result += static_cast<char>((digits[0] - '0') * 64 + (digits[1] - '0') * 8 +
						    (digits[2] - '0'));
			i += 3;
		} else {
			result += word[i];
		}
	}
	return result;
}

bool is_block_device(const std::string &original)
{
	if (original.front() == '/')
		return true;
	for (const std::string tag : {"UUID=", "LABEL=", "PARTUUID=", "PARTLABEL="})
		if (original.starts_with(tag) && original.size() > tag.size())
			return true;
	return false;
}

[[noreturn]] void refuse(const std::string &sentence)
{
	throw Error(EINVAL, sentence);
}

void set_options(RemapLine &line, std::string_view options)
{
	while (!options.empty()) {
		const size_t comma = options.find(',');
		const std::string_view option = options.substr(0, comma);

		options.remove_prefix(comma == std::string_view::npos ? options.size() : comma + 1);
		if (option == "nolockfs")
			line.nolockfs = true;
		else if (option == "noauto")
			line.noauto = true;
		else if (option == "initramfs")
			line.initramfs = true;
		else if (option != "none" && option != "defaults")
			refuse("unknown option '" + dmr::printable(option) +
			       "': it is nolockfs, noauto or initramfs");
	}
}

RemapLine line_of(unsigned int number, const std::vector<std::string_view> &words)
{
	RemapLine line = {};

	if (words.size() < 4 || words.size() > 5)
		refuse("has " + std::to_string(words.size()) +
		       " fields: they are dm device, table, block device, mode, and options");
	line.number = number;
	line.upper = unescaped(words[0]);
	line.table = unescaped(words[1]);
	line.original = unescaped(words[2]);
	if (line.upper.find('/') != std::string::npos)
		refuse("'" + dmr::printable(line.upper) +
		       "' is a path: give the name of the dm device");
	if (line.table != "linear" && line.table != "none" && line.table.front() != '/')
		refuse("'" + dmr::printable(line.table) +
		       "' is no table: it is linear, none, or the path of a file");
	if (!is_block_device(line.original))
		refuse("'" + dmr::printable(line.original) +
		       "' is no block device: give a path, or UUID=, LABEL=, PARTUUID= or "
		       "PARTLABEL=");
	const CommandWord *const mode = find_our_word(std::string(words[3]));
	if (!mode)
		refuse("unknown mode '" + dmr::printable(words[3]) + "': it is remap or filter");
	line.mode = mode->mode;
	if (words.size() > 4)
		set_options(line, words[4]);
	return line;
}

} // namespace

std::vector<RemapLine>
parse_remaptab(const std::string &text,
	       const std::function<void(unsigned int, const std::string &)> &complain)
{
	std::vector<RemapLine> lines;
	unsigned int number = 0;

	for (size_t begin = 0, end; begin < text.size(); begin = end + 1) {
		end = std::min(text.find('\n', begin), text.size());
		number++;
		const auto words = dmr::words_of(std::string_view(text).substr(begin, end - begin));
		if (words.empty() || words.front().front() == '#')
			continue;
		try {
			const RemapLine line = line_of(number, words);
			const auto same = std::find_if(
				lines.begin(), lines.end(),
				[&](const RemapLine &other) { return other.upper == line.upper; });

			if (same != lines.end())
				refuse("'" + dmr::printable(line.upper) + "' is in line " +
				       std::to_string(same->number) + " already");
			lines.push_back(line);
		} catch (const Error &error) {
			complain(number, error.what());
		}
	}
	return lines;
}

dmr::device_mapper::Table parse_table(const std::string &text)
{
	dmr::device_mapper::Table table;

	for (const auto line : dmr::lines_of(text)) {
		const auto words = dmr::words_of(line);

		if (words.empty() || words.front().front() == '#')
			continue;
		const auto start = dmr::parse_number(words[0]);
		const auto sectors = words.size() > 1 ? dmr::parse_number(words[1]) : std::nullopt;
		if (!start || !sectors || words.size() < 3)
			refuse("'" + dmr::printable(line) +
			       "' is no line of a table: <start> <sectors> <target> ...");
		std::string params;
		for (size_t i = 3; i < words.size(); i++)
			params += (i > 3 ? " " : "") + std::string(words[i]);
		table.push_back({*start, *sectors, std::string(words[2]), params});
	}
	if (table.empty())
		refuse("holds no line of a table");
	return table;
}

} // namespace tools
