/* SPDX-License-Identifier: GPL-2.0-only */
/* What is refused, or said in other words, where the module interposes. */
#define BOOST_TEST_MODULE module
#include <boost/test/unit_test.hpp>

#include <sys/utsname.h>

#include "dm/module.h"
#include "fake_kernel.h"
#include "io_limits.h"
#include "log.h"
#include "module.h"
#include "remapper.h"
#include "support.h"

using namespace dmr;

namespace
{

struct Machine {
	Machine() { kernel.module = true; }

	Thrown start(Mode mode = Mode::remap, bool nolockfs = false)
	{
		return thrown_by([&] {
			remapper.start(mode, {{"dm-noexcl", "/dev/vda1"}}, nolockfs);
		});
	}

	FakeKernel kernel = FakeKernel::usual();
	Log log;
	Remapper remapper{kernel, log};
};

} // namespace

BOOST_FIXTURE_TEST_CASE(the_module_is_a_provider, Machine)
{
	BOOST_TEST((remapper.probe().kind == Support::Kind::module));
	BOOST_TEST(start().errnum == 0);
}

BOOST_FIXTURE_TEST_CASE(it_is_loaded_when_it_is_needed, Machine)
{
	kernel.module = kernel.patched = false;
	kernel.module_loads = true;
	BOOST_TEST((remapper.probe().kind == Support::Kind::module));

	kernel.module = kernel.patched = false;
	BOOST_TEST(start().errnum == 0);

	kernel.module = kernel.patched = false;
	BOOST_TEST(remapper.status(Mode::remap).empty());

	/* loaded just now, it has nothing to stop */
	kernel.module = kernel.patched = false;
	BOOST_TEST(
		thrown_by([&] { remapper.stop(Mode::remap, "dm-noexcl", false); }).errnum ==
		EALREADY);

	/* a kernel with its own interposer has no need of it */
	kernel.module = false;
	kernel.patched = true;
	BOOST_TEST((remapper.probe().kind == Support::Kind::native));
	BOOST_TEST(start().errnum == 0);
	BOOST_TEST(!kernel.module);
}

BOOST_FIXTURE_TEST_CASE(why_there_is_no_interposer_is_told, Machine)
{
	const std::string missing =
		"dm-noexcl: this kernel has no interposer: install the module dm-interpose for it "
		"(package dm-interpose-dkms), or boot a kernel that is built with "
		"CONFIG_DM_INTERPOSE";
	const std::string refused =
		"dm-noexcl: this kernel has no interposer, and its module dm-interpose cannot be "
		"loaded: see dmesg, and dm-interpose(7) for Secure Boot";

	kernel.module = kernel.patched = false;
	BOOST_TEST(start().sentence == "remap start: " + missing);
	BOOST_TEST(start(Mode::filter).sentence == "filter start: " + missing);
	BOOST_TEST(thrown_by([&] { remapper.stop(Mode::remap, "dm-noexcl", false); }).sentence ==
		   "remap stop: " + missing);
	kernel.module_installed = true;
	BOOST_TEST(start().sentence == "remap start: " + refused);
	BOOST_TEST(start(Mode::filter).sentence == "filter start: " + refused);
	BOOST_TEST(start().errnum == ENOSYS);
	kernel.is_available = Availability::not_permitted;
	BOOST_TEST(start().sentence ==
		   "remap start: not permitted: run it as root (it needs CAP_SYS_ADMIN)");
}

BOOST_AUTO_TEST_CASE(an_installed_module_is_found)
{
	const TemporaryDirectory directory;
	utsname name;
	uname(&name);
	const std::string dep = std::string(name.release) + "/modules.dep";

	BOOST_TEST(!module::is_installed(directory.path("")));
	directory.write(dep, "kernel/a.ko: kernel/dm-interpose.ko\nkernel/xdm-interpose.ko:\n");
	BOOST_TEST(!module::is_installed(directory.path("")));
	directory.write(dep, "kernel/a.ko:\nupdates/dkms/dm-interpose.ko.xz: kernel/dm-mod.ko\n");
	BOOST_TEST(module::is_installed(directory.path("")));
}

BOOST_FIXTURE_TEST_CASE(it_has_no_filters, Machine)
{
	const Thrown thrown = start(Mode::filter);

	BOOST_TEST(thrown.errnum == EOPNOTSUPP);
	BOOST_TEST(
		thrown.sentence ==
		"filter start: dm-noexcl: the module dm-interpose has no filters, which only the native "
		"provider has: use dmsetup remap start, or boot a kernel with the patches of dm-remap "
		"(CONFIG_DM_INTERPOSE)");
	BOOST_TEST(kernel.done.empty());
}

BOOST_FIXTURE_TEST_CASE(a_suspended_upper_is_refused, Machine)
{
	kernel.dms.at({252, 0}).info.suspended = true;
	BOOST_TEST(start().errnum == EBUSY);
	kernel.attach({252, 0}, {254, 1});
	BOOST_TEST(
		thrown_by([&] { remapper.stop(Mode::remap, "dm-noexcl", false); }).sentence ==
		"remap stop: dm-noexcl: is suspended: resume it first: dmsetup resume dm-noexcl");
	BOOST_TEST(kernel.done.empty());
}

BOOST_FIXTURE_TEST_CASE(a_table_that_leads_back_is_refused, Machine)
{
	kernel.dms.at({252, 0}).deps = {{252, 1}};
	kernel.dms.at({252, 1}).deps = {{254, 1}};
	kernel.dms.at({252, 1}).table = {{0, 2048, "linear", "254:1 0"}};
	BOOST_TEST(
		start().sentence ==
		"remap start: dm-noexcl: the table of dm-second leads back to /dev/vda1: load it over "
		"the target interpose (linear with noexcl)");
	/* by the whole disk as well */
	kernel.dms.at({252, 1}).deps = {{254, 0}};
	kernel.dms.at({252, 1}).table = {{0, 2048, "linear", "254:0 0"}};
	BOOST_TEST(start().errnum == ELOOP);
	kernel.dms.at({252, 1}).deps = {{254, 1}};
	kernel.dms.at({252, 1}).table = {{0, 2048, "linear", "254:1 0 noexcl"}};
	BOOST_TEST(start().errnum == 0);
}

BOOST_FIXTURE_TEST_CASE(a_table_for_an_attached_upper_is_looked_at, Machine)
{
	const auto load = [&](const std::string &table) {
		return thrown_by([&] { remapper.check_table("dm-noexcl", table); });
	};
	const std::string loop =
		"load: dm-noexcl: is attached to vda1, and the table of dm-noexcl would lead back "
		"there: load it over the target interpose (linear with noexcl)";

	kernel.add_dm({252, 2}, "low", 2048);
	kernel.dms.at({252, 2}).deps = {{254, 1}};
	kernel.dms.at({252, 1}).deps = {{254, 1}};
	kernel.dms.at({252, 1}).table = {{0, 2048, "linear", "254:1 0"}};
	/* attached to nothing */
	BOOST_TEST(load("0 8 linear /dev/vda1 0").errnum == 0);
	kernel.attach({252, 0}, {254, 1});

	for (const char *good :
	     {"0 2048 interpose 254:1 0", "0 2048 linear /dev/vda2 0", "0 4096 zero",
	      "0 8 zero\n8 2040 error\n", "0 2048 linear /dev/mapper/low 0",
	      "0 2048 linear 254:1 0 noexcl", "# comment\n0 2048 zero"})
		BOOST_TEST(load(good).sentence == "", good);
	for (const char *bad :
	     {"0 2048 linear 254:1 0", "0 2048 linear /dev/vda1 0", "0 2048 linear /dev/vda 2048",
	      "0 2048 snapshot 252:2 254:1 N 8", "0 8 zero\n8 2040 linear 254:1 8"})
		BOOST_TEST(load(bad).sentence == loop, bad);
	/* further down, and to itself */
	BOOST_TEST(load("0 2048 linear /dev/mapper/dm-second 0").errnum == ELOOP);
	BOOST_TEST(load("0 2048 interpose 252:1 0").sentence.find("table of dm-second") !=
		   std::string::npos);
	kernel.dms.at({252, 2}).deps = {{252, 0}};
	BOOST_TEST(load("0 2048 linear 252:2 0").errnum == ELOOP);

	const Thrown little = load("0 2047 zero");
	BOOST_TEST(little.errnum == ERANGE);
	BOOST_TEST(little.sentence ==
		   "load: dm-noexcl: is attached to vda1, which has 2048 sectors, and the table has "
		   "2047: load one of the same length, or stop it first");
	/* the kernel's own interposer looks at it */
	kernel.module = false;
	BOOST_TEST(load("0 8 linear /dev/vda1 0").errnum == 0);
}

BOOST_FIXTURE_TEST_CASE(a_bio_based_original_is_told, Machine)
{
	kernel.start_errno = EOPNOTSUPP;
	kernel.blocks.at({254, 1}).limits.bio_based = true;
	BOOST_TEST(start().sentence ==
		   "remap start: /dev/vda1: takes bios itself (a dm or md device, for example), and "
		   "the module dm-interpose cannot wait for them: remap what is below it, or boot a "
		   "kernel with the patches of dm-remap (CONFIG_DM_INTERPOSE)");
	kernel.module = false;
	BOOST_TEST(start().sentence.find("takes bios itself") == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(limited_io_is_refused, Machine)
{
	kernel.limited = {"system.slice/backup"};
	BOOST_TEST(
		start().sentence ==
		"remap start: /dev/vda1: the control group system.slice/backup limits its I/O, and what "
		"waits for that passes the module by: lift the limit (io.max) for the start");
	kernel.module = false;
	BOOST_TEST(start().errnum == 0);
}

BOOST_AUTO_TEST_CASE(limits_are_found_in_both_hierarchies)
{
	const TemporaryDirectory directory;

	directory.write("cgroup/a/b/io.max", "254:16 rbps=max wbps=1024\n");
	directory.write("cgroup/a/io.max", "");
	directory.write("cgroup/a/c/io.max", "8:0 riops=10\n254:0 wiops=10\n");
	directory.write("cgroup/a/c/io.stat", "254:32 rbytes=1\n");
	directory.write("cgroup/blkio/d/blkio.throttle.write_bps_device", "7:0 1024\n");
	directory.write("cgroup/blkio/d/blkio.throttle.io_serviced", "7:1 Read 5\n");
	const auto groups = [&](Devno disk) {
		const auto all = read_io_limited_groups(directory.path("cgroup"), disk);
		return all.empty() ? "" : all.front();
	};

	BOOST_TEST(groups({254, 0}) == "a/c");
	BOOST_TEST(groups({254, 16}) == "a/b");
	BOOST_TEST(groups({7, 0}) == "blkio/d");
	BOOST_TEST(groups({7, 1}) == "");
	BOOST_TEST(groups({254, 32}) == "");
	BOOST_TEST(groups({254, 1}) == "");
	BOOST_TEST(read_io_limited_groups(directory.path("nothing"), {254, 0}).empty());
}

BOOST_AUTO_TEST_CASE(its_target_is_told_as_linear)
{
	DmTarget target = {0, 8, "interpose", "8:1 0"};

	module::name_as_linear(target);
	BOOST_TEST(target.type == "linear");
	BOOST_TEST(target.params == "8:1 0 noexcl");
	target = {0, 8, "striped", "1 8 8:1 0"};
	module::name_as_linear(target);
	BOOST_TEST(target.type == "striped");
	BOOST_TEST(target.params == "1 8 8:1 0");
}
