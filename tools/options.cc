/* SPDX-License-Identifier: GPL-2.0-only */
/* The options that our commands take. */
#include "options.h"

#include <charconv>

#include <getopt.h>

#include "program.h"

namespace tools
{

namespace
{

enum { kVersion = 256, kNolockfs };

const option kOptions[] = {
	{"force", no_argument, nullptr, 'f'},
	{"help", no_argument, nullptr, 'h'},
	{"major", required_argument, nullptr, 'j'},
	{"minor", required_argument, nullptr, 'm'},
	{"nolockfs", no_argument, nullptr, kNolockfs},
	{"uuid", required_argument, nullptr, 'u'},
	{"verbose", no_argument, nullptr, 'v'},
	{"version", no_argument, nullptr, kVersion},
	{nullptr, 0, nullptr, 0},
};

uint32_t number_of(const std::string &word, const char *text, const char *what)
{
	const std::string string = text;
	uint32_t number = 0;
	const auto [stop, error] =
		std::from_chars(string.data(), string.data() + string.size(), number);

	if (error != std::errc() || stop != string.data() + string.size())
		throw UsageError(word + ": '" + string + "' is not a " + what + " number");
	return number;
}

} // namespace

Options parse_options(const std::string &word, const std::vector<std::string> &arguments)
{
	std::vector<std::string> copies = {""};
	std::vector<char *> argv;
	std::optional<uint32_t> major;
	std::optional<uint32_t> minor;
	Options options;
	int c;

	copies.insert(copies.end(), arguments.begin(), arguments.end());
	for (std::string &copy : copies)
		argv.push_back(copy.data());
	argv.push_back(nullptr);
	const int argc = static_cast<int>(copies.size());

	opterr = 0;
	optind = 0; /* glibc: begin anew */
	for (;;) {
		const int before = optind ? optind : 1;

		c = getopt_long(argc, argv.data(), ":fhj:m:u:v", kOptions, nullptr);
		if (c == -1)
			break;
		switch (c) {
		case 'f':
			options.force = true;
			break;
		case 'h':
			options.help = true;
			break;
		case 'j':
			major = number_of(word, optarg, "major");
			break;
		case 'm':
			minor = number_of(word, optarg, "minor");
			break;
		case 'u':
			options.uuid = optarg;
			break;
		case 'v':
			options.verbose++;
			break;
		case kNolockfs:
			options.nolockfs = true;
			break;
		case kVersion:
			options.version = true;
			break;
		case ':':
			throw UsageError(word + ": option '" + std::string(argv[optind - 1]) +
					 "' needs a value");
		default:
			/* A long option that is unknown or ambiguous has been passed already; of
			 * short ones optopt is the letter. */
			if (optopt > 0 && optopt < 256)
				throw UsageError(word + ": unknown option '-" +
						 static_cast<char>(optopt) + "'");
			throw UsageError(word + ": unknown option '" +
					 std::string(argv[optind > before ? optind - 1 : before]) +
					 "'");
		}
	}
	options.arguments.assign(argv.begin() + optind, argv.begin() + argc);
	if (major.has_value() != minor.has_value())
		throw UsageError(word + ": --major and --minor are given together");
	if (major)
		options.number = {*major, *minor};
	if (options.uuid && options.number)
		throw UsageError(word + ": --uuid and --major, --minor exclude each other");
	return options;
}

} // namespace tools
