/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * libdmremap: attach a device-mapper device (the upper) to a block device that has users (the
 * original), so that the original's I/O goes to the upper instead, or is filtered by it; detach
 * it again; tell which are attached. C interface; <dmremap.hpp> is the C++ face over it.
 *
 * Functions that return int return 0, or a negative errno value. After an error,
 * dmremap_last_error() of the same context is one line that names the device, the reason and
 * what to do. Out-parameters are set only on success.
 *
 * Threads: libdevmapper, below, has process-wide state, so only one thread at a time may be in
 * this library, whichever context it uses. No function keeps a pointer that it was given, except
 * dmremap_set_log().
 *
 * Privileges: dmremap_start(), dmremap_stop(), dmremap_check_table(), dmremap_status(),
 * dmremap_probe() and dmremap_name_from_*() need CAP_SYS_ADMIN and access to /dev/mapper/control;
 * dmremap_read_contents() has to be allowed to read the device.
 *
 * Sectors are 512 bytes, whatever the block size of the device.
 */
#ifndef DMREMAP_H
#define DMREMAP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define DMREMAP_NOEXCEPT noexcept
#else
#define DMREMAP_NOEXCEPT
#endif

#define DMREMAP_API __attribute__((visibility("default")))

/* A context: settings, and the text of the last error. Opaque. */
struct dmremap_context;

/* What became of the I/O of an original. Later versions add modes. */
enum dmremap_mode {
	DMREMAP_MODE_REMAP = 1,  /* every bio for the original goes to the upper instead */
	DMREMAP_MODE_FILTER = 2, /* a target of the upper handles the original's own bios */
};

/* How this kernel carries it out. Later versions add providers. */
enum dmremap_support {
	DMREMAP_SUPPORT_UNKNOWN = 0, /* there is no device-mapper device to ask */
	DMREMAP_SUPPORT_NONE = 1,    /* this kernel cannot do it */
	DMREMAP_SUPPORT_NATIVE = 2,  /* the kernel has the interposer built in */
	DMREMAP_SUPPORT_MODULE = 3,  /* the module dm-interpose is loaded: remap, no filters */
};

/* Flags of dmremap_start() and dmremap_stop(). Unknown bits are -EINVAL. */
#define DMREMAP_NOLOCKFS ((uint32_t) 1 << 0) /* do not freeze the file systems of the originals */
#define DMREMAP_FORCE ((uint32_t) 1 << 1)    /* also where it loses data */

enum dmremap_log_level {
	DMREMAP_LOG_WARNING = 1, /* the call goes on, but something was not as it should be */
	DMREMAP_LOG_STEP = 2,    /* what is being done: the -v of a command */
	DMREMAP_LOG_DEBUG = 3,   /* for developers; libdevmapper's messages too, if taken */
};

/*
 * Receives one line, without newline, valid during the call only. It must not call the library
 * and must not throw.
 */
typedef void (*dmremap_log_fn)(void *data, enum dmremap_log_level level, const char *line);

/* Version of the library, "major.minor.patch". Static. */
DMREMAP_API const char *dmremap_version(void) DMREMAP_NOEXCEPT;

/*
 * Makes a context. It asks nothing of the kernel yet, so it works everywhere.
 * @context: set to the new context; release it with dmremap_free().
 * Returns 0, -EINVAL (null pointer), -ENOMEM.
 */
DMREMAP_API int dmremap_new(struct dmremap_context **context) DMREMAP_NOEXCEPT;

/* Releases a context, and with it every string that dmremap_last_error() gave. Null is fine.
 * Attachments stay: they belong to the kernel. */
DMREMAP_API void dmremap_free(struct dmremap_context *context) DMREMAP_NOEXCEPT;

/*
 * Sets who hears what is done. Null: nobody (the default).
 * @data is handed to every call of @log; both must live until the next dmremap_set_log() or
 * dmremap_free().
 */
DMREMAP_API void dmremap_set_log(struct dmremap_context *context, dmremap_log_fn log,
				 void *data) DMREMAP_NOEXCEPT;

/*
 * Sets what dmremap_stop() and dmremap_status() of this context are about.
 * @mode: one of enum dmremap_mode: only uppers that are attached in this mode; one that is named
 *	and is attached in another is -EPROTOTYPE. 0, the default: all uppers.
 * Returns 0 or -EINVAL (null pointer, no such mode).
 */
DMREMAP_API int dmremap_set_mode(struct dmremap_context *context, int mode) DMREMAP_NOEXCEPT;

/*
 * Takes libdevmapper's messages to the log of @context, at DMREMAP_LOG_DEBUG, until that context
 * is freed. libdevmapper's log handler belongs to the whole process, and it prints errors on
 * stderr when there is none: a program that wants to print its own sentences calls this; a
 * library in somebody else's process should not.
 * Returns 0 or -EINVAL (null pointer).
 */
DMREMAP_API int dmremap_take_devmapper_log(struct dmremap_context *context) DMREMAP_NOEXCEPT;

/*
 * The sentence of the last call on this context that failed; "" if none has. One line, no
 * newline. Valid until the next call on the context.
 */
DMREMAP_API const char *dmremap_last_error(const struct dmremap_context *context) DMREMAP_NOEXCEPT;

/*
 * Asks the kernel whether it can interpose.
 * @support: the answer.
 * @reason: why, in one line without newline, valid until the next call on the context; may be
 *	null.
 * Returns 0, also when the answer is DMREMAP_SUPPORT_NONE or _UNKNOWN; -EPERM; -ENOMEM; or what
 * the kernel's device-mapper gave.
 */
DMREMAP_API int dmremap_probe(struct dmremap_context *context, enum dmremap_support *support,
			      const char **reason) DMREMAP_NOEXCEPT;

/*
 * The name of the dm device that has this UUID, or this device number.
 * @name: set to a copy of the name, to be released with free().
 * Returns 0, -ENXIO (there is no such dm device), -EINVAL, -EPERM, -ENOSYS (no device-mapper),
 * -ENOMEM.
 */
DMREMAP_API int dmremap_name_from_uuid(struct dmremap_context *context, const char *uuid,
				       char **name) DMREMAP_NOEXCEPT;
DMREMAP_API int dmremap_name_from_devno(struct dmremap_context *context, uint32_t major,
					uint32_t minor, char **name) DMREMAP_NOEXCEPT;

/* One original and the upper that is attached to it. */
struct dmremap_pair {
	/* dm device: a name, /dev/mapper/name, /dev/dm-N, any path to its node, or major:minor. */
	const char *upper;
	/* block device: any path to its node, or major:minor. */
	const char *original;
};

/*
 * Attaches every upper to its original, all at one instant or none. The file systems that are
 * mounted on the originals are first written out (syncfs), then frozen by the kernel, all of
 * them, before the first pair is attached, and thawed after the last: that is the one point in
 * time that all pairs share. With DMREMAP_NOLOCKFS the kernel freezes none.
 * Bios in flight complete where they were sent; a bio that is submitted after the function has
 * returned 0 goes to the upper, or is seen by its filter.
 * A filter's table has one target, which is linear, dust, delay, flakey, verity or
 * snapshot-origin, over the whole original, shared with it by noexcl.
 * @mode: one of enum dmremap_mode, for all pairs; others are -EINVAL.
 * @pairs: @count pairs, at least one.
 * @flags: 0 or a combination of
 *	DMREMAP_NOLOCKFS
 *	DMREMAP_FORCE		of a remap: attach what decrypts plain data, or has copied what is
 *				out of date; the data on the original does not survive it
 * Returns 0, or
 *	-EINVAL		bad argument, or the same device twice; or the upper decrypts (dm-crypt)
 *			and what is on the original is not encrypted
 *	-EPERM		not permitted (CAP_SYS_ADMIN)
 *	-ENOSYS		no device-mapper in this kernel, or one without the interposer
 *	-ENOENT, -ENXIO	there is no such file, or no such device
 *	-ENOTBLK	the original is not a block device
 *	-ENODATA	the upper has no live table
 *	-ERANGE, -EFBIG	the upper is smaller, larger, than the original
 *	-ELOOP		the upper is, or leads back to, the original
 *	-EBUSY		attached already, suspended, in use, or in use as a member of a
 *			volume of several devices; or the original is in use, and the upper
 *			(mirror, raid, cache, clone, integrity) has copied from it or checked
 *			what is on it, while it was written to directly; the sentence says which
 *	-EROFS		remap: one of the two is read-only, and the other is not; filter: the upper
 *			is, and its target is not verity
 *	-EOPNOTSUPP	kinds or limits of the devices do not fit; the target is no filter
 *	-EMLINK		filter: the table of the upper has several targets
 *	-EXDEV		filter: its target is not over this original from its first sector, or
 *			does not share it
 *	-ENODEV, -E2BIG, -ENOMEM, -EINTR
 * Nothing is attached then.
 * Context: blocks until the file systems are written out, which a child process waits for: a fatal
 * signal ends it, and nothing has changed; and until they are frozen, which ends when their devices
 * have answered.
 */
DMREMAP_API int dmremap_start(struct dmremap_context *context, int mode,
			      const struct dmremap_pair *pairs, size_t count,
			      uint32_t flags) DMREMAP_NOEXCEPT;

/*
 * Detaches an upper from its original, whatever mode it is attached in. Bios in flight in the
 * upper complete there first, those that a filter holds go on at once; a bio that is submitted
 * after the function has returned 0 goes to the original. No file system is frozen, so it works
 * as well when the upper fails all I/O.
 * The upper of a remap is not stopped (-EBUSY, nothing is changed) while it has, or may have, data
 * that the original has not: whoever uses the original would find there what was written before.
 * This is told from the live tables and status of the upper and of the dm devices between it and
 * the original:
 *	always		a cache in writeback mode or with dirty blocks; a writecache that is not
 *			empty and a cleaner; integrity in mode J; a leg of mirror or raid that is
 *			not in sync; a snapshot-merge that is under way
 *	in use		while the original is mounted, swap space or claimed by a dm device: clone,
 *			snapshot, thin; a table that is over another device; a target that has
 *			failed, is not known to this version or does not tell its state
 * An original that was unplugged, and a filter, are stopped without asking. Asking can wait for a
 * device that holds metadata and does not answer; DMREMAP_FORCE does not ask.
 * @upper: as in struct dmremap_pair.
 * @flags: 0 or a combination of
 *	DMREMAP_NOLOCKFS	which changes nothing
 *	DMREMAP_FORCE		stop whatever data the upper has; it is lost to the original's users
 * Returns 0, -EALREADY (nothing is attached), -EBUSY (the upper is suspended, or has data that the
 * original has not; the sentence says which), -EINTR (still attached), -EPROTOTYPE
 * (dmremap_set_mode()), or as dmremap_start().
 */
DMREMAP_API int dmremap_stop(struct dmremap_context *context, const char *upper,
			     uint32_t flags) DMREMAP_NOEXCEPT;

/*
 * Whether a table may be loaded into a dm device that is attached. A kernel that has the interposer
 * built in looks at that itself, when it is loaded; the module dm-interpose cannot.
 * @upper: as in struct dmremap_pair.
 * @table: lines as dmsetup(8) takes them.
 * Returns 0, also when nothing is attached; -ERANGE (the table is shorter than the original),
 * -ELOOP (it leads back to the original), -EINVAL (null pointer), or as dmremap_start().
 */
DMREMAP_API int dmremap_check_table(struct dmremap_context *context, const char *upper,
				    const char *table) DMREMAP_NOEXCEPT;

/*
 * What is attached to one original. Made by the library, which in later versions appends fields
 * at its end: never copy it by value, never make an array of it.
 */
struct dmremap_attachment {
	const char *upper; /* name of the dm device */
	uint32_t upper_major;
	uint32_t upper_minor;
	const char *original; /* the kernel's name of it, "vda1"; "" when it is gone */
	uint32_t original_major;
	uint32_t original_minor;
	const char *mode;  /* the kernel's word: "remap", "filter", or what later kernels have */
	const char *flags; /* "-", or words with commas between: "nolockfs,gone" */
	uint64_t reads;    /* bios that the upper was given since start */
	uint64_t read_sectors;
	uint64_t writes; /* flushes, discards and the like included */
	uint64_t write_sectors;
	uint64_t held;          /* bios that are held at this moment */
	const char *upper_uuid; /* of the dm device; "" when it has none */
	uint64_t sectors;       /* size of the original; 0 when it is gone */
	uint64_t in_flight;     /* I/O in flight in the upper, as /sys/block counts it */
	int64_t since; /* when it was attached, in seconds since the Epoch by the clock as it is
			* set now; 0 when the kernel does not tell */
};

/* A list of attachments. Opaque. */
struct dmremap_list;

/*
 * Tells what is attached.
 * @upper: as in struct dmremap_pair; null means all dm devices.
 * @list: set to a list, in the order of the kernel's list of dm devices, empty when nothing is
 *	attached; release it with dmremap_list_free(). Independent of the context.
 * Returns 0, -EPROTO (an answer that this version does not understand), -EPROTOTYPE
 * (dmremap_set_mode()), or as dmremap_start().
 */
DMREMAP_API int dmremap_status(struct dmremap_context *context, const char *upper,
			       struct dmremap_list **list) DMREMAP_NOEXCEPT;

/* Number of attachments in the list. */
DMREMAP_API size_t dmremap_list_count(const struct dmremap_list *list) DMREMAP_NOEXCEPT;

/* The attachment at @index, counted from 0; null when there is none. It lives as long as the
 * list. */
DMREMAP_API const struct dmremap_attachment *dmremap_list_at(const struct dmremap_list *list,
							     size_t index) DMREMAP_NOEXCEPT;

/* Releases a list. Null is fine. */
DMREMAP_API void dmremap_list_free(struct dmremap_list *list) DMREMAP_NOEXCEPT;

/*
 * What is stored on a block device. Made by the library, which in later versions appends fields at
 * its end. Strings are "" where there is nothing known.
 */
struct dmremap_contents {
	const char *type;  /* libblkid's word: "ext4", "swap", "crypto_LUKS" */
	const char *label; /* of the file system */
	const char *uuid;  /* of the file system */
	/* Where it, or a partition of it, is mounted in this mount namespace: directories, and
	 * "[SWAP]" for active swap space; a null pointer comes last. */
	const char *const *mount_points;
};

/*
 * Tells what is stored on a block device. It reads the device, through its interposer when it has
 * one: it waits as long as the device does.
 * @device: any path to its node, or major:minor.
 * @contents: set to the answer, of which nothing is known where its sectors cannot be read; release
 *	it with dmremap_contents_free(). Independent of the context.
 * Returns 0, -ENOENT, -ENXIO, -ENOTBLK, -EACCES (it may not be read), -EINVAL (null pointer),
 * -ENOMEM.
 */
DMREMAP_API int dmremap_read_contents(struct dmremap_context *context, const char *device,
				      struct dmremap_contents **contents) DMREMAP_NOEXCEPT;

/* Releases it. Null is fine. */
DMREMAP_API void dmremap_contents_free(struct dmremap_contents *contents) DMREMAP_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
