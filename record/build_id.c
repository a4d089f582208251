// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/build_id.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CACHE_SLOTS 512
#define HEADERS_MAX 64
#define NOTES_MAX_BYTES 65536 /* of all of them together */
#define NATIVE_DATA (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB)

struct entry {
	dev_t device;
	ino_t inode;		 /* 0: free */
	struct timespec changed; /* st_ctim: who owns a file can set st_mtim as he likes */
	off_t bytes;
	struct build_id id;
};

struct build_ids {
	struct entry entries[CACHE_SLOTS];
};

int build_ids_open(struct build_ids **ret_ids)
{
	struct build_ids *ids = calloc(1, sizeof(*ids));

	if (!ids)
		return -ENOMEM;
	*ret_ids = ids;
	return 0;
}

void build_ids_close(struct build_ids *ids)
{
	free(ids);
}

bool build_id_may_read(uint32_t filesystem)
{
	static const uint32_t slow[] = {
		0,	    /* not known */
		0x65735546, /* FUSE */
		0xff534d42, /* CIFS */
		0xfe534d42, /* SMB2 */
		0x00c36400, /* Ceph */
		0x6b414653, /* kAFS */
		0x01161970, /* GFS2 */
		0x7461636f, /* OCFS2 */
		0x0bd00bd0, /* Lustre */
		NFS_SUPER_MAGIC,
		SMB_SUPER_MAGIC,
		AFS_SUPER_MAGIC,
		CODA_SUPER_MAGIC,
		V9FS_MAGIC,
		AUTOFS_SUPER_MAGIC,
	};

	for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++)
		if (filesystem == slow[i])
			return false;
	return true;
}

/* A program header, of either class. */
struct segment {
	uint64_t at, bytes, align;
	uint32_t type;
};

struct file {
	int fd;
	uint64_t headers_at;
	size_t n_headers;
	size_t header_bytes;
};

static bool read_at(int fd, void *to, size_t bytes, uint64_t at)
{
	return at <= INT64_MAX - bytes && pread(fd, to, bytes, (off_t)at) == (ssize_t)bytes;
}

/*
 * The file header. libelf is not asked: it takes memory for as many sections as
 * a file says that it has, and in a sparse file those can be a billion. In a
 * byte order that is not the machine's there are no executables.
 */
static bool read_header(int fd, struct file *ret_file)
{
	union {
		unsigned char ident[EI_NIDENT];
		Elf32_Ehdr narrow;
		Elf64_Ehdr wide;
	} header;

	if (!read_at(fd, &header, sizeof(header.narrow), 0) ||
	    memcmp(header.ident, ELFMAG, SELFMAG) || header.ident[EI_DATA] != NATIVE_DATA)
		return false;
	if (header.ident[EI_CLASS] == ELFCLASS32) {
		*ret_file = (struct file){ fd, header.narrow.e_phoff, header.narrow.e_phnum,
					   sizeof(Elf32_Phdr) };
		return header.narrow.e_phentsize == sizeof(Elf32_Phdr);
	}
	if (header.ident[EI_CLASS] != ELFCLASS64 || !read_at(fd, &header, sizeof(header.wide), 0))
		return false;
	*ret_file =
		(struct file){ fd, header.wide.e_phoff, header.wide.e_phnum, sizeof(Elf64_Phdr) };
	return header.wide.e_phentsize == sizeof(Elf64_Phdr);
}

static bool read_segment(const struct file *file, size_t i, struct segment *ret_segment)
{
	union {
		Elf32_Phdr narrow;
		Elf64_Phdr wide;
	} header;

	if (file->headers_at > INT64_MAX || !read_at(file->fd, &header, file->header_bytes,
						     file->headers_at + i * file->header_bytes))
		return false;
	if (file->header_bytes == sizeof(header.narrow))
		*ret_segment = (struct segment){ header.narrow.p_offset, header.narrow.p_filesz,
						 header.narrow.p_align, header.narrow.p_type };
	else
		*ret_segment = (struct segment){ header.wide.p_offset, header.wide.p_filesz,
						 header.wide.p_align, header.wide.p_type };
	return true;
}

bool build_id_in_notes(const void *notes, size_t bytes, size_t align, struct build_id *ret_id)
{
	const char *data = notes;
	size_t at = 0;
	Elf64_Nhdr note; /* as Elf32_Nhdr */

	while (bytes - at >= sizeof(note)) {
		uint64_t name_at = at + sizeof(note), data_at, next;

		memcpy(&note, data + at, sizeof(note));
		data_at = (name_at + note.n_namesz + align - 1) / align * align;
		next = (data_at + note.n_descsz + align - 1) / align * align;
		if (data_at + note.n_descsz > bytes)
			return false;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof("GNU") &&
		    !memcmp(data + name_at, "GNU", sizeof("GNU")) && note.n_descsz &&
		    note.n_descsz <= BUILD_ID_MAX_BYTES) {
			ret_id->len_bytes = (uint8_t)note.n_descsz;
			memcpy(ret_id->data, data + data_at, note.n_descsz);
			return true;
		}
		if (next >= bytes)
			return false;
		at = next;
	}
	return false;
}

static struct build_id read_elf(int fd)
{
	size_t left = NOTES_MAX_BYTES;
	struct build_id id = { 0 };
	struct segment segment;
	char *notes = malloc(NOTES_MAX_BYTES);
	struct file file;

	if (!notes || !read_header(fd, &file))
		file.n_headers = 0;
	for (size_t i = 0; i < file.n_headers && i < HEADERS_MAX; i++) {
		if (!read_segment(&file, i, &segment))
			break;
		if (segment.type != PT_NOTE || segment.bytes > left)
			continue;
		left -= segment.bytes;
		if (read_at(fd, notes, segment.bytes, segment.at) &&
		    build_id_in_notes(notes, segment.bytes, segment.align == 8 ? 8 : 4, &id))
			break;
	}
	free(notes);
	return id;
}

static struct entry *slot_of(struct build_ids *ids, const struct stat *status)
{
	uint64_t key = (uint64_t)status->st_ino ^ (uint64_t)status->st_dev << 32;

	return &ids->entries[(key * UINT64_C(0x9e3779b97f4a7c15) >> 40) % CACHE_SLOTS];
}

static bool is_same(const struct entry *entry, const struct stat *status)
{
	return entry->device == status->st_dev && entry->inode == status->st_ino &&
	       entry->bytes == status->st_size && entry->changed.tv_sec == status->st_ctim.tv_sec &&
	       entry->changed.tv_nsec == status->st_ctim.tv_nsec;
}

/* To be read, the very file whose status was looked at, whatever its name leads to by now. */
static int open_again(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

struct build_id build_ids_find(struct build_ids *ids, int file_fd, const struct stat *status)
{
	struct entry *entry = slot_of(ids, status);
	struct entry found = { .device = status->st_dev,
			       .inode = status->st_ino,
			       .changed = status->st_ctim,
			       .bytes = status->st_size };
	int fd;

	if (!S_ISREG(status->st_mode))
		return found.id;
	if (is_same(entry, status))
		return entry->id;
	fd = fcntl(file_fd, F_GETFL) & O_PATH ? open_again(file_fd) : file_fd;
	if (fd < 0)
		return found.id;
	found.id = read_elf(fd);
	if (fd != file_fd)
		close(fd);
	*entry = found;
	return found.id;
}
