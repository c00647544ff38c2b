/* SPDX-License-Identifier: GPL-2.0-only */
/* The lines of /etc/remaptab, right and wrong, and the tables that it names. */
#define BOOST_TEST_MODULE remaptab
#include <boost/test/unit_test.hpp>

#include "error.h"
#include "tools/remaptab.h"

namespace
{

/* What is said about @text, "2: sentence" */
std::string complaints(const std::string &text)
{
	std::string all;

	tools::parse_remaptab(text, [&](unsigned int number, const std::string &sentence) {
		all += std::to_string(number) + ": " + sentence;
	});
	return all;
}

std::vector<tools::RemapLine> lines(const std::string &text)
{
	BOOST_TEST(complaints(text) == "");
	return tools::parse_remaptab(text, [](unsigned int, const std::string &) {});
}

} // namespace

BOOST_AUTO_TEST_CASE(lines_have_four_or_five_fields)
{
	const auto all = lines("# a comment\n"
			       "\n"
			       "home linear LABEL=home remap\n"
			       "\tdata  /etc/data\\040s.table\t/dev/sdb1 filter noauto,nolockfs\n"
			       "vg none UUID=1-2 remap none\n"
			       "root linear /dev/sda1 remap initramfs");

	BOOST_REQUIRE(all.size() == 4u);
	BOOST_TEST(all[0].number == 3u);
	BOOST_TEST(all[0].upper == "home");
	BOOST_TEST(all[0].table == "linear");
	BOOST_TEST(all[0].original == "LABEL=home");
	BOOST_TEST((all[0].mode == DMREMAP_MODE_REMAP));
	BOOST_TEST(!all[0].nolockfs);
	BOOST_TEST(!all[0].noauto);
	BOOST_TEST(all[1].number == 4u);
	BOOST_TEST(all[1].table == "/etc/data s.table");
	BOOST_TEST((all[1].mode == DMREMAP_MODE_FILTER));
	BOOST_TEST(all[1].nolockfs);
	BOOST_TEST(all[1].noauto);
	BOOST_TEST(all[2].table == "none");
	BOOST_TEST(!all[2].noauto);
	BOOST_TEST(!all[2].initramfs);
	BOOST_TEST(all[3].initramfs);
	BOOST_TEST(lines("").empty());
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_line_is_told)
{
	BOOST_TEST(complaints("a linear /dev/sda1") ==
		   "1: has 3 fields: they are dm device, table, block device, mode, and options");
	BOOST_TEST(complaints("a linear /dev/sda1 remap none x") ==
		   "1: has 6 fields: they are dm device, table, block device, mode, and options");
	BOOST_TEST(complaints("\n/dev/mapper/a linear /dev/sda1 remap") ==
		   "2: '/dev/mapper/a' is a path: give the name of the dm device");
	BOOST_TEST(complaints("a table /dev/sda1 remap") ==
		   "1: 'table' is no table: it is linear, none, or the path of a file");
	BOOST_TEST(complaints("a linear sda1 remap") ==
		   "1: 'sda1' is no block device: give a path, or UUID=, LABEL=, PARTUUID= or "
		   "PARTLABEL=");
	BOOST_TEST(complaints("a linear UUID= remap").starts_with("1: 'UUID=' is no block device"));
	BOOST_TEST(complaints("a linear /dev/sda1 replace") ==
		   "1: unknown mode 'replace': it is remap or filter");
	BOOST_TEST(complaints("a linear /dev/sda1 remap noauto,fast") ==
		   "1: unknown option 'fast': it is nolockfs, noauto or initramfs");
	BOOST_TEST(complaints("a linear /dev/sda1 remap\na none /dev/sda2 remap") ==
		   "2: 'a' is in line 1 already");
}

BOOST_AUTO_TEST_CASE(a_wrong_line_leaves_the_others)
{
	const auto all = tools::parse_remaptab("x\na linear /dev/sda1 remap\ny\n",
					       [](unsigned int, const std::string &) {});

	BOOST_REQUIRE(all.size() == 1u);
	BOOST_TEST(all[0].upper == "a");
}

BOOST_AUTO_TEST_CASE(tables_are_as_dmsetup_reads_them)
{
	const auto table = tools::parse_table("# half\n0 8 linear  8:1 0 noexcl\n8 16 zero\n");

	BOOST_REQUIRE(table.size() == 2u);
	BOOST_TEST(table[0].start == 0u);
	BOOST_TEST(table[0].sectors == 8u);
	BOOST_TEST(table[0].type == "linear");
	BOOST_TEST(table[0].params == "8:1 0 noexcl");
	BOOST_TEST(table[1].start == 8u);
	BOOST_TEST(table[1].type == "zero");
	BOOST_TEST(table[1].params == "");
	for (const std::string text : {"", "# nothing\n", "0 8\n", "x 8 zero\n", "0 -8 zero\n"})
		BOOST_CHECK_THROW(tools::parse_table(text), dmr::Error);
}
