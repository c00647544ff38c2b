/* SPDX-License-Identifier: GPL-2.0-only */
/* What several unit tests need: an error with its sentence, a directory that goes away. */
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include "error.h"

/* Errno and sentence of the dmr::Error that @function throws; 0 and "" when it throws none. */
struct Thrown {
	int errnum = 0;
	std::string sentence;
};

template <typename Function>
Thrown thrown_by(Function function)
{
	try {
		function();
	} catch (const dmr::Error &error) {
		return {error.errnum(), error.what()};
	}
	return {};
}

class TemporaryDirectory
{
public:
	TemporaryDirectory()
	{
		std::string pattern = std::filesystem::temp_directory_path() / "dmremap.XXXXXX";

		if (!mkdtemp(pattern.data()))
			throw std::runtime_error("mkdtemp " + pattern);
		path_ = pattern;
	}
	~TemporaryDirectory() { std::filesystem::remove_all(path_); }
	TemporaryDirectory(const TemporaryDirectory &) = delete;
	TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;

	std::string path(const std::string &name) const { return path_ / name; }

	/* Makes the directories above, too. */
	std::string write(const std::string &name, const std::string &text) const
	{
		const std::filesystem::path file = path_ / name;

		std::filesystem::create_directories(file.parent_path());
		std::ofstream(file, std::ios::binary) << text;
		return file;
	}

private:
	std::filesystem::path path_;
};

inline std::string read_text(const std::string &path)
{
	std::ifstream file(path, std::ios::binary);
	std::ostringstream text;

	if (!file)
		throw std::runtime_error(path + ": cannot be read");
	text << file.rdbuf();
	return text.str();
}
