/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The check of an anonymised trace, where what made it did something else than the rules say. */
#include "analyze/anonymize.h"
#include "tests/unit/trace_maker.h"

#include <errno.h>

#define DAY_NS UINT64_C(86400000000000)

#define N 4 /* of each: so many are not what they were by chance */

static struct anonymized *made;
static int made_fd;

static void write_addresses(struct maker *maker)
{
	static const char *const remotes[N] = { "203.0.113.9", "198.51.100.77", "198.51.100.78",
						"127.0.0.53" };

	for (unsigned int i = 0; i < N; i++) {
		struct net_event event = maker_event(1000 + i, true);

		maker_name(&event, 4242 + i, "somebody");
		event.has |= NST_HAS_VLAN | NST_HAS_CGROUP | NST_HAS_TID;
		event.flow_id = 1000 + i;
		event.tid = 5000 + i;
		event.sport = (uint16_t)(50000 + i);
		event.ifindex = 10 + i;
		event.netns = 100 + i;
		event.vlan_id = (uint16_t)(200 + i);
		event.cgroup_id = 300 + i;
		inet_pton(AF_INET, remotes[i], event.daddr);
		maker_add(maker, &event);
	}
}

static void write_processes(struct maker *maker)
{
	static const uint8_t ids[N][20] = { { 1, 2, 3 }, { 4, 5, 6 }, { 7, 8, 9 }, { 10, 11, 12 } };
	struct nst_process_event rows[N] = { { 0 } };
	struct nst_interface devices[N] = { { 0 } };

	for (uint32_t i = 0; i < N; i++) {
		rows[i] = (struct nst_process_event){
			.has = NST_PROCESS_HAS_UID | NST_PROCESS_HAS_BUILD_ID,
			.time_ns = START + i,
			.start_ns = 400 * S + i,
			.pid = 4242 + i,
			.uid = 1000 + i,
			.gid = 2000 + i,
			.build_id = { ids[i], 20 },
		};
		devices[i] = (struct nst_interface){ .netns = 100 + i,
						     .ifindex = 10 + i,
						     .name = { "lo", 2 },
						     .mac = { ids[i], 6 } };
	}
	maker_table(maker, NST_CHUNK_PROCESSES, NST_TABLE_PROCESS_EVENT, rows, N);
	maker_table(maker, NST_CHUNK_ENVIRONMENT, NST_TABLE_INTERFACE, devices, N);
}

/* By an anonymiser that spoil had in its hands before. */
static void begin(const struct anonymize_options *options,
		  void (*spoil)(struct anonymizer *anonymizer))
{
	const struct anonymize_key key = { { 1, 2, 3 } };
	const char *path = maker_path("private.zst");
	struct maker maker = maker_begin(path, 1, 2);
	struct input input;
	bool is_output;

	write_processes(&maker);
	write_addresses(&maker);
	maker_end(&maker, 2000);
	made = calloc(1, sizeof(*made));
	made_fd = open(maker_path("public.zst"), O_CREAT | O_TRUNC | O_RDWR, 0600);
	if (!made || made_fd < 0 || input_open(path, &input) ||
	    anonymizer_init(&made->anonymizer, &key, true, options))
		abort();
	if (spoil)
		spoil(&made->anonymizer);
	CHECK_INT(anonymize(made, &input, made_fd, &is_output), 0);
	input_close(&input);
}

static void end(void)
{
	anonymizer_free(&made->anonymizer);
	free(made);
	close(made_fd);
}

static void is_found(const char *fault)
{
	CHECK_INT(anonymize_check(made, made_fd), -EBADMSG);
	CHECK(strstr(made->fault, fault));
	if (!strstr(made->fault, fault))
		fprintf(stderr, "  '%s', should be '%s'\n", made->fault, fault);
}

static void what_is_right_passes(void)
{
	static const struct anonymize_options ways[] = {
		{ 0 },
		{ .shift_time = true },
		{ .keep_addresses = true },
		{ .keep_names = true, .keep_private = true },
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		begin(&ways[i], NULL);
		CHECK_INT(anonymize_check(made, made_fd), 0);
		CHECK_STR(made->fault, "");
		end();
	}
}

/* ---- Other mappings ---------------------------------------------------- */

static enum image_kind spoiled;
static struct image_map right; /* what stands for what in the trace above */

static void learn(void)
{
	static const struct anonymize_options none;

	begin(&none, NULL);
	right = made->anonymizer.images;
	made->anonymizer.images = (struct image_map){ 0 };
	end();
}

static void map(struct anonymizer *anonymizer, struct nst_bytes original, struct nst_bytes image)
{
	struct nst_bytes got;

	CHECK_INT(image_add(&anonymizer->images, spoiled, original, image, &got), 0);
}

static void leave_as_it_was(struct anonymizer *anonymizer)
{
	for (uint32_t i = 0; i < right.originals.n; i++) {
		struct nst_bytes original, image;
		enum image_kind kind;

		image_pair_get(&right, i, &kind, &original, &image);
		if (kind == spoiled)
			map(anonymizer, original, original);
	}
}

/* Whatever kind of number, address or id: one that was left out by whoever mapped them. */
static void identity_is_found(void)
{
	static const struct anonymize_options none;

	for (spoiled = IMAGE_ADDRESS; spoiled <= IMAGE_MAC; spoiled++) {
		begin(&none, leave_as_it_was);
		is_found(image_kind_name(spoiled));
		end();
	}
}

/* The next number, and of bytes all but the last one. */
static void leave_most_of_it(struct anonymizer *anonymizer)
{
	for (uint32_t i = 0; i < right.originals.n; i++) {
		struct nst_bytes original, image;
		enum image_kind kind;
		uint8_t to[64];

		image_pair_get(&right, i, &kind, &original, &image);
		if (kind != spoiled || !original.len_bytes || original.len_bytes > sizeof(to))
			continue;
		memcpy(to, original.data, original.len_bytes);
		to[kind < IMAGE_UUID ? 0 : original.len_bytes - 1]++;
		map(anonymizer, original, (struct nst_bytes){ to, original.len_bytes });
	}
}

static void what_is_close_is_found(void)
{
	static const enum image_kind kinds[] = { IMAGE_ADDRESS, IMAGE_PID,  IMAGE_CGROUP_ID,
						 IMAGE_FLOW_ID, IMAGE_UUID, IMAGE_BUILD_ID,
						 IMAGE_MAC };
	static const struct anonymize_options none;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		spoiled = kinds[i];
		begin(&none, leave_most_of_it);
		is_found(image_kind_name(spoiled));
		end();
	}
}

static const char *from_text, *to_text;

static void map_address(struct anonymizer *anonymizer)
{
	uint8_t from[4], to[4];

	inet_pton(AF_INET, from_text, from);
	inet_pton(AF_INET, to_text, to);
	map(anonymizer, (struct nst_bytes){ from, 4 }, (struct nst_bytes){ to, 4 });
}

static void address_is_found(const char *from, const char *to, const char *fault)
{
	static const struct anonymize_options none;

	spoiled = IMAGE_ADDRESS;
	from_text = from;
	to_text = to;
	begin(&none, map_address);
	is_found(fault);
	end();
}

static void other_addresses_are_found(void)
{
	static const char gives[] = "address: one that is not what the key gives";

	address_is_found("127.0.0.53", "127.0.0.54", gives);
	address_is_found("203.0.113.9", "127.0.113.9", gives);
	address_is_found("198.51.100.77", "214.1.2.3", gives);
}

static uint64_t from_number, to_number;

static void map_number(struct anonymizer *anonymizer)
{
	map(anonymizer, (struct nst_bytes){ &from_number, 8 }, (struct nst_bytes){ &to_number, 8 });
}

static void number_is_found(enum image_kind kind, uint64_t from, uint64_t to, const char *fault)
{
	static const struct anonymize_options none;

	spoiled = kind;
	from_number = from;
	to_number = to;
	begin(&none, map_number);
	is_found(fault);
	end();
}

static void other_numbers_are_found(void)
{
	number_is_found(IMAGE_PID, 4242, 1, "pid: a number of another class");
	number_is_found(IMAGE_PORT, 50000, 444, "port: a number of another class");
	number_is_found(IMAGE_PORT, 443, 444, "port: a number that stays did not");
	number_is_found(IMAGE_UID, 1000, 0, "uid: a number of another class");
}

/* ---- Times ------------------------------------------------------------- */

static void forget_clock(struct anonymizer *anonymizer)
{
	anonymizer->clock_shift_ns = 0;
}

static void forget_time_of_day(struct anonymizer *anonymizer)
{
	anonymizer->realtime_shift_ns = 0;
}

static void unshifted_times_are_found(void)
{
	static const struct anonymize_options shifted = { .shift_time = true }, none;
	uint64_t shift_ns;

	begin(&shifted, forget_clock);
	is_found("times: not shifted");
	made->anonymizer.clock_shift_ns = 1000000000;
	is_found("times: not shifted");
	made->anonymizer.clock_shift_ns = 2 * DAY_NS + 12345;
	is_found("file header");
	end();
	begin(&shifted, forget_time_of_day);
	is_found("times: not shifted");
	made->anonymizer.realtime_shift_ns = 2 * DAY_NS + 12345;
	is_found("file header");
	end();
	/* what is in headers is right then, and in rows it is not */
	begin(&shifted, NULL);
	shift_ns = made->anonymizer.clock_shift_ns;
	for (size_t i = 0; i < n_fields; i++)
		if (fields[i].table == NST_TABLE_EVENT && fields[i].rule == RULE_TIME)
			made->counts[i].sum += shift_ns;
	is_found("EVENT.timestamp: other values");
	end();
	begin(&none, NULL);
	made->anonymizer.clock_shift_ns = 1;
	is_found("times: shifted");
	end();
}

int main(void)
{
	RUN(what_is_right_passes);
	learn();
	RUN(identity_is_found);
	RUN(what_is_close_is_found);
	RUN(other_addresses_are_found);
	RUN(other_numbers_are_found);
	RUN(unshifted_times_are_found);
	image_map_free(&right);
	maker_clean();
	return test_result();
}
