/* SPDX-License-Identifier: GPL-2.0-only */
/* Stop, status and the question whether the kernel can do it. */
#define BOOST_TEST_MODULE stop_status
#include <boost/test/unit_test.hpp>

#include "fake_kernel.h"
#include "remapper.h"
#include "support.h"

using namespace dmr;
using Done = std::vector<std::string>;

namespace
{

struct Machine {
	FakeKernel kernel = FakeKernel::usual();
	Log log;
	Remapper remapper{kernel, log};
};

} // namespace

BOOST_FIXTURE_TEST_CASE(stop_is_one_message, Machine)
{
	kernel.attach({252, 1}, {254, 1});
	remapper.stop(Mode::remap, "/dev/mapper/dm-second", false);
	BOOST_TEST(kernel.done == Done({"message 252:1 @interpose_stop"}),
		   boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(stop_takes_nolockfs, Machine)
{
	kernel.attach({252, 1}, {254, 1});
	remapper.stop(Mode::remap, "dm-second", true);
	BOOST_TEST(kernel.done == Done({"message 252:1 @interpose_stop nolockfs"}),
		   boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(stop_writes_nothing_out, Machine)
{
	kernel.attach({252, 1}, {254, 1});
	kernel.mounted = {{"/srv", "ext4", {254, 1}}};
	remapper.stop(Mode::remap, "dm-second", false);
	BOOST_TEST(kernel.done.size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(stop_asks_nothing_of_an_original_that_is_gone, Machine)
{
	kernel.attach({252, 1}, {254, 1});
	kernel.blocks.erase({254, 1});
	kernel.contents_errno = EIO;
	remapper.stop(Mode::remap, "dm-second", false);
	BOOST_TEST(kernel.dms.at({252, 1}).status == "");
}

BOOST_FIXTURE_TEST_CASE(stop_of_an_unknown_device_is_told, Machine)
{
	const Thrown thrown = thrown_by([&] { remapper.stop(Mode::remap, "dm-third", false); });

	BOOST_TEST(thrown.errnum == ENXIO);
	BOOST_TEST(thrown.sentence ==
		   "remap stop: dm-third: no such dm device: dmsetup ls shows those "
		   "that are there");
}

BOOST_FIXTURE_TEST_CASE(status_of_one_device_is_its_own, Machine)
{
	kernel.attach({252, 0}, {254, 1});
	kernel.attach({252, 1}, {254, 2});
	const auto status = remapper.status(Mode::remap, "dm-second");
	BOOST_REQUIRE(status.size() == 1u);
	BOOST_TEST(to_string(status[0].attachment.original) == "254:2");
}

BOOST_FIXTURE_TEST_CASE(status_of_what_is_not_attached_is_empty, Machine)
{
	BOOST_TEST(remapper.status(Mode::remap, "dm-second").empty());
	BOOST_TEST(remapper.status(Mode::remap).empty());
}

BOOST_FIXTURE_TEST_CASE(status_without_any_dm_device_is_empty, Machine)
{
	kernel.dms.clear();
	kernel.patched = false;
	BOOST_TEST(remapper.status(Mode::remap).empty());
}

BOOST_FIXTURE_TEST_CASE(status_without_interposer_is_told, Machine)
{
	kernel.patched = false;
	const Thrown all = thrown_by([&] { remapper.status(Mode::remap); });
	BOOST_TEST(all.errnum == ENOSYS);
	BOOST_TEST(
		all.sentence ==
		"remap status: all dm devices: this kernel has no interposer: install the module dm-interpose for it (package dm-interpose-dkms), or boot a kernel that is built with CONFIG_DM_INTERPOSE");
	const Thrown one = thrown_by([&] { remapper.status(Mode::remap, "dm-noexcl"); });
	BOOST_TEST(one.errnum == ENOSYS);
	BOOST_TEST(
		one.sentence ==
		"remap status: dm-noexcl: this kernel has no interposer: install the module dm-interpose for it (package dm-interpose-dkms), or boot a kernel that is built with CONFIG_DM_INTERPOSE");
}

BOOST_FIXTURE_TEST_CASE(stop_and_status_need_device_mapper, Machine)
{
	kernel.is_available = Availability::missing;
	BOOST_TEST(thrown_by([&] { remapper.stop(Mode::remap, "dm-noexcl", false); }).errnum ==
		   ENOSYS);
	BOOST_TEST(thrown_by([&] { remapper.status(Mode::remap); }).errnum == ENOSYS);
	BOOST_TEST(thrown_by([&] { remapper.status(Mode::remap, "dm-noexcl"); }).errnum == ENOSYS);
	kernel.is_available = Availability::not_permitted;
	BOOST_TEST(thrown_by([&] { remapper.stop(Mode::remap, "dm-noexcl", false); }).errnum ==
		   EPERM);
	BOOST_TEST(thrown_by([&] { remapper.status(Mode::remap); }).errnum == EPERM);
}

BOOST_FIXTURE_TEST_CASE(patched_kernel_is_native, Machine)
{
	BOOST_TEST((remapper.probe().kind == Support::Kind::native));
}

BOOST_FIXTURE_TEST_CASE(unpatched_kernel_is_none_with_a_reason, Machine)
{
	kernel.patched = false;
	const Support support = remapper.probe();
	BOOST_TEST((support.kind == Support::Kind::none));
	BOOST_TEST(
		support.reason ==
		"this kernel has no interposer: install the module dm-interpose for it (package dm-interpose-dkms), or boot a kernel that is built with "
		"CONFIG_DM_INTERPOSE");
}

BOOST_FIXTURE_TEST_CASE(kernel_without_device_mapper_is_none_with_a_reason, Machine)
{
	kernel.is_available = Availability::missing;
	const Support support = remapper.probe();
	BOOST_TEST((support.kind == Support::Kind::none));
	BOOST_TEST(support.reason.starts_with("this kernel has no device-mapper"));
}

BOOST_FIXTURE_TEST_CASE(without_dm_device_nobody_can_be_asked, Machine)
{
	kernel.dms.clear();
	BOOST_TEST((remapper.probe().kind == Support::Kind::unknown));
}

BOOST_FIXTURE_TEST_CASE(probe_passes_over_a_device_that_disappears, Machine)
{
	kernel.before_message = [&] { kernel.dms.erase({252, 0}); };
	BOOST_TEST((remapper.probe().kind == Support::Kind::native));
}

BOOST_FIXTURE_TEST_CASE(names_are_found_by_uuid_and_number, Machine)
{
	BOOST_TEST(remapper.name_from_uuid("UUID-dm-second") == "dm-second");
	BOOST_TEST(remapper.name_from_devno({252, 1}) == "dm-second");
	BOOST_TEST(thrown_by([&] { remapper.name_from_uuid("none"); }).sentence ==
		   "no dm device has the UUID 'none': dmsetup info -c shows those that are there");
	BOOST_TEST(thrown_by([&] {
			   remapper.name_from_devno({252, 9});
		   }).sentence ==
		   "no dm device has the number 252:9: dmsetup info -c shows those that are there");
}

BOOST_FIXTURE_TEST_CASE(a_filter_is_stopped_by_the_same_message, Machine)
{
	kernel.attach({252, 1}, {254, 1}, "filter");
	remapper.stop(Mode::filter, "dm-second", false);
	BOOST_TEST(kernel.done == Done({"message 252:1 @interpose_stop"}),
		   boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(stop_of_the_other_mode_is_refused, Machine)
{
	kernel.attach({252, 0}, {254, 1}, "filter");
	kernel.attach({252, 1}, {254, 2}, "remap");
	const Thrown remap = thrown_by([&] { remapper.stop(Mode::remap, "dm-noexcl", false); });
	BOOST_TEST(remap.errnum == EPROTOTYPE);
	BOOST_TEST(remap.sentence == "remap stop: dm-noexcl: is attached to vda1 (254:1) as "
				     "filter, not as remap: use dmsetup filter stop dm-noexcl");
	const Thrown filter = thrown_by([&] { remapper.stop(Mode::filter, "dm-second", false); });
	BOOST_TEST(filter.errnum == EPROTOTYPE);
	BOOST_TEST(filter.sentence == "filter stop: dm-second: is attached to vda2 (254:2) as "
				      "remap, not as filter: use dmsetup remap stop dm-second");
	BOOST_TEST(kernel.done.empty());
}

BOOST_FIXTURE_TEST_CASE(stop_of_a_mode_of_later_kernels_is_refused, Machine)
{
	kernel.attach({252, 0}, {254, 9}, "later");
	BOOST_TEST(thrown_by([&] { remapper.stop(Mode::remap, "dm-noexcl", false); }).sentence ==
		   "remap stop: dm-noexcl: is attached to 254:9 as later, not as remap: use the "
		   "library that belongs to this kernel");
	BOOST_TEST(kernel.done.empty());
}

BOOST_FIXTURE_TEST_CASE(stop_without_a_mode_stops_each, Machine)
{
	kernel.attach({252, 0}, {254, 1}, "filter");
	kernel.attach({252, 1}, {254, 2}, "remap");
	remapper.stop(std::nullopt, "dm-noexcl", false);
	remapper.stop(std::nullopt, "dm-second", false);
	BOOST_TEST(kernel.dms.at({252, 0}).status == "");
	BOOST_TEST(kernel.dms.at({252, 1}).status == "");
	BOOST_TEST(thrown_by([&] { remapper.stop(std::nullopt, "dm-second", false); }).sentence ==
		   "stop: dm-second: is not attached: dmsetup remap status and dmsetup filter "
		   "status show what is");
}

BOOST_FIXTURE_TEST_CASE(stop_does_not_need_the_status, Machine)
{
	kernel.attach({252, 0}, {254, 1});
	kernel.status_errno = ENOMEM;
	remapper.stop(Mode::remap, "dm-noexcl", false);
	BOOST_TEST(kernel.done == Done({"message 252:0 @interpose_stop"}),
		   boost::test_tools::per_element());
	kernel.status_errno = 0;
	kernel.dms.at({252, 1}).status = "not understood\n";
	remapper.stop(Mode::remap, "dm-second", false);
	BOOST_TEST(kernel.dms.at({252, 1}).status == "");
}

BOOST_FIXTURE_TEST_CASE(status_of_all_lists_its_own_mode, Machine)
{
	kernel.add_dm({252, 2}, "dm-third", 2048);
	kernel.attach({252, 0}, {254, 1}, "filter");
	kernel.attach({252, 1}, {254, 2}, "remap");
	kernel.attach({252, 2}, {254, 0}, "later");
	const auto filters = remapper.status(Mode::filter);
	BOOST_REQUIRE(filters.size() == 1u);
	BOOST_TEST(filters[0].upper.name == "dm-noexcl");
	const auto remaps = remapper.status(Mode::remap);
	BOOST_REQUIRE(remaps.size() == 1u);
	BOOST_TEST(remaps[0].upper.name == "dm-second");
	BOOST_TEST(remapper.status(std::nullopt).size() == 3u);
}

BOOST_FIXTURE_TEST_CASE(status_of_a_device_in_the_other_mode_is_refused, Machine)
{
	kernel.attach({252, 0}, {254, 1}, "filter");
	const Thrown thrown = thrown_by([&] { remapper.status(Mode::remap, "dm-noexcl"); });
	BOOST_TEST(thrown.errnum == EPROTOTYPE);
	BOOST_TEST(thrown.sentence == "remap status: dm-noexcl: is attached to vda1 (254:1) as "
				      "filter, not as remap: use dmsetup filter status dm-noexcl");
	BOOST_TEST(remapper.status(Mode::filter, "dm-noexcl").size() == 1u);
	BOOST_TEST(remapper.status(std::nullopt, "dm-noexcl").size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(filter_stop_and_status_name_themselves, Machine)
{
	BOOST_TEST(thrown_by([&] { remapper.stop(Mode::filter, "dm-noexcl", false); }).sentence ==
		   "filter stop: dm-noexcl: is not attached: dmsetup filter status shows what is");
	BOOST_TEST(thrown_by([&] { remapper.status(Mode::filter, "dm-third"); }).sentence ==
		   "filter status: dm-third: no such dm device: dmsetup ls shows those that are "
		   "there");
	kernel.dms.at({252, 0}).status = "filter\n";
	BOOST_TEST(thrown_by([&] { remapper.status(Mode::filter); }).sentence ==
		   "filter status: dm-noexcl: the kernel's answer is not understood: 'filter': use "
		   "the library that belongs to this kernel");
	kernel.patched = false;
	BOOST_TEST(
		thrown_by([&] { remapper.status(Mode::filter); }).sentence ==
		"filter status: all dm devices: this kernel has no interposer: install the module dm-interpose for it (package dm-interpose-dkms), or boot a kernel "
		"that is built with CONFIG_DM_INTERPOSE");
	BOOST_TEST(
		thrown_by([&] { remapper.stop(Mode::filter, "dm-noexcl", false); }).sentence ==
		"filter stop: dm-noexcl: this kernel has no interposer: install the module dm-interpose for it (package dm-interpose-dkms), or boot a kernel that is "
		"built with CONFIG_DM_INTERPOSE");
}

struct Elsewhere : Machine {
	Elsewhere()
	{
		kernel.attach({252, 0}, {254, 1});
		kernel.mounted = {{"/srv", "ext4", {254, 1}}};
		kernel.dms.at({252, 0}).table = {{0, 2048, "snapshot", "254:1 254:2 N 8"}};
	}

	Thrown stop(std::optional<Mode> mode, bool force = false)
	{
		return thrown_by([&] { remapper.stop(mode, "dm-noexcl", false, force); });
	}

	void stopped(std::optional<Mode> mode, bool force = false)
	{
		BOOST_TEST(stop(mode, force).sentence == "");
		BOOST_TEST(kernel.done == Done({"message 252:0 @interpose_stop"}),
			   boost::test_tools::per_element());
	}
};

BOOST_FIXTURE_TEST_CASE(data_that_the_original_has_not_is_not_left_behind, Elsewhere)
{
	const std::string sentence =
		"dm-noexcl: may have data that vda1 (254:1) has not: its target snapshot keeps on "
		"other devices what is written, and vda1 is in use (ext4 mounted on /srv): end that "
		"use first, or stop it with --force";
	const std::string before = kernel.dms.at({252, 0}).status;

	BOOST_TEST(stop(Mode::remap).errnum == EBUSY);
	BOOST_TEST(stop(Mode::remap).sentence == "remap stop: " + sentence);
	/* Without a mode it is asked how the upper is attached. */
	BOOST_TEST(stop(std::nullopt).errnum == EBUSY);
	BOOST_TEST(stop(std::nullopt).sentence == "stop: " + sentence);
	BOOST_TEST(kernel.done.empty());
	BOOST_TEST(kernel.dms.at({252, 0}).status == before);
}

BOOST_FIXTURE_TEST_CASE(force_does_not_even_ask, Elsewhere)
{
	kernel.dms.at({252, 0}).table = {{0, 2048, "mirror", "core 1 1024 2 254:1 0 254:2 0"}};
	kernel.dms.at({252, 0}).target_status = {
		{0, 2048, "mirror", "2 254:1 254:2 1/1 1 DA 1 core"}};
	stopped(Mode::remap, true);
	BOOST_TEST(kernel.asked_status.empty());
}

BOOST_FIXTURE_TEST_CASE(a_filter_is_stopped_whatever_its_table, Elsewhere)
{
	kernel.attach({252, 0}, {254, 1}, "filter");
	stopped(Mode::filter);
	kernel.done.clear();
	kernel.attach({252, 0}, {254, 1}, "filter");
	stopped(std::nullopt);
	kernel.done.clear();
	kernel.attach({252, 0}, {254, 1}, "filter");
	stopped(Mode::filter, true);
}

BOOST_FIXTURE_TEST_CASE(an_original_that_was_unplugged_loses_nothing, Elsewhere)
{
	/* Its number is another device's by now. */
	kernel.dms.at({252, 0}).status = "remap 254:1 gone 0 0 0 0 0\n";
	stopped(Mode::remap);
}

BOOST_FIXTURE_TEST_CASE(a_suspended_upper_has_to_be_resumed_first, Elsewhere)
{
	kernel.dms.at({252, 0}).info.suspended = true;
	BOOST_TEST(
		stop(Mode::remap).sentence ==
		"remap stop: dm-noexcl: is suspended: resume it first: dmsetup resume dm-noexcl");
}

BOOST_FIXTURE_TEST_CASE(what_cannot_be_asked_is_the_kernels_to_stop, Elsewhere)
{
	kernel.status_errno = ENOMEM;
	stopped(std::nullopt);
}
