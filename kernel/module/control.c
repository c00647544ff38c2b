// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/mapper/interpose: who writes one of these, gets its errno; an answer is read from the
 * same file.
 *
 *	<upper> @interpose_start remap <original> [nolockfs] [and <upper> <original>]...
 *	<upper> @interpose_stop [nolockfs]
 *	<upper> @interpose_status
 *
 * They are the messages of a kernel that has the interposer built in, with the device behind
 * which they would be sent to: a message to a mapped device holds its table, which start and
 * stop wait for.
 */
#include "interpose.h"

#include <linux/capability.h>
#include <linux/ctype.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>

#define IP_PAIRS_MAX	64

static char *ip_word(char **text)
{
	char *word;

	do
		word = strsep(text, " \t\n");
	while (word && !*word);
	return word;
}

/* Digits, a colon, digits; nothing else. */
static bool ip_devno(char *word, dev_t *devno)
{
	char *half = word, *number;
	unsigned int value[2], i;

	for (i = 0; i < 2; i++) {
		number = strsep(&half, ":");
		/* that would take a sign */
		if (!number || !isdigit(*number) || kstrtouint(number, 10, &value[i]))
			return false;
	}
	*devno = MKDEV(value[0], value[1]);
	return !half && MAJOR(*devno) == value[0] && MINOR(*devno) == value[1];
}

static int ip_command_start(dev_t upper, char *text)
{
	struct ip_pair *pairs;
	bool nolockfs = false;
	unsigned int nr = 1;
	char *word = ip_word(&text);
	int r = -EINVAL;

	/* as an older kernel with the interposer answers */
	if (!word || strcmp(word, "remap"))
		return word && !strcmp(word, "filter") ? -EOPNOTSUPP : -EINVAL;
	pairs = kcalloc(IP_PAIRS_MAX, sizeof(*pairs), GFP_KERNEL);
	if (!pairs)
		return -ENOMEM;
	pairs[0].upper = upper;
	if (!ip_devno(ip_word(&text), &pairs[0].original))
		goto out;
	word = ip_word(&text);
	if (word && !strcmp(word, "nolockfs")) {
		nolockfs = true;
		word = ip_word(&text);
	}
	for (; word; word = ip_word(&text)) {
		if (strcmp(word, "and"))
			goto out;
		if (nr == IP_PAIRS_MAX) {
			r = -E2BIG;
			goto out;
		}
		if (!ip_devno(ip_word(&text), &pairs[nr].upper) ||
		    !ip_devno(ip_word(&text), &pairs[nr].original))
			goto out;
		nr++;
	}
	r = ip_start(pairs, nr, nolockfs);
out:
	kfree(pairs);
	return r;
}

static int ip_command(char *text, char *answer)
{
	char *word = ip_word(&text);
	dev_t upper;

	if (!ip_devno(word, &upper))
		return -EINVAL;
	word = ip_word(&text);
	if (!word)
		return -EINVAL;
	if (!strcmp(word, "@interpose_start"))
		return ip_command_start(upper, text);
	if (!strcmp(word, "@interpose_stop")) {
		word = ip_word(&text);
		if (word && (strcmp(word, "nolockfs") || ip_word(&text)))
			return -EINVAL;
		return ip_stop(upper);
	}
	if (!strcmp(word, "@interpose_status"))
		return ip_word(&text) ? -EINVAL : ip_status(upper, answer, IP_STATUS_MAX);
	return -EINVAL;
}

static ssize_t ip_control_write(struct file *file, const char __user *buf, size_t size, loff_t *pos)
{
	char *answer = file->private_data, *text;
	int r;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (!size || size >= PAGE_SIZE)
		return size ? -E2BIG : -EINVAL;
	text = memdup_user_nul(buf, size);
	if (IS_ERR(text))
		return PTR_ERR(text);
	*answer = '\0';
	r = strlen(text) == size ? ip_command(text, answer) : -EINVAL;
	kfree(text);
	*pos = 0;
	return r < 0 ? r : size;
}

static ssize_t ip_control_read(struct file *file, char __user *buf, size_t size, loff_t *pos)
{
	char *answer = file->private_data;

	return simple_read_from_buffer(buf, size, pos, answer, strlen(answer));
}

static int ip_control_open(struct inode *inode, struct file *file)
{
	file->private_data = kzalloc(IP_STATUS_MAX, GFP_KERNEL);
	return file->private_data ? 0 : -ENOMEM;
}

static int ip_control_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations ip_control_fops = {
	.owner = THIS_MODULE,
	.open = ip_control_open,
	.release = ip_control_release,
	.write = ip_control_write,
	.read = ip_control_read,
};

static struct miscdevice ip_control = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = IP_NAME,
	.nodename = "mapper/interpose",
	.mode = 0600,
	.fops = &ip_control_fops,
};

int ip_control_init(void)
{
	return misc_register(&ip_control);
}

void ip_control_exit(void)
{
	misc_deregister(&ip_control);
}
