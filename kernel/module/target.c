// SPDX-License-Identifier: GPL-2.0-only
/*
 * The target "interpose <dev> <offset>": linear, over a device that others use. The device is
 * not claimed, and what goes there is not taken by the hook.
 */
#include "interpose.h"

#include <linux/device-mapper.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

struct ip_target {
	struct list_head list;	/* in ip_targets */
	struct ip_dev dev;
	struct dm_dev dm_dev;	/* what ->iterate_devices() shows */
	sector_t offset;
	struct ip_link *link;	/* what it needs to be linked */
	bool linked;
};

/*
 * The mapped device among the holders of its device, and that among its slaves, where lsblk and
 * others look. A new table of it comes before the old one goes: one link for both.
 */
struct ip_link {
	struct list_head list;
	struct gendisk *disk;
	struct block_device *bdev;
	struct kobject *holders;
	unsigned int users;
};

/*
 * All there are. Their bios go past whatever is attached: so no target may be over a disk of which
 * a partition is attached, or the other way round.
 */
static LIST_HEAD(ip_targets);
DEFINE_MUTEX(ip_kin_mutex);

/**
 * ip_target_has_kin - is a target over the disk of a partition, or over a partition of a disk?
 * @bdev: the partition or the disk
 *
 * Context: ip_kin_mutex is held.
 */
bool ip_target_has_kin(struct block_device *bdev)
{
	struct ip_target *t;

	list_for_each_entry(t, &ip_targets, list)
		if (ip_is_kin(t->dev.bdev, bdev))
			return true;
	return false;
}

static int ip_target_enlist(struct ip_target *t)
{
	int r = -EBUSY;

	mutex_lock(&ip_kin_mutex);
	if (!ip_att_has_kin(t->dev.bdev)) {
		list_add(&t->list, &ip_targets);
		r = 0;
	}
	mutex_unlock(&ip_kin_mutex);
	return r;
}

static void ip_target_delist(struct ip_target *t)
{
	mutex_lock(&ip_kin_mutex);
	list_del(&t->list);
	mutex_unlock(&ip_kin_mutex);
}

static LIST_HEAD(ip_links);
static DEFINE_MUTEX(ip_links_mutex);

static struct ip_link *ip_link_find(struct gendisk *disk, struct block_device *bdev)
{
	struct ip_link *link;

	list_for_each_entry(link, &ip_links, list)
		if (link->disk == disk && link->bdev == bdev)
			return link;
	return NULL;
}

/* While the disk is there: the directory may not go before the link. */
static struct ip_link *ip_link_new(struct gendisk *disk, struct block_device *bdev)
{
	struct ip_link *link = kzalloc(sizeof(*link), GFP_KERNEL);

	if (!link)
		return NULL;
	link->disk = disk;
	link->bdev = bdev;
	mutex_lock(&bdev->bd_disk->open_mutex);
	if (disk_live(bdev->bd_disk))
		link->holders = kobject_get(bdev->bd_holder_dir);
	mutex_unlock(&bdev->bd_disk->open_mutex);
	return link;
}

static void ip_link_free(struct ip_link *link)
{
	if (!link)
		return;
	kobject_put(link->holders);
	kfree(link);
}

/* Both or none. The mapped device may have claimed it by another target: then they are there. */
static bool ip_link_make(struct ip_link *link)
{
	struct kobject *slaves = link->disk->slave_dir, *bdev = bdev_kobj(link->bdev);

	if (!link->holders || sysfs_create_link_nowarn(slaves, bdev, kobject_name(bdev)))
		return false;
	if (!sysfs_create_link_nowarn(link->holders, &disk_to_dev(link->disk)->kobj,
				      kobject_name(&disk_to_dev(link->disk)->kobj)))
		return true;
	sysfs_remove_link(slaves, kobject_name(bdev));
	return false;
}

static void ip_link_get(struct ip_target *t)
{
	struct ip_link *link;

	mutex_lock(&ip_links_mutex);
	link = ip_link_find(t->link->disk, t->link->bdev);
	if (!link && ip_link_make(t->link)) {
		link = t->link;
		t->link = NULL;
		list_add(&link->list, &ip_links);
	}
	if (link) {
		link->users++;
		t->linked = true;
	}
	mutex_unlock(&ip_links_mutex);
}

static void ip_link_put(struct gendisk *disk, struct block_device *bdev)
{
	struct ip_link *link;

	mutex_lock(&ip_links_mutex);
	link = ip_link_find(disk, bdev);
	if (!--link->users) {
		sysfs_remove_link(link->holders, kobject_name(&disk_to_dev(disk)->kobj));
		sysfs_remove_link(disk->slave_dir, kobject_name(bdev_kobj(bdev)));
		list_del(&link->list);
		ip_link_free(link);
	}
	mutex_unlock(&ip_links_mutex);
}

/**
 * ip_target_shares - is it by our target that a device is among the slaves of a mapped device?
 * @disk: of the mapped device
 * @name: of the other device, in sysfs
 */
bool ip_target_shares(const struct gendisk *disk, const char *name)
{
	struct ip_link *link;
	bool found = false;

	mutex_lock(&ip_links_mutex);
	list_for_each_entry(link, &ip_links, list)
		found = found || (link->disk == disk &&
				  !strcmp(kobject_name(bdev_kobj(link->bdev)), name));
	mutex_unlock(&ip_links_mutex);
	return found;
}

static int ip_target_devno(const char *path, dev_t *devno)
{
	unsigned int major, minor;
	char end;

	if (sscanf(path, "%u:%u%c", &major, &minor, &end) == 2) {
		*devno = MKDEV(major, minor);
		return MAJOR(*devno) == major && MINOR(*devno) == minor ? 0 : -EOVERFLOW;
	}
	return lookup_bdev(path, devno);
}

static int ip_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	struct mapped_device *md = dm_table_get_md(ti->table);
	unsigned long long offset;
	struct ip_target *t;
	dev_t devno;
	char end;
	int r;

	if (argc != 2) {
		ti->error = "Invalid argument count";
		return -EINVAL;
	}
	if (sscanf(argv[1], "%llu%c", &offset, &end) != 1) {
		ti->error = "Invalid device sector";
		return -EINVAL;
	}
	r = ip_target_devno(argv[0], &devno);
	if (r) {
		ti->error = "Device lookup failed";
		return r;
	}
	if (devno == disk_devt(dm_disk(md))) {
		ti->error = "Device is its own";
		return -ELOOP;
	}
	t = kzalloc(sizeof(*t), GFP_KERNEL);
	if (!t)
		return -ENOMEM;
	r = ip_open(devno, NULL, &t->dev);
	if (r) {
		ti->error = "Device lookup failed";
		goto bad;
	}
	if (offset > bdev_nr_sectors(t->dev.bdev) ||
	    ti->len > bdev_nr_sectors(t->dev.bdev) - offset) {
		ti->error = "Device is too small";
		r = -EINVAL;
		goto bad;
	}
	if (bdev_is_zoned(t->dev.bdev)) {
		ti->error = "Zoned devices are not supported";
		r = -EOPNOTSUPP;
		goto bad;
	}
	t->link = ip_link_new(dm_disk(md), t->dev.bdev);
	if (!t->link) {
		r = -ENOMEM;
		goto bad;
	}
	t->offset = offset;
	t->dm_dev.bdev = t->dev.bdev;
	t->dm_dev.mode = IP_MODE_RW;
	format_dev_t(t->dm_dev.name, devno);
	ti->num_flush_bios = 1;
	ti->num_discard_bios = 1;
	ti->num_secure_erase_bios = 1;
	ti->num_write_zeroes_bios = 1;
	ti->private = t;
	r = ip_target_enlist(t);
	if (r) {
		ti->error = "Something is attached to the disk of the device, or to a partition of it";
		goto bad;
	}
	r = ip_hook_get();
	if (r) {
		ti->error = "Bios cannot be hooked";
		ip_target_delist(t);
		goto bad;
	}
	return 0;
bad:
	ip_link_free(t->link);
	ip_close(&t->dev);
	kfree(t);
	return r;
}

static void ip_dtr(struct dm_target *ti)
{
	struct ip_target *t = ti->private;

	if (t->linked)
		ip_link_put(dm_disk(dm_table_get_md(ti->table)), t->dev.bdev);
	ip_hook_put();
	ip_target_delist(t);
	ip_link_free(t->link);
	ip_close(&t->dev);
	kfree(t);
}

/* The mapped device is in sysfs from here on. Memory must not be written to it, which waits for us. */
static void ip_resume(struct dm_target *ti)
{
	struct ip_target *t = ti->private;
	unsigned int noio;

	if (t->linked)
		return;
	noio = memalloc_noio_save();
	ip_link_get(t);
	memalloc_noio_restore(noio);
}

static int ip_map(struct dm_target *ti, struct bio *bio)
{
	struct ip_target *t = ti->private;

	bio_set_dev(bio, t->dev.bdev);
	bio->bi_iter.bi_sector = t->offset + dm_target_offset(ti, bio->bi_iter.bi_sector);
	bio->bi_flags |= BIT(IP_BIO_OWN);
	return DM_MAPIO_REMAPPED;
}

static void ip_target_status(struct dm_target *ti, status_type_t type, unsigned int flags,
			     char *result, unsigned int maxlen)
{
	struct ip_target *t = ti->private;
	size_t sz = 0;

	switch (type) {
	case STATUSTYPE_INFO:
		result[0] = '\0';
		break;
	case STATUSTYPE_TABLE:
		DMEMIT("%s %llu", t->dm_dev.name, (unsigned long long)t->offset);
		break;
	case STATUSTYPE_IMA:
		DMEMIT_TARGET_NAME_VERSION(ti->type);
		DMEMIT(",device_name=%s,start=%llu;", t->dm_dev.name,
		       (unsigned long long)t->offset);
		break;
	}
}

static int ip_prepare_ioctl(struct dm_target *ti, struct block_device **bdev)
{
	struct ip_target *t = ti->private;

	*bdev = t->dev.bdev;
	/* only if the whole device is meant */
	return t->offset || ti->len != bdev_nr_sectors(t->dev.bdev);
}

static int ip_iterate_devices(struct dm_target *ti, iterate_devices_callout_fn fn, void *data)
{
	struct ip_target *t = ti->private;

	return fn(ti, &t->dm_dev, t->offset, ti->len, data);
}

static struct target_type ip_target_type = {
	.name = "interpose",
	.version = { 1, 0, 0 },
	.features = DM_TARGET_PASSES_INTEGRITY | DM_TARGET_NOWAIT | DM_TARGET_PASSES_CRYPTO,
	.module = THIS_MODULE,
	.ctr = ip_ctr,
	.dtr = ip_dtr,
	.resume = ip_resume,
	.map = ip_map,
	.status = ip_target_status,
	.prepare_ioctl = ip_prepare_ioctl,
	.iterate_devices = ip_iterate_devices,
};

int ip_target_init(void)
{
	return dm_register_target(&ip_target_type);
}

void ip_target_exit(void)
{
	dm_unregister_target(&ip_target_type);
}
