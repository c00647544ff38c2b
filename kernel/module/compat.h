/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that differs between the kernels that this builds for. Kbuild looks into the headers for
 * what is there; no version is compared.
 */
#ifndef DM_INTERPOSE_COMPAT_H
#define DM_INTERPOSE_COMPAT_H

#include <linux/blkdev.h>
#include <linux/blk-integrity.h>
#include <linux/blk-mq.h>
#include <linux/fs.h>
#include <linux/ftrace.h>

/*
 * Two marks in bi_flags, above all that the block layer has: taken from there, they would be
 * seen as something else.
 */
#define IP_BIO_OWN	15
static_assert(BIO_FLAG_LAST <= IP_BIO_OWN,
	      "dm-interpose does not know this kernel: it has no flag of a bio to spare");
static_assert(sizeof_field(struct bio, bi_flags) == 2,
	      "dm-interpose does not know this kernel: the flags of its bios are not where they were");

/* How many uppers a bio came through: above all flags of bi_opf, since who clones a bio copies that. */
#define IP_HOPS_SHIFT	29
#define IP_HOPS_MAX	7
static_assert((int)__REQ_NR_BITS <= IP_HOPS_SHIFT,
	      "dm-interpose does not know this kernel: bi_opf has no bits to spare");

static inline unsigned int ip_hops(const struct bio *bio)
{
	return (__force u32)bio->bi_opf >> IP_HOPS_SHIFT;
}

static inline void ip_set_hops(struct bio *bio, unsigned int hops)
{
	const u32 flags = (__force u32)bio->bi_opf & ((1U << IP_HOPS_SHIFT) - 1);

	bio->bi_opf = (__force blk_opf_t)(flags | hops << IP_HOPS_SHIFT);
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
