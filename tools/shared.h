/* SPDX-License-Identifier: GPL-2.0-only */
/* A value that a process and its Guard both see. */
#pragma once

#include <atomic>
#include <new>

#include <sys/mman.h>

namespace tools
{

template <typename Value>
class Shared
{
public:
	explicit Shared(Value value)
	{
		void *const memory = mmap(nullptr, sizeof(*value_), PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		if (memory == MAP_FAILED)
			throw std::bad_alloc();
		value_ = new (memory) std::atomic<Value>(value);
	}
	~Shared() { munmap(value_, sizeof(*value_)); }
	Shared(const Shared &) = delete;
	Shared &operator=(const Shared &) = delete;

	Value get() const { return *value_; }
	void set(Value value) { *value_ = value; }

private:
	/* a lock would not be seen by both */
	static_assert(std::atomic<Value>::is_always_lock_free);
	std::atomic<Value> *value_;
};

} // namespace tools
