/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables with noexcl for a kernel that has the module dm-interpose in place of it. */
#include "noexcl.h"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>

#include <sys/mman.h>
#include <unistd.h>

#include "dm/module.h"
#include "error.h"
#include "file_descriptor.h"
#include "text.h"

namespace tools
{

namespace
{

constexpr size_t kType = 2;

bool shares(const std::vector<std::string_view> &words)
{
	return words.size() > kType + 1 &&
	       (words.back() == "noexcl" || words.back().starts_with("noexcl:"));
}

std::string line_for_module(std::string_view line)
{
	const auto words = dmr::words_of(line);
	std::string result;

	if (!shares(words))
		return std::string(line);
	if (words[kType] != "linear")
		throw dmr::Error(
			EOPNOTSUPP,
			dmr::printable(words[kType]) +
				": with the module dm-interpose only linear takes noexcl: load " +
				dmr::printable(words[kType]) +
				" over a device whose table is linear with noexcl");
	for (size_t i = 0; i + 1 < words.size(); i++)
		result += (i ? " " : "") + (i == kType ? "interpose" : std::string(words[i]));
	return result;
}

std::string read_file(const std::string &path)
{
	std::ifstream file(path, std::ios::binary);

	return {std::istreambuf_iterator<char>(file), {}};
}

std::string read_input()
{
	std::string text;
	char buffer[4096];
	ssize_t length;

	while ((length = read(STDIN_FILENO, buffer, sizeof(buffer))) > 0 ||
	       (length < 0 && errno == EINTR))
		if (length > 0)
			text.append(buffer, static_cast<size_t>(length));
	return text;
}

/* From here on standard input is the text. */
void give_input(const std::string &text)
{
	const dmr::FileDescriptor fd(memfd_create("table", 0));
	size_t written = 0;

	while (fd && written < text.size()) {
		const ssize_t n = write(fd.get(), text.data() + written, text.size() - written);

		if (n < 0 && errno != EINTR)
			break;
		written += n > 0 ? static_cast<size_t>(n) : 0;
	}
	if (!fd || written < text.size() || lseek(fd.get(), 0, SEEK_SET) < 0 ||
	    dup2(fd.get(), STDIN_FILENO) < 0)
		throw dmr::Error(errno, "the table cannot be passed on: " +
						std::generic_category().message(errno));
}

} // namespace

bool has_noexcl(const std::string &table)
{
	for (const auto line : dmr::lines_of(table))
		if (shares(dmr::words_of(line)))
			return true;
	return false;
}

std::string for_module(const std::string &table)
{
	std::string result;

	for (const auto line : dmr::lines_of(table))
		result += line_for_module(line) + "\n";
	return result;
}

std::string adapt_table(std::vector<std::string> &argv, const TableSource &source)
{
	std::string table;

	switch (source.kind) {
	case TableSource::Kind::none:
		return "";
	case TableSource::Kind::option:
		table = argv[source.index].substr(source.offset);
		break;
	case TableSource::Kind::file:
		table = read_file(argv[source.index]);
		break;
	case TableSource::Kind::input:
		/* a person at a terminal sees dmsetup itself */
		if (isatty(STDIN_FILENO))
			return "";
		table = read_input();
		break;
	}
	const bool adapts = has_noexcl(table) && dmr::module::load();
	if (adapts)
		table = for_module(table);
	if (source.kind == TableSource::Kind::input)
		give_input(table);
	if (source.kind == TableSource::Kind::option && adapts)
		argv[source.index].replace(source.offset, std::string::npos, table);
	if (source.kind == TableSource::Kind::file && adapts) {
		give_input(table);
		argv.erase(argv.begin() + static_cast<ptrdiff_t>(source.index));
	}
	return table;
}

} // namespace tools
