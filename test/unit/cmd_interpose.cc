/* SPDX-License-Identifier: GPL-2.0-only */
/* dmsetup remap and dmsetup filter against a fake kernel: what they print and how they exit. */
#define BOOST_TEST_MODULE cmd_interpose
#include <boost/test/unit_test.hpp>

#include "config.h"

#include "shell.h"

BOOST_FIXTURE_TEST_CASE(success_prints_nothing, Shell)
{
	BOOST_TEST(run({"start", "dm-noexcl", "/dev/vda1"}) == 0);
	BOOST_TEST(out == "");
	BOOST_TEST(err == "");
	BOOST_TEST(done == Done({"message 252:0 @interpose_start remap 254:1"}),
		   boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(start_takes_several_pairs_and_nolockfs, Shell)
{
	BOOST_TEST(run({"start", "--nolockfs", "dm-noexcl", "/dev/vda1", "dm-second",
			"/dev/vda2"}) == 0);
	BOOST_TEST(
		done == Done({"message 252:0 @interpose_start remap 254:1 nolockfs and 252:1 254:2"}),
		boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(start_takes_what_is_out_of_date_only_by_force, Shell)
{
	kernel.in_use = {"vda1"};
	kernel.dms.at({252, 0}).table = {
		{0, 2048, "mirror", "core 1 512 2 254:1 0 254:2 0 noexcl:254:1"}};
	BOOST_TEST(run({"start", "dm-noexcl", "/dev/vda1"}) == 1);
	BOOST_TEST(err == "dmsetup: remap start: dm-noexcl: its mirror has copied from /dev/vda1 "
			  "while others wrote there, and is out of date: load dm-noexcl with a "
			  "linear table first, start, and load the mirror then\n");
	BOOST_TEST(done.empty());
	for (const char *force : {"-f", "--force"}) {
		BOOST_TEST(run({"start", force, "dm-noexcl", "/dev/vda1"}) == 0);
		BOOST_TEST(err == "");
		BOOST_TEST(done == Done({"message 252:0 @interpose_start remap 254:1"}),
			   boost::test_tools::per_element());
	}
}

BOOST_FIXTURE_TEST_CASE(options_may_name_the_upper, Shell)
{
	BOOST_TEST(run({"-u", "UUID-dm-second", "start", "/dev/vda1"}) == 0);
	BOOST_TEST(done == Done({"message 252:1 @interpose_start remap 254:1"}),
		   boost::test_tools::per_element());
	kernel.attach({252, 1}, {254, 1});
	BOOST_TEST(run({"stop", "-j", "252", "-m", "1"}) == 0);
	BOOST_TEST(done == Done({"message 252:1 @interpose_stop"}),
		   boost::test_tools::per_element());
	BOOST_TEST(run({"status", "-j", "252", "-m", "1"}) == 0);
	BOOST_TEST(out ==
		   "dm-second: remap 254:1 (vda1) reads 0 sectors 0 writes 0 sectors 0 held 0 "
		   "flags -\n");
}

BOOST_FIXTURE_TEST_CASE(an_error_is_one_line_without_usage, Shell)
{
	BOOST_TEST(run({"start", "dm-noexcl", "/dev/vdz"}) == 1);
	BOOST_TEST(out == "");
	BOOST_TEST(err == "dmsetup: remap start: /dev/vdz: no such file or device: lsblk shows the "
			  "block devices\n");
}

BOOST_FIXTURE_TEST_CASE(verbose_tells_the_steps, Shell)
{
	BOOST_TEST(run({"start", "-v", "dm-noexcl", "/dev/vda1"}) == 0);
	BOOST_TEST(out == "");
	BOOST_TEST(err == "dm-noexcl (252:0) goes to vda1 (254:1)\n"
			  "sending to dm-noexcl: @interpose_start remap 254:1\n"
			  "attached: dm-noexcl on /dev/vda1\n");
}

BOOST_FIXTURE_TEST_CASE(verbose_tells_warnings_as_such, Shell)
{
	kernel.mounted = {{"/srv", "ext4", {254, 1}}};
	kernel.sync_errno = EIO;
	BOOST_TEST(run({"start", "-v", "dm-noexcl", "/dev/vda1"}) == 0);
	BOOST_TEST((err.find("\nWARNING: fake: Input/output error\n") != std::string::npos));
}

BOOST_FIXTURE_TEST_CASE(stop_goes_on_after_an_error, Shell)
{
	kernel.attach({252, 1}, {254, 1});
	BOOST_TEST(run({"stop", "dm-third", "dm-noexcl", "dm-second"}) == 1);
	BOOST_TEST(err ==
		   "dmsetup: remap stop: dm-third: no such dm device: dmsetup ls shows those "
		   "that are there\n"
		   "dmsetup: remap stop: dm-noexcl: is not attached: dmsetup remap status "
		   "shows what is\n");
	BOOST_TEST(done == Done({"message 252:0 @interpose_stop", "message 252:1 @interpose_stop"}),
		   boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(stop_takes_data_away_only_by_force, Shell)
{
	kernel.attach({252, 0}, {254, 1});
	kernel.attach({252, 1}, {254, 2});
	kernel.dms.at({252, 0}).table = {{0, 2048, "cache", "7:0 7:1 254:1 128 0 smq 0"}};
	kernel.dms.at({252, 0}).target_status = {
		{0, 2048, "cache",
		 "8 24/1024 128 13/512 21 6 14 9 0 13 2 1 writeback 2 migration_threshold 2048 smq "
		 "0 rw - "}};
	kernel.dms.at({252, 1}).table = {{0, 2048, "linear", "254:2 0 noexcl"}};
	BOOST_TEST(run({"stop", "dm-noexcl", "dm-second"}) == 1);
	BOOST_TEST(err ==
		   "dmsetup: remap stop: dm-noexcl: has data that vda1 (254:1) has not: its "
		   "cache has 2 dirty blocks: load the table of dm-noexcl with writethrough "
		   "and the policy cleaner, and wait until dmsetup status dm-noexcl shows no "
		   "dirty blocks\n");
	BOOST_TEST(done == Done({"message 252:1 @interpose_stop"}),
		   boost::test_tools::per_element());
	for (const char *force : {"-f", "--force"}) {
		BOOST_TEST(run({"stop", force, "dm-noexcl"}) == 0);
		BOOST_TEST(err == "");
		BOOST_TEST(done == Done({"message 252:0 @interpose_stop"}),
			   boost::test_tools::per_element());
	}
}

BOOST_FIXTURE_TEST_CASE(status_prints_a_line_for_each_attachment, Shell)
{
	kernel.dms.at({252, 0}).status = "remap 254:1 - 12 96 3 24 0\n";
	kernel.dms.at({252, 1}).status = "remap 254:9 nolockfs,gone 1 2 3 4 5 6\n";
	BOOST_TEST(run({"status"}) == 0);
	BOOST_TEST(out ==
		   "dm-noexcl: remap 254:1 (vda1) reads 12 sectors 96 writes 3 sectors 24 "
		   "held 0 flags -\n"
		   "dm-second: remap 254:9 (gone) reads 1 sectors 2 writes 3 sectors 4 held 5 "
		   "flags nolockfs,gone\n");
	BOOST_TEST(err == "");
}

BOOST_FIXTURE_TEST_CASE(status_of_nothing_prints_nothing, Shell)
{
	BOOST_TEST(run({"status"}) == 0);
	BOOST_TEST(out == "");
	BOOST_TEST(err == "");
}

BOOST_FIXTURE_TEST_CASE(status_of_a_named_device_says_not_attached, Shell)
{
	BOOST_TEST(run({"status", "dm-noexcl"}) == 0);
	BOOST_TEST(out == "dm-noexcl: not attached\n");
}

BOOST_FIXTURE_TEST_CASE(status_goes_on_after_an_error, Shell)
{
	BOOST_TEST(run({"status", "dm-third", "dm-noexcl"}) == 1);
	BOOST_TEST(out == "dm-noexcl: not attached\n");
	BOOST_TEST(err == "dmsetup: remap status: dm-third: no such dm device: dmsetup ls shows "
			  "those that are there\n");
}

BOOST_FIXTURE_TEST_CASE(missing_feature_is_told_by_every_command, Shell)
{
	kernel.patched = false;
	for (const std::vector<std::string> &arguments :
	     std::vector<std::vector<std::string>>{{"start", "dm-noexcl", "/dev/vda1"},
						   {"stop", "dm-noexcl"},
						   {"status", "dm-noexcl"}}) {
		BOOST_TEST(run(arguments) == 1);
		BOOST_TEST(out == "");
		BOOST_TEST(
			err ==
			"dmsetup: remap " + arguments[0] +
				": dm-noexcl: this kernel has no interposer: install the module dm-interpose for it (package dm-interpose-dkms), or boot a kernel "
				"that is built with CONFIG_DM_INTERPOSE\n");
	}
}

BOOST_FIXTURE_TEST_CASE(usage_errors_name_help, Shell)
{
	usage_error({}, "remap: a command is missing: start, stop or status");
	usage_error({"begin"}, "remap: unknown command 'begin'");
	usage_error({"start"}, "remap start needs <dm_device> <block_device> "
			       "[<dm_device> <block_device>]...");
	usage_error({"start", "dm-noexcl"},
		    "remap start needs <dm_device> <block_device> [<dm_device> "
		    "<block_device>]...");
	usage_error(
		{"start", "dm-noexcl", "/dev/vda1", "dm-second"},
		"remap start: 'dm-second' is alone: a dm device and a block device go together");
	usage_error({"stop"}, "remap stop needs <dm_device>...");
	usage_error({"status", "--nolockfs"}, "remap status takes no --nolockfs");
	usage_error({"status", "--force"}, "remap status takes no --force");
	usage_error({"stop", "-u", "X", "dm-noexcl"},
		    "remap stop: --uuid, --major and --minor are for one dm device only");
	usage_error({"start", "-u", "X", "a", "b", "c"},
		    "remap start: --uuid, --major and --minor are for one dm device only");
	usage_error({"start", "--foo"}, "remap: unknown option '--foo'");
}

BOOST_FIXTURE_TEST_CASE(help_and_version_go_to_stdout, Shell)
{
	BOOST_TEST(run({"--help"}) == 0);
	BOOST_TEST(out.starts_with("Usage:\n\ndmsetup remap\n"));
	BOOST_TEST(err == "");
	BOOST_TEST(run({"start", "-h"}) == 0);
	BOOST_TEST(out.starts_with("Usage:\n"));
	BOOST_TEST(run({"--version"}) == 0);
	BOOST_TEST(out == "dm-remap " PACKAGE_VERSION " (libdmremap " LIBVERSION ")\n");
}

struct FilterShell : Shell {
	FilterShell() { word = "filter"; }
};

BOOST_AUTO_TEST_CASE(our_words_are_known)
{
	BOOST_REQUIRE(tools::our_words().size() == 2u);
	BOOST_TEST(tools::find_our_word("remap")->mode == DMREMAP_MODE_REMAP);
	BOOST_TEST(tools::find_our_word("filter")->mode == DMREMAP_MODE_FILTER);
	for (const char *word : {"", "filters", "Filter", "info"})
		BOOST_TEST(!tools::find_our_word(word), word);
}

BOOST_FIXTURE_TEST_CASE(filter_starts_filters, FilterShell)
{
	BOOST_TEST(run({"start", "--nolockfs", "dm-noexcl", "/dev/vda1", "dm-second",
			"/dev/vda2"}) == 0);
	BOOST_TEST(out == "");
	BOOST_TEST(err == "");
	BOOST_TEST(done == Done({"message 252:0 @interpose_start filter 254:1 nolockfs and 252:1 "
				 "254:2"}),
		   boost::test_tools::per_element());
	BOOST_TEST(run({"-u", "UUID-dm-second", "start", "-v", "/dev/vda1"}) == 0);
	BOOST_TEST(err == "dm-second (252:1) goes to vda1 (254:1)\n"
			  "sending to dm-second: @interpose_start filter 254:1\n"
			  "attached: dm-second on /dev/vda1\n");
}

BOOST_FIXTURE_TEST_CASE(filter_stops_filters, FilterShell)
{
	kernel.attach({252, 0}, {254, 1}, "remap");
	kernel.attach({252, 1}, {254, 2}, "filter");
	kernel.add_dm({252, 2}, "dm-third", 2048);
	BOOST_TEST(run({"stop", "dm-noexcl", "dm-third", "dm-second"}) == 1);
	BOOST_TEST(err ==
		   "dmsetup: filter stop: dm-noexcl: is attached to vda1 (254:1) as remap, not as "
		   "filter: use dmsetup remap stop dm-noexcl\n"
		   "dmsetup: filter stop: dm-third: is not attached: dmsetup filter status shows "
		   "what is\n");
	BOOST_TEST(done == Done({"message 252:2 @interpose_stop", "message 252:1 @interpose_stop"}),
		   boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(remap_does_not_stop_filters, Shell)
{
	kernel.attach({252, 0}, {254, 1}, "filter");
	BOOST_TEST(run({"stop", "dm-noexcl"}) == 1);
	BOOST_TEST(err == "dmsetup: remap stop: dm-noexcl: is attached to vda1 (254:1) as filter, "
			  "not as remap: use dmsetup filter stop dm-noexcl\n");
	BOOST_TEST(done.empty());
}

BOOST_FIXTURE_TEST_CASE(each_status_lists_its_own, Shell)
{
	kernel.dms.at({252, 0}).status = "remap 254:1 - 12 96 3 24 0\n";
	kernel.dms.at({252, 1}).status = "filter 254:2 nolockfs 1 2 3 4 5 6\n";
	const std::string remap = "dm-noexcl: remap 254:1 (vda1) reads 12 sectors 96 writes 3 "
				  "sectors 24 held 0 flags -\n";
	const std::string filter = "dm-second: filter 254:2 (vda2) reads 1 sectors 2 writes 3 "
				   "sectors 4 held 5 flags nolockfs\n";

	BOOST_TEST(run({"status"}) == 0);
	BOOST_TEST(out == remap);
	word = "filter";
	BOOST_TEST(run({"status"}) == 0);
	BOOST_TEST(out == filter);
	BOOST_TEST(run({"status", "dm-noexcl", "dm-second"}) == 1);
	BOOST_TEST(out == filter);
	BOOST_TEST(err == "dmsetup: filter status: dm-noexcl: is attached to vda1 (254:1) as "
			  "remap, not as filter: use dmsetup remap status dm-noexcl\n");
}

BOOST_FIXTURE_TEST_CASE(status_of_a_filter_that_is_none_says_not_attached, FilterShell)
{
	BOOST_TEST(run({"status", "dm-noexcl"}) == 0);
	BOOST_TEST(out == "dm-noexcl: not attached\n");
}

BOOST_FIXTURE_TEST_CASE(filter_has_usage_errors_of_its_own, FilterShell)
{
	usage_error({}, "filter: a command is missing: start, stop or status");
	usage_error({"begin"}, "filter: unknown command 'begin'");
	usage_error({"start", "dm-noexcl"},
		    "filter start needs <dm_device> <block_device> [<dm_device> "
		    "<block_device>]...");
	usage_error(
		{"start", "dm-noexcl", "/dev/vda1", "dm-second"},
		"filter start: 'dm-second' is alone: a dm device and a block device go together");
	usage_error({"status", "--nolockfs"}, "filter status takes no --nolockfs");
	usage_error({"status", "--force"}, "filter status takes no --force");
	usage_error({"stop", "-u", "X", "dm-noexcl"},
		    "filter stop: --uuid, --major and --minor are for one dm device only");
	usage_error({"start", "--foo"}, "filter: unknown option '--foo'");
}
