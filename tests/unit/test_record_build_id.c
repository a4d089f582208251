// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Build ids of files as an attacker would make them. */
#include "record/build_id.h"

#include "tests/unit/test.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define NOTES_AT 512

struct note {
	Elf64_Nhdr header;
	char name[4];
	uint8_t id[20];
};

struct image {
	union {
		Elf32_Ehdr narrow;
		Elf64_Ehdr wide;
	};
	Elf64_Phdr headers[4];
	char padding[NOTES_AT - sizeof(Elf64_Ehdr) - 4 * sizeof(Elf64_Phdr)];
	struct note note;
};

static const unsigned char native =
	__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;

/* One with a load segment and then its notes. */
static struct image image_64(void)
{
	struct image image = {
		.wide = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, native,
				       EV_CURRENT },
			  .e_type = ET_EXEC,
			  .e_version = EV_CURRENT,
			  .e_phoff = sizeof(Elf64_Ehdr),
			  .e_ehsize = sizeof(Elf64_Ehdr),
			  .e_phentsize = sizeof(Elf64_Phdr),
			  .e_phnum = 2 },
		.headers = { { .p_type = PT_LOAD, .p_filesz = 4096 },
			     { .p_type = PT_NOTE,
			       .p_offset = NOTES_AT,
			       .p_filesz = sizeof(struct note),
			       .p_align = 4 } },
		.note = { { 4, 20, NT_GNU_BUILD_ID }, "GNU", { [0] = 0xab, [19] = 0xcd } },
	};

	return image;
}

static struct build_id find_in(const struct image *image, off_t bytes)
{
	struct build_id id = { 0 };
	struct build_ids *ids;
	struct stat status;
	int fd = memfd_create("image", 0);

	CHECK(write(fd, image, sizeof(*image)) == sizeof(*image) && !ftruncate(fd, bytes));
	CHECK(!fstat(fd, &status));
	CHECK_INT(build_ids_open(&ids), 0);
	id = build_ids_find(ids, fd, &status);
	build_ids_close(ids);
	close(fd);
	return id;
}

static bool is_found(const struct image *image)
{
	struct build_id id = find_in(image, sizeof(*image));

	return id.len_bytes == 20 && id.data[0] == 0xab && id.data[19] == 0xcd;
}

static void both_classes(void)
{
	struct image image = image_64();
	Elf32_Phdr notes = { .p_type = PT_NOTE,
			     .p_offset = NOTES_AT,
			     .p_filesz = sizeof(struct note) };

	CHECK(is_found(&image));
	image.narrow = (Elf32_Ehdr){ .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32,
						  native, EV_CURRENT },
				     .e_phoff = sizeof(Elf64_Ehdr),
				     .e_phentsize = sizeof(Elf32_Phdr),
				     .e_phnum = 1 };
	memcpy(image.headers, &notes, sizeof(notes));
	CHECK(is_found(&image));
}

static void notes_that_lie(void)
{
	struct image image = image_64();

	image.note.header.n_descsz = 21;
	CHECK(!is_found(&image));
	image.note.header.n_descsz = UINT32_MAX;
	CHECK(!is_found(&image));
	image.note.header.n_namesz = UINT32_MAX;
	CHECK(!is_found(&image));
	image = image_64();
	image.note.header.n_descsz = 0;
	CHECK(!is_found(&image));
	image = image_64();
	image.headers[1].p_filesz = sizeof(struct note) - 1;
	CHECK(!is_found(&image));
	for (size_t bytes = 0; bytes < sizeof(struct note); bytes++) {
		struct build_id id = { 0 };
		char *notes = malloc(bytes ?: 1); /* so that ASan sees a step too far */

		memcpy(notes, &image.note, bytes);
		CHECK(!build_id_in_notes(notes, bytes, 4, &id));
		free(notes);
	}
}

static void headers_that_lie(void)
{
	static const uint64_t offsets[] = { 1, 513, 1 << 20, INT64_MAX, UINT64_MAX - 15 };
	struct image image;

	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		image = image_64();
		image.headers[1].p_offset = offsets[i];
		CHECK(!is_found(&image));
		image = image_64();
		image.wide.e_phoff = offsets[i];
		CHECK(!is_found(&image));
	}
	image = image_64();
	image.headers[0] = image.headers[1];
	image.headers[0].p_filesz = UINT64_MAX; /* and the next one is looked at all the same */
	CHECK(is_found(&image));
	image = image_64();
	image.wide.e_phentsize = 1;
	CHECK(!is_found(&image));
}

/* A file that says it has 2^25 sections, and is long enough for them. */
static void little_is_read(void)
{
	struct image image = image_64();
	Elf64_Shdr first = { .sh_size = 1 << 25 };
	struct rusage before, after;

	image.wide.e_shoff = offsetof(struct image, headers[2]);
	image.wide.e_shentsize = sizeof(first);
	memcpy(&image.headers[2], &first, sizeof(first));
	getrusage(RUSAGE_SELF, &before);
	CHECK_INT(find_in(&image, (off_t)1 << 36).len_bytes, 20);
	getrusage(RUSAGE_SELF, &after);
	CHECK(after.ru_maxrss - before.ru_maxrss < 16384); /* KiB */
}

/* Another file at the same size and st_mtim is another file. */
static void a_file_that_changed(void)
{
	struct image image = image_64();
	struct timespec times[2] = { { 0 } };
	int fd = memfd_create("image", 0);
	struct build_ids *ids;
	struct stat status = { 0 };

	CHECK_INT(build_ids_open(&ids), 0);
	for (uint8_t i = 1; i < 3; i++) {
		struct timespec changed = status.st_ctim;

		image.note.id[0] = i;
		CHECK(pwrite(fd, &image, sizeof(image), 0) == sizeof(image));
		do /* the clock of files has ticks */
			CHECK(!futimens(fd, times) && !fstat(fd, &status));
		while (!memcmp(&changed, &status.st_ctim, sizeof(changed)));
		CHECK_INT(build_ids_find(ids, fd, &status).data[0], i);
	}
	build_ids_close(ids);
	close(fd);
}

int main(void)
{
	RUN(little_is_read); /* first: how much memory it took is not told apart from more */
	RUN(both_classes);
	RUN(notes_that_lie);
	RUN(headers_that_lie);
	RUN(a_file_that_changed);
	return test_result();
}
