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

enum {
	kVersion = 256,
	kNolockfs,
	kInitramfs,
	kWait,
	kCount,
	kInterval,
	kNamePrefixes,
	kNoHeadings,
	kNoSuffix,
	kReportFormat,
	kRows,
	kSeparator,
	kUnits,
	kUnquoted,
};

const option kOptions[] = {
	{"columns", no_argument, nullptr, 'c'},
	{"count", required_argument, nullptr, kCount},
	{"force", no_argument, nullptr, 'f'},
	{"help", no_argument, nullptr, 'h'},
	{"initramfs", no_argument, nullptr, kInitramfs},
	{"interval", required_argument, nullptr, kInterval},
	{"major", required_argument, nullptr, 'j'},
	{"minor", required_argument, nullptr, 'm'},
	{"nameprefixes", no_argument, nullptr, kNamePrefixes},
	{"noheadings", no_argument, nullptr, kNoHeadings},
	{"nolockfs", no_argument, nullptr, kNolockfs},
	{"nosuffix", no_argument, nullptr, kNoSuffix},
	{"options", required_argument, nullptr, 'o'},
	{"reportformat", required_argument, nullptr, kReportFormat},
	{"rows", no_argument, nullptr, kRows},
	{"select", required_argument, nullptr, 'S'},
	{"separator", required_argument, nullptr, kSeparator},
	{"sort", required_argument, nullptr, 'O'},
	{"units", required_argument, nullptr, kUnits},
	{"unquoted", no_argument, nullptr, kUnquoted},
	{"uuid", required_argument, nullptr, 'u'},
	{"verbose", no_argument, nullptr, 'v'},
	{"version", no_argument, nullptr, kVersion},
	{"wait", required_argument, nullptr, kWait},
	{nullptr, 0, nullptr, 0},
};

uint32_t number_of(const std::string &word, const char *text, const char *what)
{
	const std::string string = text;
	uint32_t number = 0;
	const auto [stop, error] =
		std::from_chars(string.data(), string.data() + string.size(), number);

	if (error != std::errc() || stop != string.data() + string.size())
		throw UsageError(word + ": '" + string + "' is not " + what);
	return number;
}

std::string long_name(int c)
{
	for (const option &option : kOptions)
		if (option.name && option.val == (c == 'C' ? 'c' : c))
			return option.name;
	return "";
}

/* Whether @c is an option of reports: then it is taken. */
bool take_report_option(const std::string &word, int c, ReportOptions &report)
{
	switch (c) {
	case 'c':
	case 'C':
		break;
	case 'o':
		report.fields = optarg;
		break;
	case 'O':
		report.sort = optarg;
		break;
	case 'S':
		report.selection = optarg;
		break;
	case kCount:
		report.count = number_of(word, optarg, "a count");
		break;
	case kInterval:
		report.interval = number_of(word, optarg, "a number of seconds");
		if (!*report.interval)
			throw UsageError(word + ": the least interval is a second");
		break;
	case kNamePrefixes:
		report.name_prefixes = true;
		break;
	case kNoHeadings:
		report.no_headings = true;
		break;
	case kNoSuffix:
		report.no_suffix = true;
		break;
	case kReportFormat:
		report.format = optarg;
		break;
	case kRows:
		report.rows = true;
		break;
	case kSeparator:
		report.separator = optarg;
		break;
	case kUnits:
		report.units = optarg;
		break;
	case kUnquoted:
		report.unquoted = true;
		break;
	default:
		return false;
	}
	report.given = "--" + long_name(c);
	return true;
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

		c = getopt_long(argc, argv.data(), ":cCfhj:m:o:O:S:u:v", kOptions, nullptr);
		if (c == -1)
			break;
		if (take_report_option(word, c, options.report))
			continue;
		switch (c) {
		case 'f':
			options.force = true;
			break;
		case 'h':
			options.help = true;
			break;
		case 'j':
			major = number_of(word, optarg, "a major number");
			break;
		case 'm':
			minor = number_of(word, optarg, "a minor number");
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
		case kInitramfs:
			options.initramfs = true;
			break;
		case kVersion:
			options.version = true;
			break;
		case kWait:
			options.wait = number_of(word, optarg, "a number of seconds");
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
