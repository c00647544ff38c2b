/* SPDX-License-Identifier: GPL-2.0-only */
/* What is attached, as a report with fields: dmsetup remap status -c. */
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "program.h"

namespace tools
{

/* The options of LVM2's reports, as they were given. */
struct ReportOptions {
	std::string given; /* one of them: "--sort"; "" none */
	std::optional<std::string> fields;
	std::optional<std::string> sort;
	std::optional<std::string> selection;
	std::optional<std::string> separator;
	std::optional<std::string> units;
	std::optional<std::string> format; /* "basic" or "json" */
	bool no_headings = false;
	bool no_suffix = false;
	bool name_prefixes = false;
	bool unquoted = false;
	bool rows = false;
	std::optional<uint32_t> count;    /* 0: until it is interrupted */
	std::optional<uint32_t> interval; /* seconds */
};

/* The fields that there are, in the order of their help. */
std::vector<std::string> report_fields();

/* Prints the report, as often as the options say. @attachments is asked each time.
 * Throws UsageError; @word begins its sentences, and is the name of the list in JSON. */
void print_report(const std::string &word, const Program &program, dmremap::Context &context,
		  const ReportOptions &options,
		  const std::function<std::vector<dmremap::Attachment>()> &attachments);

} // namespace tools
