/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is asked for: taken from the command line, and said again. */
#include "analyze/selection.h"

#include "analyze/say.h"
#include "common/units.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PID_MAX (1u << 22)

int selection_add_pid(struct selection *selection, const char *text)
{
	uint64_t pid;

	if (parse_number(text, 1, PID_MAX, &pid)) {
		say("--pid %s: not a process id, 1 to %u", text, PID_MAX);
		return -EINVAL;
	}
	if (array_reserve(&selection->pids, &selection->cap_pids, selection->n_pids + 1,
			  sizeof(*selection->pids)))
		return -ENOMEM;
	selection->pids[selection->n_pids++] = (uint32_t)pid;
	return 0;
}

int selection_add_comm(struct selection *selection, const char *text)
{
	if (!*text || strlen(text) > NST_COMM_MAX) {
		say("--comm %s: not the name of a process, 1 to %d bytes", text, NST_COMM_MAX);
		return -EINVAL;
	}
	if (array_reserve(&selection->comms, &selection->cap_comms, selection->n_comms + 1,
			  sizeof(*selection->comms)))
		return -ENOMEM;
	selection->comms[selection->n_comms++] = text;
	return 0;
}

/* An address, with a prefix's length behind a slash or whole. */
static int parse_host(const char *text, struct selection_host *host)
{
	const char *slash = strchr(text, '/');
	char address[INET6_ADDRSTRLEN];
	uint64_t bits;

	snprintf(address, sizeof(address), "%.*s", (int)(slash ? slash - text : INET6_ADDRSTRLEN),
		 text);
	host->len_bytes = inet_pton(AF_INET, address, host->address) == 1    ? 4
			  : inet_pton(AF_INET6, address, host->address) == 1 ? 16
									     : 0;
	bits = 8u * host->len_bytes;
	if (!host->len_bytes || (slash && parse_number(slash + 1, 0, bits, &bits)))
		return -EINVAL;
	host->prefix_bits = (uint8_t)bits;
	return 0;
}

int selection_add_host(struct selection *selection, const char *text)
{
	struct selection_host host;

	if (parse_host(text, &host)) {
		say("--host %s: not an IPv4 or IPv6 address, or not a prefix length of one", text);
		return -EINVAL;
	}
	if (array_reserve(&selection->hosts, &selection->cap_hosts, selection->n_hosts + 1,
			  sizeof(*selection->hosts)))
		return -ENOMEM;
	selection->hosts[selection->n_hosts++] = host;
	return 0;
}

int selection_add_port(struct selection *selection, const char *text)
{
	const char *dash = strchr(text, '-');
	char first_text[8] = "";
	uint64_t first, last;

	if (dash && (size_t)(dash - text) < sizeof(first_text))
		memcpy(first_text, text, (size_t)(dash - text));
	if (parse_number(dash ? first_text : text, 0, UINT16_MAX, &first) ||
	    parse_number(dash ? dash + 1 : text, 0, UINT16_MAX, &last) || first > last) {
		say("--port %s: not a port, 0 to 65535, or a range such as 8000-8080", text);
		return -EINVAL;
	}
	if (array_reserve(&selection->ports, &selection->cap_ports, selection->n_ports + 1,
			  sizeof(*selection->ports)))
		return -ENOMEM;
	selection->ports[selection->n_ports++] =
		(struct selection_ports){ (uint16_t)first, (uint16_t)last };
	return 0;
}

bool selection_is_by_flow(const struct selection *selection)
{
	return selection->n_pids || selection->n_comms || selection->n_hosts || selection->n_ports;
}

bool selection_is_given(const struct selection *selection)
{
	return selection_is_by_flow(selection) || window_is_given(&selection->window);
}

char *selection_text(const struct selection *selection, uint64_t grain_ns)
{
	const struct window *window = &selection->window;
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	if (!out)
		return NULL;
	fprintf(out, "%d %lld %d %lld %llu", window->from.kind, (long long)window->from.ns,
		window->to.kind, (long long)window->to.ns, (unsigned long long)grain_ns);
	for (size_t i = 0; i < selection->n_pids; i++)
		fprintf(out, " pid %u", selection->pids[i]);
	for (size_t i = 0; i < selection->n_comms; i++)
		fprintf(out, " comm %s", selection->comms[i]);
	for (size_t i = 0; i < selection->n_hosts; i++) {
		fputs(" host ", out);
		for (size_t k = 0; k < selection->hosts[i].len_bytes; k++)
			fprintf(out, "%02x", selection->hosts[i].address[k]);
		fprintf(out, "/%u", selection->hosts[i].prefix_bits);
	}
	for (size_t i = 0; i < selection->n_ports; i++)
		fprintf(out, " port %u-%u", selection->ports[i].first, selection->ports[i].last);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

void selection_free(struct selection *selection)
{
	for (size_t i = 0; i < selection->n_traces; i++)
		timeline_free(&selection->traces[i].timeline);
	free(selection->traces);
	free(selection->pids);
	free(selection->comms);
	free(selection->hosts);
	free(selection->ports);
	free(selection->flow_states);
	free(selection->process_states);
	free(selection->device_last_ns);
	free(selection->links);
	intern_free(&selection->flows);
	intern_free(&selection->processes);
	intern_free(&selection->devices);
	intern_free(&selection->kept);
	*selection = (struct selection){ 0 };
}
