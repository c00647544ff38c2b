/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What changes dm devices, over libdevmapper. All functions throw Error with the kernel's errno.
 * The devices are hidden from udev's rules that look at contents: a device that holds what another
 * one holds gets no links by UUID or label, and nobody assembles anything from it.
 */
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../types.h"

namespace dmr::device_mapper
{

using Table = std::vector<DmTarget>;

/* What udev has still to do. The destructor waits for it. */
class Udev
{
public:
	Udev() = default;
	Udev(const Udev &) = delete;
	Udev &operator=(const Udev &) = delete;
	~Udev() { wait(); }

	/* Not while a device is suspended: udev's programs may be on it. */
	void wait();
	uint32_t *cookie() { return &cookie_; }

private:
	uint32_t cookie_ = 0;
};

/* With a live table; without one when @table is empty. Nothing is left when it fails. */
void create(const std::string &name, const std::string &uuid, const Table &table, Udev &udev);

/* Into the inactive slot. */
void load(const std::string &name, const Table &table);

/* Empties the inactive slot. */
void clear(const std::string &name);

enum class Flush {
	yes, /* freeze the file system, and wait for the I/O in flight */
	no,  /* neither: the target gives back what it holds, and it comes again after the resume */
};

void suspend(const std::string &name, Flush flush = Flush::yes);

/* The inactive table, where there is one, becomes the live one. */
void resume(const std::string &name, Udev &udev);

/* Loads a table and makes it the live one. The old one stays when that fails. */
void replace(const std::string &name, const Table &table, Udev &udev, Flush flush = Flush::yes);

void remove(const std::string &name, Udev &udev);

} // namespace dmr::device_mapper
