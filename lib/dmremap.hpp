/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * libdmremap: the C++ face. Header only, over <dmremap.h>, where units, ownership and error
 * codes are described; here errors are exceptions and lists are containers. C++17 or later.
 */
#ifndef DMREMAP_HPP
#define DMREMAP_HPP

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <dmremap.h>

namespace dmremap
{

/* code() is the errno value, what() the sentence of dmremap_last_error(). */
class Error : public std::system_error
{
public:
	Error(int errnum, std::string sentence)
	    : std::system_error(errnum, std::generic_category()), sentence_(std::move(sentence))
	{
	}

	const char *what() const noexcept override { return sentence_.c_str(); }

private:
	std::string sentence_;
};

struct Pair {
	std::string upper;
	std::string original;
};

struct DeviceNumber {
	uint32_t major;
	uint32_t minor;
};

struct Attachment {
	std::string upper;
	DeviceNumber upper_number;
	std::string original;
	DeviceNumber original_number;
	std::string mode;
	std::string flags;
	uint64_t reads;
	uint64_t read_sectors;
	uint64_t writes;
	uint64_t write_sectors;
	uint64_t held;
	std::string upper_uuid;
	uint64_t sectors;
	uint64_t in_flight;
	int64_t since;
};

struct Contents {
	std::string type;
	std::string label;
	std::string uuid;
	std::vector<std::string> mount_points;
};

struct Support {
	dmremap_support provider;
	std::string reason;
};

/* Owns a context. Moves, does not copy. Every function throws Error or std::bad_alloc. */
class Context
{
public:
	/* Called with each line of the log; must not throw. */
	using Log = std::function<void(dmremap_log_level, const char *)>;

	Context() : Context(make()) {}

	/* Takes the context over. */
	explicit Context(dmremap_context *context) : context_(context) {}

	void set_log(Log log)
	{
		log_ = std::make_unique<Log>(std::move(log));
		dmremap_set_log(
			context_.get(),
			[](void *data, dmremap_log_level level, const char *line) {
				(*static_cast<Log *>(data))(level, line);
			},
			log_.get());
	}

	/* What stop() and status() are about; 0: both modes. */
	void set_mode(int mode) { check(dmremap_set_mode(context_.get(), mode)); }

	/* For programs only: see dmremap_take_devmapper_log(). */
	void take_devmapper_log() { check(dmremap_take_devmapper_log(context_.get())); }

	Support probe()
	{
		dmremap_support provider;
		const char *reason;

		check(dmremap_probe(context_.get(), &provider, &reason));
		return {provider, reason};
	}

	void check_table(const std::string &upper, const std::string &table)
	{
		check(dmremap_check_table(context_.get(), upper.c_str(), table.c_str()));
	}

	std::string name_from_uuid(const std::string &uuid)
	{
		char *name;

		check(dmremap_name_from_uuid(context_.get(), uuid.c_str(), &name));
		return take(name);
	}

	std::string name_from_devno(DeviceNumber number)
	{
		char *name;

		check(dmremap_name_from_devno(context_.get(), number.major, number.minor, &name));
		return take(name);
	}

	void start(dmremap_mode mode, const std::vector<Pair> &pairs, uint32_t flags = 0)
	{
		std::vector<dmremap_pair> c_pairs;

		for (const Pair &pair : pairs)
			c_pairs.push_back({pair.upper.c_str(), pair.original.c_str()});
		check(dmremap_start(context_.get(), mode, c_pairs.data(), c_pairs.size(), flags));
	}

	void stop(const std::string &upper, uint32_t flags = 0)
	{
		check(dmremap_stop(context_.get(), upper.c_str(), flags));
	}

	/* Of one upper: empty when it is not attached. */
	std::vector<Attachment> status(const std::string &upper) { return list(upper.c_str()); }

	/* Of all dm devices. */
	std::vector<Attachment> status() { return list(nullptr); }

	Contents contents(const std::string &device)
	{
		dmremap_contents *answer;

		check(dmremap_read_contents(context_.get(), device.c_str(), &answer));
		std::unique_ptr<dmremap_contents, Free> owner(answer);
		Contents result = {answer->type, answer->label, answer->uuid, {}};
		for (const char *const *directory = answer->mount_points; *directory; directory++)
			result.mount_points.emplace_back(*directory);
		return result;
	}

private:
	struct Free {
		void operator()(dmremap_context *context) const { dmremap_free(context); }
		void operator()(dmremap_list *status) const { dmremap_list_free(status); }
		void operator()(dmremap_contents *c) const { dmremap_contents_free(c); }
		void operator()(char *text) const { std::free(text); }
	};

	static dmremap_context *make()
	{
		dmremap_context *context;
		int r = dmremap_new(&context);

		if (r < 0)
			throw Error(-r, "cannot make a context of libdmremap");
		return context;
	}

	static std::string take(char *name)
	{
		std::unique_ptr<char, Free> owner(name);

		return name;
	}

	void check(int r) const
	{
		if (r < 0)
			throw Error(-r, dmremap_last_error(context_.get()));
	}

	std::vector<Attachment> list(const char *upper)
	{
		dmremap_list *status;

		check(dmremap_status(context_.get(), upper, &status));
		std::unique_ptr<dmremap_list, Free> owner(status);
		std::vector<Attachment> result;
		for (size_t i = 0; i < dmremap_list_count(status); i++) {
			const dmremap_attachment *a = dmremap_list_at(status, i);

			result.push_back({a->upper,
					  {a->upper_major, a->upper_minor},
					  a->original,
					  {a->original_major, a->original_minor},
					  a->mode,
					  a->flags,
					  a->reads,
					  a->read_sectors,
					  a->writes,
					  a->write_sectors,
					  a->held,
					  a->upper_uuid,
					  a->sectors,
					  a->in_flight,
					  a->since});
		}
		return result;
	}

	std::unique_ptr<Log> log_; /* outlives the context, which calls it */
	std::unique_ptr<dmremap_context, Free> context_;
};

} // namespace dmremap

#endif
