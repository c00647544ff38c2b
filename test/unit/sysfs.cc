/* SPDX-License-Identifier: GPL-2.0-only */
/* Block devices in a sysfs that is made of plain files. */
#define BOOST_TEST_MODULE sysfs
#include <boost/test/unit_test.hpp>

#include "support.h"
#include "sysfs.h"
#include "text.h"

using namespace dmr;

namespace
{

struct Tree {
	TemporaryDirectory directory;
	Sysfs sysfs{directory.path("")};

	Tree()
	{
		directory.write("devices/pci/vda/size", "8192\n");
		directory.write("devices/pci/vda/dev", "254:0\n");
		directory.write("devices/pci/vda/ro", "0\n");
		directory.write("devices/pci/vda/queue/logical_block_size", "512\n");
		directory.write("devices/pci/vda/queue/dma_alignment", "3\n");
		directory.write("devices/pci/vda/queue/iostats", "0\n");
		directory.write("devices/pci/vda/queue/zoned", "none\n");
		directory.write("devices/pci/vda/queue/dax", "0\n");
		partition("vda2", "254:2");
		partition("vda1", "254:1");
		link("254:0", "vda");
		link("254:1", "vda/vda1");
		link("254:2", "vda/vda2");
	}

	void partition(const std::string &name, const std::string &devno)
	{
		directory.write("devices/pci/vda/" + name + "/partition", "1\n");
		directory.write("devices/pci/vda/" + name + "/size", "2048\n");
		directory.write("devices/pci/vda/" + name + "/ro", "1\n");
		directory.write("devices/pci/vda/" + name + "/dev", devno + "\n");
	}

	void link(const std::string &devno, const std::string &device)
	{
		std::filesystem::create_directories(directory.path("dev/block"));
		std::filesystem::create_symlink("../../devices/pci/" + device,
						directory.path("dev/block/" + devno));
	}
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_disk_knows_its_partitions, Tree)
{
	const auto disk = sysfs.block({254, 0});

	BOOST_REQUIRE(disk.has_value());
	BOOST_TEST(disk->name == "vda");
	BOOST_TEST(disk->sectors == 8192u);
	BOOST_TEST(!disk->read_only);
	BOOST_TEST(!disk->disk.has_value());
	BOOST_REQUIRE(disk->partitions.size() == 2u);
	BOOST_TEST(to_string(disk->partitions[0]) == "254:1");
	BOOST_TEST(to_string(disk->partitions[1]) == "254:2");
}

BOOST_FIXTURE_TEST_CASE(a_partition_knows_its_disk_and_has_its_limits, Tree)
{
	const auto partition = sysfs.block({254, 1});

	BOOST_REQUIRE(partition.has_value());
	BOOST_TEST(partition->name == "vda1");
	BOOST_TEST(partition->sectors == 2048u);
	BOOST_TEST(partition->read_only);
	BOOST_REQUIRE(partition->disk.has_value());
	BOOST_TEST(to_string(*partition->disk) == "254:0");
	BOOST_TEST(partition->partitions.empty());
	BOOST_TEST(partition->limits.logical_block_size.value() == 512u);
	BOOST_TEST(partition->limits.dma_alignment.value() == 3u);
	BOOST_TEST(partition->limits.zoned == "none");
	BOOST_TEST(partition->limits.dax.value() == false);
}

BOOST_FIXTURE_TEST_CASE(io_of_a_bio_based_device_may_be_uncounted, Tree)
{
	BOOST_TEST(sysfs.block({254, 0})->limits.uncounted);
	BOOST_TEST(sysfs.block({254, 0})->limits.bio_based);
	directory.write("devices/pci/vda/mq/0/nr_tags", "64\n");
	BOOST_TEST(!sysfs.block({254, 0})->limits.uncounted);
	std::filesystem::remove_all(directory.path("devices/pci/vda/mq"));
	directory.write("devices/pci/vda/queue/iostats", "1\n");
	BOOST_TEST(!sysfs.block({254, 0})->limits.uncounted);
}

BOOST_FIXTURE_TEST_CASE(a_number_without_device_is_nothing, Tree)
{
	BOOST_TEST(!sysfs.block({254, 9}).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_device_without_size_is_nothing, Tree)
{
	directory.write("devices/pci/vda/size", "unknown\n");
	BOOST_TEST(!sysfs.block({254, 0}).has_value());
}

BOOST_FIXTURE_TEST_CASE(limits_of_an_older_kernel_are_unknown, Tree)
{
	std::filesystem::remove_all(directory.path("devices/pci/vda/queue"));
	const auto disk = sysfs.block({254, 0});
	BOOST_REQUIRE(disk.has_value());
	BOOST_TEST(!disk->limits.dma_alignment.has_value());
	BOOST_TEST(!disk->limits.dax.has_value());
	BOOST_TEST(disk->limits.zoned == "");
}

BOOST_FIXTURE_TEST_CASE(a_slash_in_a_name_comes_back, Tree)
{
	directory.write("devices/pci/cciss!c0d0/size", "16\n");
	link("104:0", "cciss!c0d0");
	BOOST_TEST(sysfs.block({104, 0})->name == "cciss/c0d0");
}
