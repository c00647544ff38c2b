/* SPDX-License-Identifier: GPL-2.0-only */
/* dmsetup remap status with the options of LVM2's reports. */
#define BOOST_TEST_MODULE report
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdlib>

/* property_tree includes a header that says it is old */
#define BOOST_BIND_GLOBAL_PLACEHOLDERS
#include <boost/property_tree/json_parser.hpp>

#include "shell.h"
#include "support.h"
#include "tools/report.h"

namespace
{

/* Two remaps: one of an ext4 that is mounted twice, one of a disk that is gone. */
struct Attached : Shell {
	Attached()
	{
		setenv("TZ", "UTC0", 1);
		kernel.dms.at({252, 0}).status = "remap 254:1 nolockfs 12 96 3 24 1 60\n";
		kernel.dms.at({252, 1}).status = "remap 254:9 gone 100 800 2 16 0\n";
		kernel.blocks.at({252, 0}).in_flight = 4;
		kernel.on_device["vda1"] = {"ext4", 1, "data", "0a-1b"};
		kernel.mounted = {{"/srv", "ext4", {254, 1}}, {"/mnt", "ext4", {254, 1}}};
	}

	/* Of a status that succeeds. */
	std::string status(std::vector<std::string> options)
	{
		options.insert(options.begin(), "status");
		BOOST_TEST(run(options) == 0);
		BOOST_TEST(err == "");
		return out;
	}
};

} // namespace

BOOST_FIXTURE_TEST_CASE(columns_are_aligned_under_headings, Attached)
{
	BOOST_TEST(status({"-c"}) ==
		   "Upper     Mode   Original ODevNo Size  Reads Writes Held Flags   \n"
		   "dm-noexcl remap  vda1     254:1  1.00m    12      3    1 nolockfs\n"
		   "dm-second remap           254:9     0    100      2    0 gone    \n");
	BOOST_TEST(status({"-C"}) == status({"--columns"}));
}

BOOST_FIXTURE_TEST_CASE(fields_are_chosen, Attached)
{
	BOOST_TEST(status({"-o", "original,upper", "--noheadings"}) ==
		   "vda1     dm-noexcl\n         dm-second\n");
	BOOST_TEST(status({"-o", "+in_flight"}).find("Flight") != std::string::npos);
	BOOST_TEST(status({"-o", "upper,upper_uuid,upper_devno", "--noheadings", "--separator",
			   ":"}) == "dm-noexcl:UUID-dm-noexcl:252:0\n"
				    "dm-second:UUID-dm-second:252:1\n");
}

BOOST_FIXTURE_TEST_CASE(every_field_is_in_the_help, Attached)
{
	const std::string help = status({"-o", "help"});

	for (const std::string &field : tools::report_fields())
		BOOST_TEST((help.find(" " + field + " ") != std::string::npos), field);
	BOOST_TEST((help.find("attachment_all") != std::string::npos));
	BOOST_TEST((help.find("dm-noexcl") == std::string::npos));
	/* and once is enough */
	BOOST_TEST(status({"-o", "help", "--interval", "1"}) == help);
}

BOOST_FIXTURE_TEST_CASE(every_field_has_its_value, Attached)
{
	std::string names;

	for (const std::string &field : tools::report_fields())
		names += (names.empty() ? "" : ",") + field;
	BOOST_TEST(status({"-o", names, "--noheadings", "--separator", "|", "--units", "s", "-S",
			   "upper=dm-noexcl"}) ==
		   "dm-noexcl|UUID-dm-noexcl|252:0|remap|vda1|254:1|2048S|12|96|3|24|4|1|nolockfs|"
		   "2023-11-14 22:14:20 +0000|native|ext4|data|0a-1b|/mnt,/srv\n");
}

BOOST_FIXTURE_TEST_CASE(what_is_not_shown_is_not_read, Attached)
{
	kernel.contents_errno = EIO;
	BOOST_TEST(status({"-c"}) != "");
	BOOST_TEST(run({"status", "-o", "upper,fs_type", "--noheadings"}) == 0);
	BOOST_TEST(out == "dm-noexcl       \ndm-second       \n");
	BOOST_TEST(err ==
		   "dmsetup: contents: 254:1: what is on it cannot be read: Input/output error\n");
	/* to select by it is to read it */
	BOOST_TEST(run({"status", "-o", "upper", "-S", "fs_type=ext4"}) == 0);
	BOOST_TEST(err != "");
}

BOOST_FIXTURE_TEST_CASE(rows_are_sorted_and_selected, Attached)
{
	BOOST_TEST(status({"-o", "upper", "-O", "-reads", "--noheadings"}) ==
		   "dm-second\ndm-noexcl\n");
	BOOST_TEST(status({"-o", "upper", "--sort", "reads", "--noheadings"}) ==
		   "dm-noexcl\ndm-second\n");
	BOOST_TEST(status({"-o", "upper", "-S", "reads > 50", "--noheadings"}) == "dm-second\n");
	BOOST_TEST(status({"-o", "upper", "--select", "size = 1m", "--noheadings"}) ==
		   "dm-noexcl\n");
	BOOST_TEST(status({"-o", "upper", "-S", "mount_points = { \"/srv\" || \"/x\" }",
			   "--noheadings"}) == "dm-noexcl\n");
	BOOST_TEST(status({"-o", "upper", "-S", "upper =~ nothing"}) == "");
}

BOOST_FIXTURE_TEST_CASE(sizes_have_units, Attached)
{
	const auto size = [&](std::vector<std::string> options) {
		options.insert(options.end(), {"-o", "size", "--noheadings", "--separator", " ",
					       "-S", "size > 0"});
		return status(options);
	};

	BOOST_TEST(size({"--units", "k"}) == "1024.00k\n");
	BOOST_TEST(size({"--units", "K"}) == "1048.58K\n");
	BOOST_TEST(size({"--units", "b"}) == "1048576B\n");
	BOOST_TEST(size({"--units", "b", "--nosuffix"}) == "1048576\n");
}

BOOST_FIXTURE_TEST_CASE(a_shell_can_read_it, Attached)
{
	BOOST_TEST(status({"-o", "upper,reads", "--nameprefixes", "--noheadings"}) ==
		   "DM_UPPER='dm-noexcl' DM_READS='12'\nDM_UPPER='dm-second' DM_READS='100'\n");
	BOOST_TEST(status({"-o", "upper,reads", "--nameprefixes", "--unquoted", "--noheadings"}) ==
		   "DM_UPPER=dm-noexcl DM_READS=12\nDM_UPPER=dm-second DM_READS=100\n");
	BOOST_TEST(status({"-o", "upper,reads", "--rows", "--separator", " "}) ==
		   "Upper dm-noexcl dm-second\nReads 12 100\n");
}

BOOST_FIXTURE_TEST_CASE(a_parser_can_read_json, Attached)
{
	/* what a label may hold must not end a string */
	kernel.on_device["vda1"].label = "with \"quotes\", \\ and \t";
	std::istringstream stream(status({"-o", "fs_label,original,size,mount_points", "--units",
					  "b", "--nosuffix", "--reportformat", "json"}));
	boost::property_tree::ptree tree;

	boost::property_tree::read_json(stream, tree);
	const auto &list = tree.get_child("report").front().second.get_child("remap");
	BOOST_TEST(list.size() == 2u);
	const auto &first = list.front().second;
	BOOST_TEST(first.get<std::string>("fs_label") == "with \"quotes\", \\ and \t");
	BOOST_TEST(first.get<uint64_t>("size") == 1048576u);
	BOOST_TEST(list.back().second.get<std::string>("original") == "");
}

BOOST_FIXTURE_TEST_CASE(json_of_nothing_is_an_empty_list, Shell)
{
	BOOST_TEST(run({"status", "-c", "--reportformat", "json"}) == 0);
	std::istringstream stream(out);
	boost::property_tree::ptree tree;
	boost::property_tree::read_json(stream, tree);
	BOOST_TEST(tree.get_child("report").front().second.get_child("remap").empty());
}

BOOST_FIXTURE_TEST_CASE(it_is_printed_again, Attached)
{
	const auto begin = std::chrono::steady_clock::now();

	BOOST_TEST(status({"-o", "upper", "--noheadings", "--count", "2", "--interval", "1",
			   "dm-second"}) == "dm-second\ndm-second\n");
	BOOST_TEST((std::chrono::steady_clock::now() - begin >= std::chrono::seconds(1)));
}

BOOST_FIXTURE_TEST_CASE(devices_that_are_named_and_fail_are_told, Attached)
{
	BOOST_TEST(run({"status", "-o", "upper", "--noheadings", "dm-third", "dm-second"}) == 1);
	BOOST_TEST(out == "dm-second\n");
	BOOST_TEST(err.starts_with("dmsetup: remap status: dm-third: no such dm device"));
}

BOOST_FIXTURE_TEST_CASE(the_other_mode_is_left_out, Attached)
{
	word = "filter";
	BOOST_TEST(status({"-c", "--noheadings"}) == "");
}

BOOST_FIXTURE_TEST_CASE(mistakes_are_one_line, Attached)
{
	usage_error({"status", "-o", "nonsense"}, "remap: Unrecognised field: nonsense");
	usage_error({"status", "--units", "x"},
		    "remap: 'x' is no unit: one of hHrRbBsSkKmMgGtTpPeE");
	usage_error({"status", "--reportformat", "xml"},
		    "remap: 'xml' is no report format: basic or json");
	usage_error({"status", "--count", "many"}, "remap: 'many' is not a count");
	usage_error({"status", "--interval", "0"}, "remap: the least interval is a second");
	usage_error({"start", "--rows", "dm-noexcl", "/dev/vda1"}, "remap start takes no --rows");
	usage_error({"stop", "-o", "upper", "dm-noexcl"}, "remap stop takes no --options");
	BOOST_TEST(run({"status", "-S", "reads >"}) == 1);
	BOOST_TEST(err != "");
}
