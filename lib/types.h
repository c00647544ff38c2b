/* SPDX-License-Identifier: LGPL-2.1-only */
/* Plain facts that the kernel tells about devices. Sectors are 512 bytes. */
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dmr
{

struct Devno {
	uint32_t major;
	uint32_t minor;
	auto operator<=>(const Devno &) const = default;
};

/* An entry of the kernel's list of dm devices. */
struct DmDevice {
	std::string name;
	Devno devno;
};

struct DmInfo {
	std::string name;
	std::string uuid;
	Devno devno;
	bool suspended;
	bool live_table;
	bool read_only;
	int open_count;
};

/* A line of a live table, or of its status. */
struct DmTarget {
	uint64_t start;
	uint64_t sectors;
	std::string type;
	std::string params;
};

/* What a path is. */
struct FileFacts {
	enum class Kind { missing, inaccessible, block, character, directory, regular, other };
	Kind kind;
	int errnum;  /* of inaccessible, else 0 */
	Devno devno; /* of block, else 0:0 */
};

/* What of a device's I/O limits decides whether another device can stand in for it. */
struct BlockLimits {
	std::optional<uint64_t> logical_block_size; /* bytes */
	std::optional<uint64_t> dma_alignment;      /* mask */
	std::string zoned;                          /* "none", or the kind; "" unknown */
	std::optional<bool> dax;
	bool bio_based = false; /* its driver has no request queues */
	bool uncounted = false; /* bio-based, and its I/O in flight is not counted */
};

struct BlockFacts {
	std::string name; /* the kernel's: vda1, dm-3 */
	uint64_t sectors;
	bool read_only;
	uint64_t in_flight;            /* requests, or bios where there are none */
	std::optional<Devno> disk;     /* of a partition: the whole disk */
	std::vector<Devno> partitions; /* of a whole disk */
	BlockLimits limits;
};

/* What is stored on a device. */
struct Contents {
	std::string type;            /* libblkid's: ext4, LVM2_member; "" nothing known */
	uint64_t volume_devices = 1; /* number of devices that the file system spans */
	std::string label = {};      /* "" none */
	std::string uuid = {};       /* "" none */
};

/* A mounted file system. */
struct Mount {
	std::string directory;
	std::string type;
	Devno devno; /* of the block device that it is on */
};

/* Whether there is a device-mapper to talk to. */
enum class Availability {
	ready,
	not_permitted,
	missing,
};

} // namespace dmr
