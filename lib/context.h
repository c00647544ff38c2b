/* SPDX-License-Identifier: LGPL-2.1-only */
/* What the opaque handles of <dmremap.h> are. Unit tests make a context over a fake kernel. */
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dmremap.h"
#include "kernel.h"
#include "log.h"
#include "mode.h"
#include "remapper.h"

struct dmremap_context {
	dmremap_context() : kernel(dmr::make_system_kernel(log)), remapper(*kernel, log) {}
	explicit dmremap_context(std::unique_ptr<dmr::Kernel> other)
	    : kernel(std::move(other)), remapper(*kernel, log)
	{
	}
	~dmremap_context();
	dmremap_context(const dmremap_context &) = delete;
	dmremap_context &operator=(const dmremap_context &) = delete;

	dmr::Log log;
	std::unique_ptr<dmr::Kernel> kernel;
	dmr::Remapper remapper;
	std::string error;
	std::string reason;
	std::optional<dmr::Mode> mode; /* of stop and status */
	bool has_devmapper_log = false;
};

/* What the public struct points to lives behind it. */
struct dmremap_contents_owner : dmremap_contents {
	dmr::Contents on_device;
	std::vector<std::string> directories;
	std::vector<const char *> pointers;
};

struct dmremap_list {
	/* Strings that the list's items point to live beside them. */
	struct Item {
		std::string upper;
		std::string original;
		std::string mode;
		std::string flags;
		std::string upper_uuid;
		dmremap_attachment attachment;
	};
	std::vector<std::unique_ptr<Item>> items;
};
