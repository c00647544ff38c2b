/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that differs between the kernels that this builds for. Kbuild looks into the headers for
 * what is there; no version is compared.
 */
#ifndef DM_INTERPOSE_COMPAT_H
#define DM_INTERPOSE_COMPAT_H

#include <linux/blkdev.h>
#include <linux/blk-cgroup.h>
#include <linux/blk-integrity.h>
#include <linux/blk-mq.h>
#include <linux/fs.h>
#include <linux/ftrace.h>

#if defined(CONFIG_X86_64) && defined(CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS)
#include <asm/asm-offsets.h>
#include <asm/ibt.h>
#include <asm/linkage.h>
#include <asm/nospec-branch.h>
#endif

/*
 * A mark in bi_flags, above all that the block layer has: taken from there, it would be seen as
 * something else. A bio that has it is on its way to a device of blk-mq, where it ends.
 */
#define IP_BIO_OWN	15
static_assert(BIO_FLAG_LAST <= IP_BIO_OWN,
	      "dm-interpose does not know this kernel: it has no flag of a bio to spare");
static_assert(sizeof_field(struct bio, bi_flags) == 2,
	      "dm-interpose does not know this kernel: the flags of its bios are elsewhere");

/*
 * How many uppers a bio came through: above all flags of bi_opf, since who clones a bio copies
 * that.
 */
#define IP_HOPS_SHIFT	29
#define IP_HOPS_MAX	(7U << IP_HOPS_SHIFT)
static_assert((int)__REQ_NR_BITS <= IP_HOPS_SHIFT,
	      "dm-interpose does not know this kernel: bi_opf has no bits to spare");

/* Where they are. */
static inline u32 ip_hops(const struct bio *bio)
{
	return (__force u32)bio->bi_opf & IP_HOPS_MAX;
}

static inline void ip_set_hops(struct bio *bio, u32 hops)
{
	bio->bi_opf = (__force blk_opf_t)(((__force u32)bio->bi_opf & ~IP_HOPS_MAX) | hops);
}

/* One that has not yet come through as many as can be told. */
static inline void ip_hop(struct bio *bio)
{
	bio->bi_opf = (__force blk_opf_t)((__force u32)bio->bi_opf + (1U << IP_HOPS_SHIFT));
}

#if !defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS)
#error "dm-interpose needs a kernel with CONFIG_DYNAMIC_FTRACE_WITH_ARGS"
#endif
#if !defined(HAVE_BDEV_FILE) && !defined(HAVE_BLKDEV_GET)
#error "dm-interpose does not know this kernel: it cannot open block devices in it"
#endif
#if !defined(HAVE_QUEUE_FEATURES) && !defined(HAVE_QUEUE_SETTERS)
#error "dm-interpose does not know this kernel: it cannot set the limits of a queue in it"
#endif

static inline struct bio *ip_hooked_bio(struct ftrace_regs *regs)
{
#ifdef HAVE_FTRACE_ARGUMENT
	return (struct bio *)ftrace_regs_get_argument(regs, 0);
#else
	return (struct bio *)regs_get_kernel_argument(&regs->regs, 0);
#endif
}

/*
 * ftrace lets the hooked function call one of ours directly, which takes a third of the
 * instructions. Only one user can have that for a function. False: nobody can in this kernel.
 */
#if defined(CONFIG_X86_64) && defined(CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS)
#define IP_HAS_DIRECT	true

#ifndef CALL_DEPTH_ACCOUNT
#define CALL_DEPTH_ACCOUNT ""
#endif

/* ip_trampoline() calls @function with the first argument of the hooked one, and returns there. */
#define IP_DEFINE_DIRECT(function)				\
asm(								\
"	.pushsection .text, \"ax\", @progbits\n"		\
"	.balign	16\n"						\
"	.type	ip_trampoline, @function\n"			\
"	.globl	ip_trampoline\n"				\
"ip_trampoline:\n\t"						\
	ASM_ENDBR						\
"	pushq	%rbp\n"					\
"	movq	%rsp, %rbp\n\t"					\
	CALL_DEPTH_ACCOUNT					\
"	pushq	%rdi\n"					\
"	call	" #function "\n"				\
"	popq	%rdi\n"						\
"	leave\n\t"						\
	ASM_RET							\
"	.size	ip_trampoline, . - ip_trampoline\n"		\
"	.popsection\n"						\
)

void ip_trampoline(void);

static inline int ip_direct_register(struct ftrace_ops *ops)
{
#ifdef HAVE_DIRECT_MULTI
	return register_ftrace_direct_multi(ops, (unsigned long)ip_trampoline);
#else
	return register_ftrace_direct(ops, (unsigned long)ip_trampoline);
#endif
}

static inline void ip_direct_unregister(struct ftrace_ops *ops)
{
#ifdef HAVE_DIRECT_MULTI
	unregister_ftrace_direct_multi(ops, (unsigned long)ip_trampoline);
#else
	unregister_ftrace_direct(ops, (unsigned long)ip_trampoline, false);
#endif
}
#else
#define IP_HAS_DIRECT	false
#define IP_DEFINE_DIRECT(function)	static_assert(!__same_type(function, int))
static inline int ip_direct_register(struct ftrace_ops *ops)
{
	return -EOPNOTSUPP;
}

static inline void ip_direct_unregister(struct ftrace_ops *ops)
{
}
#endif

/*
 * The read side of RCU, inline where that can be. It cannot where spin locks sleep: some are taken
 * inside.
 */
static inline void ip_read_lock(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		rcu_read_lock();
	else
		rcu_read_lock_sched();
}

static inline void ip_read_unlock(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		rcu_read_unlock();
	else
		rcu_read_unlock_sched();
}

/* And on that CPU. */
static inline void ip_pin(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		preempt_disable();
}

static inline void ip_unpin(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		preempt_enable();
}

/*
 * bio_set_dev() to another disk. It need not look for the part that the root group has of a disk:
 * that is there as long as the disk is, and asks for no RCU.
 */
static __always_inline void ip_set_disk(struct bio *bio, struct block_device *bdev)
{
#ifdef CONFIG_BLK_CGROUP
	if (likely(bio->bi_blkg == bdev_get_queue(bio->bi_bdev)->root_blkg && bio->bi_blkg)) {
		bio->bi_flags &= ~(BIT(BIO_REMAPPED) | BIT(BIO_BPS_THROTTLED));
		bio->bi_bdev = bdev;
		bio_associate_blkg_from_css(bio, blkcg_root_css);
		return;
	}
#endif
	bio_set_dev(bio, bdev);
}

/* A block device that is open. */
struct ip_dev {
	struct block_device *bdev;
#ifdef HAVE_BDEV_FILE
	struct file *file;
#else
	fmode_t mode;
#endif
};

/* holder: claim it for that; NULL: without a claim */
static inline int ip_open(dev_t devno, void *holder, struct ip_dev *dev)
{
#ifdef HAVE_BDEV_FILE
	dev->file = bdev_file_open_by_dev(devno, BLK_OPEN_READ, holder, NULL);
	if (IS_ERR(dev->file))
		return PTR_ERR(dev->file);
	dev->bdev = file_bdev(dev->file);
#else
	dev->mode = FMODE_READ | (holder ? FMODE_EXCL : 0);
	dev->bdev = blkdev_get_by_dev(devno, dev->mode, holder);
	if (IS_ERR(dev->bdev)) {
		int r = PTR_ERR(dev->bdev);

		dev->bdev = NULL;
		return r;
	}
#endif
	return 0;
}

static inline void ip_close(struct ip_dev *dev)
{
	if (!dev->bdev)
		return;
#ifdef HAVE_BDEV_FILE
	fput(dev->file);
#else
	blkdev_put(dev->bdev, dev->mode);
#endif
	dev->bdev = NULL;
}

#ifdef HAVE_BDEV_FILE
#define IP_MODE_RW	(BLK_OPEN_READ | BLK_OPEN_WRITE)
#else
#define IP_MODE_RW	(FMODE_READ | FMODE_WRITE)
#endif

static inline int ip_freeze_bdev(struct block_device *bdev)
{
#ifdef HAVE_BDEV_FREEZE
	return bdev_freeze(bdev);
#else
	return freeze_bdev(bdev);
#endif
}

static inline void ip_thaw_bdev(struct block_device *bdev)
{
#ifdef HAVE_BDEV_FREEZE
	bdev_thaw(bdev);
#else
	thaw_bdev(bdev);
#endif
}

/*
 * A disk of ours that takes everything that any other disk takes: the next one says no, if need
 * be.
 */
static inline struct gendisk *ip_alloc_disk(void)
{
	struct gendisk *disk;
#ifdef HAVE_QUEUE_FEATURES
	struct queue_limits limits = {
		.features = BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA | BLK_FEAT_NOWAIT,
		.max_hw_sectors = UINT_MAX >> SECTOR_SHIFT,
		.max_hw_discard_sectors = UINT_MAX,
		.max_user_discard_sectors = UINT_MAX,
		.max_secure_erase_sectors = UINT_MAX,
		.max_write_zeroes_sectors = UINT_MAX,
#ifdef HAVE_ATOMIC_WRITES
		.atomic_write_hw_max = UINT_MAX,
		.atomic_write_hw_unit_min = 512,
		.atomic_write_hw_unit_max = 1U << 30,
#endif
	};

	disk = blk_alloc_disk(&limits, NUMA_NO_NODE);
#else
	disk = blk_alloc_disk(NUMA_NO_NODE);
	if (disk) {
		blk_queue_write_cache(disk->queue, true, true);
		blk_queue_flag_set(QUEUE_FLAG_NOWAIT, disk->queue);
		blk_queue_max_discard_sectors(disk->queue, UINT_MAX);
		blk_queue_max_secure_erase_sectors(disk->queue, UINT_MAX);
		blk_queue_max_write_zeroes_sectors(disk->queue, UINT_MAX);
	}
#endif
	return disk ?: ERR_PTR(-ENOMEM);
}

static inline bool ip_has_rw_page(struct block_device *bdev)
{
#ifdef HAVE_RW_PAGE
	return bdev->bd_disk->fops->rw_page;
#else
	return false;
#endif
}

static inline bool ip_is_atomic(struct bio *bio)
{
#ifdef HAVE_ATOMIC_WRITES
	return bio->bi_opf & REQ_ATOMIC;
#else
	return false;
#endif
}

static inline bool ip_atomic_writes(struct block_device *bdev)
{
#ifdef HAVE_ATOMIC_WRITES
	return bdev_can_atomic_write(bdev);
#else
	return false;
#endif
}

static inline bool ip_inline_crypto(struct block_device *bdev)
{
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	return bdev_get_queue(bdev)->crypto_profile;
#else
	return false;
#endif
}

#endif
