/* SPDX-License-Identifier: GPL-2.0-only */
/* What libblkid and we find on small images. */
#define BOOST_TEST_MODULE signature
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <cstring>

#include <endian.h>

#include "signature.h"
#include "support.h"

using namespace dmr;

namespace
{

/* Little-endian, as all of these formats are. */
void put(std::string &image, size_t offset, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		image[offset + i] = static_cast<char>(value >> (8 * i));
}

uint32_t crc32c(const std::string &data, size_t offset, size_t size)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < size; i++) {
		crc ^= static_cast<unsigned char>(data[offset + i]);
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return ~crc;
}

std::string swap_image()
{
	std::string image(64 * 1024, '\0');

	put(image, 1024, 1, 4);  /* version */
	put(image, 1028, 15, 4); /* last page */
	image.replace(4086, 10, "SWAPSPACE2");
	return image;
}

std::string md_image()
{
	/* libblkid looks for no arrays on a disk of the size of a floppy */
	std::string image(2 * 1024 * 1024, '\0');

	put(image, 4096, 0xa92b4efc, 4); /* magic */
	put(image, 4096 + 4, 1, 4);      /* major version */
	put(image, 4096 + 144, 8, 8);    /* sector of this superblock */
	uint64_t sum = 0;
	for (size_t i = 0; i < 256; i += 4) {
		uint32_t word;

		std::memcpy(&word, image.data() + 4096 + i, sizeof(word));
		sum += le32toh(word);
	}
	put(image, 4096 + 216, (sum & 0xffffffff) + (sum >> 32),
	    4); /* checksum, which later versions look at */
	return image;
}

std::string btrfs_image(uint64_t devices)
{
	constexpr size_t kSuper = 64 * 1024;
	std::string image(1024 * 1024, '\0');

	put(image, kSuper + 0x20, 0x1122334455667788, 8); /* fsid */
	put(image, kSuper + 0x30, kSuper, 8);             /* where it is */
	image.replace(kSuper + 0x40, 8, "_BHRfS_M");
	put(image, kSuper + 0x70, image.size(), 8); /* total bytes */
	put(image, kSuper + 0x88, devices, 8);
	put(image, kSuper + 0x90, 4096, 4);  /* sector size */
	put(image, kSuper + 0x94, 16384, 4); /* node size */
	put(image, kSuper, crc32c(image, kSuper + 32, 4096 - 32), 4);
	return image;
}

Contents contents_of(const std::string &image)
{
	TemporaryDirectory directory;

	return read_signature(directory.write("image", image));
}

} // namespace

BOOST_AUTO_TEST_CASE(nothing_known_has_no_type)
{
	BOOST_TEST(contents_of(std::string(64 * 1024, '\0')).type == "");
	BOOST_TEST(contents_of(std::string(64 * 1024, 'x')).type == "");
}

BOOST_AUTO_TEST_CASE(swap_space_is_found)
{
	const Contents contents = contents_of(swap_image());

	BOOST_TEST(contents.type == "swap");
	BOOST_TEST(contents.volume_devices == 1u);
}

BOOST_AUTO_TEST_CASE(md_member_is_found)
{
	BOOST_TEST(contents_of(md_image()).type == "linux_raid_member");
}

BOOST_AUTO_TEST_CASE(devices_of_btrfs_are_counted)
{
	BOOST_TEST(contents_of(btrfs_image(1)).type == "btrfs");
	BOOST_TEST(contents_of(btrfs_image(1)).volume_devices == 1u);
	BOOST_TEST(contents_of(btrfs_image(3)).volume_devices == 3u);
}

BOOST_AUTO_TEST_CASE(missing_device_is_an_error)
{
	const Thrown thrown = thrown_by([] { read_signature("/nowhere"); });

	BOOST_TEST(thrown.errnum == ENOENT);
	BOOST_TEST(thrown.sentence == "/nowhere: cannot be opened: No such file or directory");
}
