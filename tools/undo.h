/* SPDX-License-Identifier: GPL-2.0-only */
/* What was done so far, taken back in reverse order unless all went well. */
#pragma once

#include <functional>
#include <utility>
#include <vector>

namespace tools
{

class Undo
{
public:
	/* @report hears the sentence of a step that cannot be taken back. */
	explicit Undo(std::function<void(const char *)> report) : report_(std::move(report)) {}
	Undo(const Undo &) = delete;
	Undo &operator=(const Undo &) = delete;
	~Undo()
	{
		while (!steps_.empty()) {
			try {
				steps_.back()();
			} catch (const std::exception &error) {
				report_(error.what());
			}
			steps_.pop_back();
		}
	}

	void add(std::function<void()> step) { steps_.push_back(std::move(step)); }
	void done() { steps_.clear(); }

private:
	std::function<void(const char *)> report_;
	std::vector<std::function<void()>> steps_;
};

} // namespace tools
