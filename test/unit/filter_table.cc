/* SPDX-License-Identifier: GPL-2.0-only */
/* What a live table says against its being a filter. */
#define BOOST_TEST_MODULE filter_table
#include <boost/test/unit_test.hpp>

#include "fake_kernel.h"
#include "filter_table.h"

using namespace dmr;

namespace
{

/* The usual pair: dm-noexcl (252:0) on /dev/vda1 (254:1). */
struct Upper {
	FakeKernel kernel = FakeKernel::usual();
	Pair pair = {*kernel.dm_by_name("dm-noexcl"), resolve_original(kernel, "op", "/dev/vda1")};

	void table(const std::string &type, const std::string &params)
	{
		kernel.dms.at({252, 0}).table = {{0, 2048, type, params}};
	}

	std::string place(const std::string &type, const std::string &params)
	{
		table(type, params);
		return place_reason(kernel, pair).value_or("");
	}

	std::string type(const std::string &type)
	{
		table(type, "");
		return target_type_reason(kernel, pair).value_or("");
	}
};

} // namespace

/* The lines are those of "dmsetup table". */
BOOST_FIXTURE_TEST_CASE(tables_of_all_filters_are_fine, Upper)
{
	for (const auto &[type, params] : std::vector<std::pair<std::string, std::string>>{
		     {"linear", "254:1 0 noexcl"},
		     {"dust", "254:1 0 512 noexcl"},
		     {"delay", "254:1 0 500 noexcl"},
		     {"delay", "254:1 0 0 254:1 0 500 noexcl"},
		     {"delay", "254:1 0 0 254:1 0 500 254:1 0 333 noexcl"},
		     {"flakey", "254:1 0 0 60 1 error_writes noexcl"},
		     {"verity", "1 254:1 254:2 4096 4096 256 1 sha256 00ff aa noexcl:254:1"},
		     {"snapshot-origin", "254:1 noexcl"},
		     {"linear", "254:1 0 noexcl:254:9,254:1"},
	     }) {
		BOOST_TEST(place(type, params) == "");
		BOOST_TEST(!target_type_reason(kernel, pair));
		BOOST_TEST(!several_targets_reason(kernel, pair));
	}
}

BOOST_FIXTURE_TEST_CASE(other_targets_are_no_filters, Upper)
{
	for (const std::string name : {"crypt", "mirror", "striped", "snapshot", "snapshot-merge",
				       "error", "zero", "linear2", "multipath"})
		BOOST_TEST(type(name) == "dm-noexcl: its target " + name +
						 " is no filter: use dmsetup remap start");
	BOOST_TEST(place("crypt", "aes 00 0 254:2 0") == "");
}

BOOST_FIXTURE_TEST_CASE(another_device_is_named, Upper)
{
	const std::string end = ", not over /dev/vda1: load a table over that device alone";

	for (const char *name : {"linear", "dust", "delay", "flakey", "snapshot-origin"})
		BOOST_TEST(place(name, "254:2 0 1 noexcl") ==
			   std::string("dm-noexcl: its target ") + name + " is over vda2 (254:2)" +
				   end);
	BOOST_TEST(place("verity", "1 254:2 254:1 4096 4096 256 1 sha256 00 - noexcl:254:2") ==
		   "dm-noexcl: its target verity is over vda2 (254:2)" + end);
	BOOST_TEST(place("linear", "8:77 0 noexcl") ==
		   "dm-noexcl: its target linear is over 8:77" + end);
}

BOOST_FIXTURE_TEST_CASE(another_first_sector_is_named, Upper)
{
	for (const char *name : {"linear", "dust", "delay", "flakey"})
		BOOST_TEST(place(name, "254:1 8 1 noexcl") ==
			   std::string("dm-noexcl: its target ") + name +
				   " begins at sector 8 of /dev/vda1: load a table that begins at "
				   "its first sector, 0");
}

BOOST_FIXTURE_TEST_CASE(each_class_of_delay_is_looked_at, Upper)
{
	const std::string alone = ", not to /dev/vda1: load a table over that device alone";
	const std::string first = ": load a table that begins at its first sector, 0";

	BOOST_TEST(place("delay", "254:2 0 1 254:1 0 2 noexcl") ==
		   "dm-noexcl: its target delay sends reads to vda2 (254:2)" + alone);
	BOOST_TEST(place("delay", "254:1 0 1 254:2 0 2 noexcl") ==
		   "dm-noexcl: its target delay sends writes to vda2 (254:2)" + alone);
	BOOST_TEST(place("delay", "254:1 0 1 254:1 0 2 254:2 0 3 noexcl") ==
		   "dm-noexcl: its target delay sends flushes to vda2 (254:2)" + alone);
	BOOST_TEST(place("delay", "254:1 0 1 254:1 16 2 noexcl") ==
		   "dm-noexcl: its target delay begins at sector 16 of /dev/vda1 for writes" +
			   first);
	BOOST_TEST(place("delay", "254:1 0 1 254:1 0 2 254:1 9 3 noexcl") ==
		   "dm-noexcl: its target delay begins at sector 9 of /dev/vda1 for flushes" +
			   first);
}

BOOST_FIXTURE_TEST_CASE(a_claim_is_told, Upper)
{
	const std::string claim = "dm-noexcl: its table claims /dev/vda1 for itself: load it with "
				  "noexcl at the end of the line";

	BOOST_TEST(place("linear", "254:1 0") == claim);
	BOOST_TEST(place("delay", "254:1 0 5 254:1 0 5") == claim);
	BOOST_TEST(place("verity", "1 254:1 254:2 4096 4096 256 1 sha256 00 - noexcl:254:2") ==
		   claim);
	BOOST_TEST(place("linear", "254:1 0 noexcl:254:11,254:2") == claim);
}

BOOST_FIXTURE_TEST_CASE(lines_that_are_not_understood_are_no_reason, Upper)
{
	BOOST_TEST(place("linear", "/dev/vda1 0 noexcl") == "");
	BOOST_TEST(place("linear", "noexcl") == "");
	BOOST_TEST(place("delay", "254:1 noexcl") == "");
	BOOST_TEST(place("linear", "254:1 x noexcl") == "");
}

BOOST_FIXTURE_TEST_CASE(several_targets_are_counted, Upper)
{
	auto &table = kernel.dms.at({252, 0}).table;

	BOOST_TEST(!several_targets_reason(kernel, pair));
	table.push_back(table.front());
	table.push_back(table.front());
	BOOST_TEST(several_targets_reason(kernel, pair).value() ==
		   "dm-noexcl: its table has 3 targets: a filter has one: load a table of one "
		   "target, or use dmsetup remap start");
	table.clear();
	BOOST_TEST(!several_targets_reason(kernel, pair));
}

BOOST_FIXTURE_TEST_CASE(verity_is_known, Upper)
{
	table("verity", "1 254:1 254:2");
	BOOST_TEST(is_verity(kernel, pair));
	table("linear", "254:1 0 noexcl");
	BOOST_TEST(!is_verity(kernel, pair));
}
