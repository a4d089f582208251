// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What goes from the watcher to the recorder, and what the recorder refuses of it. */
#include "record/look.h"

#include "format/trace.h"
#include "record/clock.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define N_DEVICES 500
#define LONG_NAME                                                                              \
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdef" \
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdef" \
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdef" \
	"xyz" /* 255 bytes */

static uint64_t began_ns;

static void make(struct look *look)
{
	struct interfaces *interfaces = &look->namespaces.interfaces;

	*look = (struct look){ .id = 7, .cost_ns = 1234 };
	CHECK_INT(namespaces_append(&look->namespaces, 1, "", -1), 0);
	CHECK_INT(namespaces_append(&look->namespaces, 2, LONG_NAME, -1), 0);
	for (uint32_t i = 0; i < N_DEVICES; i++) {
		CHECK_INT(interfaces_append(interfaces), 0);
		interfaces->rows[i].netns = 1 + i % 2;
		interfaces->rows[i].ifindex = i + 1;
		interfaces->rows[i].name.len_bytes = (uint32_t)snprintf(
			interfaces->texts[i].name, sizeof(interfaces->texts[i].name), "dev%u", i);
		interfaces->counters[i] = (struct nst_interface_counter){
			.time_ns = now_ns(), .netns = 1 + i % 2, .ifindex = i + 1, .recv_bytes = i
		};
	}
	interfaces_link(interfaces);
}

struct messages {
	char bytes[64][LOOK_MESSAGE_BYTES];
	size_t len[64];
	size_t n;
};

/* All of them fit into the socket's buffer. */
static struct messages *send_to_self(const struct look *look)
{
	struct messages *messages = calloc(1, sizeof(*messages));
	int fds[2], room = 1 << 20;
	ssize_t bytes;

	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	CHECK_INT(look_send(fds[0], look), 0);
	close(fds[0]);
	while ((bytes = recv(fds[1], messages->bytes[messages->n], LOOK_MESSAGE_BYTES, 0)) > 0)
		messages->len[messages->n++] = (size_t)bytes;
	close(fds[1]);
	return messages;
}

/* 1: complete; else what the first message that does not end it well gave. */
static int take_all(struct look *look, const struct messages *messages, uint64_t asked)
{
	int err = 0;

	for (size_t i = 0; i < messages->n && !err; i++)
		err = look_take(look, messages->bytes[i], messages->len[i], asked, began_ns);
	return err;
}

static void arrives_as_it_was(void)
{
	struct look look, got = { 0 };
	struct messages *messages;

	make(&look);
	messages = send_to_self(&look);
	CHECK(messages->n > 1);
	CHECK_INT(take_all(&got, messages, 7), 1);
	CHECK_INT(got.id, 7);
	CHECK_INT(got.cost_ns, 1234);
	CHECK_INT(got.namespaces.n, 2);
	CHECK_INT(got.namespaces.rows[0].name.len_bytes, 0);
	CHECK_STR(got.namespaces.names[1], LONG_NAME);
	CHECK_INT(got.namespaces.interfaces.n, N_DEVICES);
	CHECK_STR(got.namespaces.interfaces.texts[499].name, "dev499");
	CHECK(got.namespaces.interfaces.rows[499].name.data ==
	      got.namespaces.interfaces.texts[499].name);
	CHECK_INT(got.namespaces.interfaces.counters[499].recv_bytes, 499);
	look_free(&look);
	look_free(&got);
	free(messages);
}

static void refused(void (*spoil)(struct look *look), uint64_t asked)
{
	struct look look, got = { 0 };
	struct messages *messages;

	make(&look);
	spoil(&look);
	messages = send_to_self(&look);
	CHECK_INT(take_all(&got, messages, asked), -EBADMSG);
	look_free(&look);
	look_free(&got);
	free(messages);
}

static void nothing(struct look *look)
{
	(void)look;
}
static void long_name(struct look *look)
{
	look->namespaces.interfaces.rows[3].name.len_bytes = sizeof(struct interface_text);
}
static void long_mac(struct look *look)
{
	look->namespaces.interfaces.rows[3].mac.len_bytes = 33;
}
static void long_kind(struct look *look)
{
	look->namespaces.interfaces.rows[3].kind.len_bytes = UINT32_MAX;
}
static void other_bits(struct look *look)
{
	look->namespaces.interfaces.rows[3].has = 1u << 31;
}
static void other_device(struct look *look)
{
	look->namespaces.interfaces.counters[3].ifindex = 77;
}
static void too_early(struct look *look)
{
	look->namespaces.interfaces.counters[3].time_ns = began_ns - 1;
}
static void too_late(struct look *look)
{
	look->namespaces.interfaces.counters[3].time_ns = now_ns() + 3600 * NS_PER_S;
}

static void refuses_what_cannot_be(void)
{
	static void (*const spoils[])(struct look *) = { long_name,  long_mac,	   long_kind,
							 other_bits, other_device, too_early,
							 too_late };

	for (size_t i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++)
		refused(spoils[i], 7);
	refused(nothing, 6); /* nobody has asked that yet */
}

/* No damage does more than that: the sanitizers look on. */
static void survives_damage(void)
{
	struct look look, got = { 0 };
	struct messages *messages;
	unsigned int seed = 1;

	make(&look);
	messages = send_to_self(&look);
	for (int round = 0; round < 20000; round++) {
		size_t i = (size_t)rand_r(&seed) % messages->n;
		size_t at = (size_t)rand_r(&seed) % messages->len[i];
		char before = messages->bytes[i][at];

		messages->bytes[i][at] = (char)rand_r(&seed);
		look_take(&got, messages->bytes[i], messages->len[i], 7, began_ns);
		messages->bytes[i][at] = before;
		look_free(&got);
	}
	CHECK_INT(look_take(&got, messages->bytes[0], 0, 7, began_ns), -EBADMSG);
	CHECK_INT(look_take(&got, messages->bytes[0], messages->len[0] - 1, 7, began_ns), -EBADMSG);
	CHECK_INT(take_all(&got, messages, 7), 1);
	/* what one message has said is not said by the next one */
	CHECK_INT(take_all(&got, messages, 7), -EBADMSG);
	look_free(&look);
	look_free(&got);
	free(messages);
}

int main(void)
{
	began_ns = now_ns();
	RUN(arrives_as_it_was);
	RUN(refuses_what_cannot_be);
	RUN(survives_damage);
	return test_result();
}
