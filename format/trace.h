/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libnetsnoop: writes and reads netsnoop traces. This is its one public header; rows.h
 * is a part of it.
 *
 * A trace is a concatenation of ordinary zstd frames; FORMAT.md beside this
 * file is its normative description, and the names used here are the ones used
 * there. The library needs libc and zstd only. It never prints and never
 * exits: functions return 0 (or a positive count where that is said) or a
 * negative errno, leave their ret_x arguments alone on failure, and describe
 * what was wrong with an input in a struct nst_problem.
 *
 * Handles are not thread safe; two handles are independent of each other.
 */
#ifndef NETSNOOP_TRACE_H
#define NETSNOOP_TRACE_H

#include "rows.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Words ------------------------------------------------------------ */

enum nst_clock {
	NST_CLOCK_BOOTTIME = 1,
	NST_CLOCK_MONOTONIC = 2,
};

/* How the owner of an event was found. Values are the file's: never reused. */
enum nst_owner_source {
	NST_OWNER_UNKNOWN = 0,	 /* nobody known */
	NST_OWNER_SOCKET = 1,	 /* the socket's own process, in its system call */
	NST_OWNER_FLOW = 2,	 /* by the 5-tuple of an event seen before */
	NST_OWNER_LISTENER = 3,	 /* the listener of the connection's socket */
	NST_OWNER_SHARED = 4,	 /* several sockets take this packet */
	NST_OWNER_SEEDED = 5,	 /* a socket that was open before the recording */
	NST_OWNER_KERNEL = 6,	 /* no process: replies, resets, kernel sockets */
	NST_OWNER_FORWARDED = 7, /* routed or bridged through this host */
	NST_OWNER_CURRENT = 8,	 /* the current task, a guess; never on receive */
	NST_OWNER_SOURCES,
};

/*
 * Why an event that happened is not in the trace. Positions in the chunk
 * header's table of cumulative losses; the rest of the table is reserved.
 */
enum nst_loss {
	NST_LOST_RING_FULL = 0,	 /* the kernel's ring of records was full */
	NST_LOST_RECORDER = 1,	 /* the recorder could not keep up or write */
	NST_LOST_OWNER_RING = 2, /* owner records, not events */
	NST_LOST_FLOW_TABLE = 3, /* the flow table was full */
	NST_LOST_DAMAGE = 4,	 /* in chunks of a trace that this one was recovered from */
	NST_LOSSES,
};
#define NST_LOSS_SLOTS 12

/* Words as they stand in reports and JSON; NULL for a value without one. */
const char *nst_owner_source_name(unsigned int source);
const char *nst_loss_name(unsigned int loss);

/* ---- The event --------------------------------------------------------- */

/* What could be read of an event. A field without its bit is null, never 0. */
enum nst_has {
	NST_HAS_PROTOCOL = 1 << 0, /* protocol: the packet is IP */
	NST_HAS_ADDR = 1 << 1,	   /* saddr and daddr */
	NST_HAS_PORT = 1 << 2,	   /* sport and dport */
	NST_HAS_OWNER = 1 << 3,	   /* pid, start_ns and comm */
	NST_HAS_TID = 1 << 4,
	NST_HAS_CGROUP = 1 << 5,
	NST_HAS_VLAN = 1 << 6,
	NST_HAS_HEADER_BYTES = 1 << 7, /* header_bytes */
	NST_HAS_TCP_FLAGS = 1 << 8,
	NST_HAS_NETNS = 1 << 9,
	NST_HAS_IFINDEX = 1 << 10,
	NST_HAS_FLOW_ID = 1 << 11,
	NST_HAS_LINK_HEADER = 1 << 12, /* link_header_bytes */
	NST_HAS_SEGMENTS = 1 << 13,
};

enum nst_flag {
	NST_FLAG_FRAGMENT = 1 << 0,	  /* part of a fragmented packet */
	NST_FLAG_LATER_FRAGMENT = 1 << 1, /* not its first part: no ports */
	NST_FLAG_BAD_HEADER = 1 << 2,	  /* some header could not be read */
	NST_FLAG_TUNNELLED = 1 << 8,	  /* skb->encapsulation */
	NST_FLAG_LOCAL_ADDR = 1 << 9,	  /* local address is on this device */
	NST_FLAG_LOOPBACK = 1 << 10,	  /* seen on a loopback device */
};
/* flags that may differ between events of one lane; the others are the lane's */
#define NST_EVENT_FLAGS 0x00ff
#define NST_LANE_FLAGS 0xff00

#define NST_COMM_MAX 255 /* the kernel's own is 15 */

/*
 * One skb seen by one of the two tracepoints, with everything that is known of
 * it. Numbers are in host byte order; saddr and daddr are in network order, an
 * IPv4 address in the first four bytes and zeros behind it.
 */
struct net_event {
	uint64_t timestamp; /* ns of the file's clock */
	uint64_t flow_id;   /* the flow's incarnation, unique in a trace */
	uint64_t start_ns;  /* the owner's start, CLOCK_BOOTTIME */
	uint64_t cgroup_id;
	uint32_t has;	   /* NST_HAS_* */
	uint32_t pid;	   /* the owner (a tgid) */
	uint32_t tid;	   /* the sending thread */
	uint32_t bytes;	   /* at the IP layer, headers included */
	uint32_t segments; /* packets on the wire: gso_segs or 1 */
	uint32_t ifindex;
	uint32_t netns; /* inode number of the device's namespace */
	uint16_t ethertype;
	uint16_t sport, dport;
	uint16_t vlan_id;
	uint16_t header_bytes; /* IP and transport headers */
	uint16_t flags;	       /* NST_FLAG_* */
	uint8_t protocol;      /* of the last IPv6 extension header, if any */
	uint8_t tcp_flags;
	uint8_t is_send;      /* 1: net_dev_queue, 0: netif_receive_skb */
	uint8_t owner_source; /* enum nst_owner_source */
	uint8_t link_header_bytes;
	uint8_t comm_len;
	uint8_t saddr[16], daddr[16];
	char comm[NST_COMM_MAX + 1]; /* comm_len bytes, then a NUL */
};

enum nst_table { /* the file's numbers; never reused */
	NST_TABLE_PROCESS = 1,
	NST_TABLE_FLOW = 2,
	NST_TABLE_LANE = 3,
	NST_TABLE_EVENT = 4,
	NST_TABLE_RUN = 5,
	NST_TABLE_SETTING = 16,		  /* struct nst_setting */
	NST_TABLE_INTERFACE = 17,	  /* struct nst_interface */
	NST_TABLE_NETNS = 18,		  /* struct nst_netns */
	NST_TABLE_CGROUP = 19,		  /* struct nst_cgroup */
	NST_TABLE_PROCESS_EVENT = 20,	  /* struct nst_process_event */
	NST_TABLE_OWNER = 21,		  /* struct nst_owner */
	NST_TABLE_TOTAL = 22,		  /* struct nst_total */
	NST_TABLE_THROUGHPUT = 23,	  /* struct nst_throughput */
	NST_TABLE_COUNTER = 24,		  /* struct nst_counter */
	NST_TABLE_LOSS = 25,		  /* struct nst_loss_interval */
	NST_TABLE_INTERFACE_COUNTER = 26, /* struct nst_interface_counter */
	NST_TABLE_COMMENT = 27,		  /* struct nst_comment */
	NST_TABLE_TUPLE = 28,		  /* struct nst_flow: those that the chunk's TOTAL names */
	NST_TABLE_SUM = 29,		  /* struct nst_total, without flows */
	NST_TABLE_DETAIL = 30,		  /* struct nst_detail_change */
};
#define NST_TABLE_LAST NST_TABLE_DETAIL

enum nst_chunk_type { /* the file's numbers, with the critical bit */
	NST_CHUNK_CRITICAL = 0x8000,
	NST_CHUNK_EVENTS = 1 | NST_CHUNK_CRITICAL,
	NST_CHUNK_ENVIRONMENT = 2,		   /* SETTING, INTERFACE, NETNS, CGROUP */
	NST_CHUNK_PROCESSES = 3,		   /* PROCESS_EVENT */
	NST_CHUNK_OWNERS = 4 | NST_CHUNK_CRITICAL, /* OWNER */
	NST_CHUNK_TOTALS = 5,		  /* TOTAL, TUPLE, SUM, DETAIL, THROUGHPUT, COUNTER, LOSS */
	NST_CHUNK_INTERFACE_COUNTERS = 6, /* INTERFACE_COUNTER */
	NST_CHUNK_COMMENT = 7,		  /* COMMENT */
	NST_CHUNK_END = 8,
};

/* ---- Writing ----------------------------------------------------------- */

struct nst_header {
	uint8_t uuid[16];	    /* the trace's own, random */
	uint8_t boot_id[16];	    /* of the recording kernel; zero: not known */
	uint64_t start_ns;	    /* of the recording, on the file's clock */
	uint64_t start_realtime_ns; /* the same moment, ns since 1970 UTC */
	uint32_t clock;		    /* enum nst_clock */
	uint16_t major, minor;	    /* the format's; ignored when writing */
	uint32_t incompat, compat;
	char writer[33]; /* program and version; at most 32 bytes */
};

struct nst_rows { /* an array of rows of one metadata table */
	enum nst_table table;
	const void *rows; /* of the struct named beside the table's number */
	size_t n_rows;
};

struct nst_writer;

/*
 * Begin a trace on fd, which stays the caller's and is never seeked. level is
 * zstd's, 1 to 19. Writes the file header at once.
 * -EINVAL for a level or header out of range, or what write(2) gives.
 */
int nst_writer_open(int fd, const struct nst_header *header, int level,
		    struct nst_writer **ret_writer);

struct nst_chunk;

/* Where a writer's output goes if not to a descriptor. */
struct nst_sink {
	void *context;
	/*
	 * Take these parts, all or nothing. chunk says what they are, with its
	 * payload frames as the last parts (dictionaries_bytes and columns_bytes
	 * of it); NULL: a file header or the index. 0; -EAGAIN: there is no room now,
	 * which ends nothing; another negative errno, which is final.
	 */
	int (*write)(void *context, const struct iovec *parts, int n_parts,
		     const struct nst_chunk *chunk);
};

/* The same into a sink, of which a copy is kept. */
int nst_writer_open_sink(const struct nst_sink *sink, const struct nst_header *header, int level,
			 struct nst_writer **ret_writer);

/*
 * Add an event to the open chunk; a chunk that is full (24,576 events) is
 * written first. Events should come in order of time: a chunk sorts its own,
 * so that only neighbouring chunks can overlap. Those of one time keep their order
 * if they are of one flow. The event is copied.
 * -EINVAL when a field is out of range; else what nst_writer_flush() gives, and
 * the event was not taken.
 */
int nst_writer_event(struct nst_writer *writer, const struct net_event *event);

/*
 * Events of one lane, one after the other, without a look-up an event: the first one is
 * given whole, with a struct nst_writer_lane (all zero at first, and nobody's but the
 * writer's) that will stand for the lane; of all others only what a lane leaves open. The
 * trace is the same, to the byte, as by nst_writer_event().
 */
struct nst_writer_lane {
	uint64_t chunk;
	uint32_t generation, entry;
	uint32_t row;
	uint32_t has;
};
int nst_writer_event_lane(struct nst_writer *writer, const struct net_event *event,
			  struct nst_writer_lane *ret_lane);

struct nst_lane_event {
	uint64_t timestamp;
	uint32_t bytes;
	uint32_t tid, segments; /* these and the next two are ignored where the lane has none */
	uint16_t header_bytes;
	uint8_t tcp_flags;
	uint8_t flags; /* NST_EVENT_FLAGS of them; the others and has are as in the first event */
};

/*
 * Another event of the lane. Both give 0, or 1: the same, and a chunk that was full has been
 * written for it. -ESTALE: the lane is not known (any more), because the writer has met too many
 * others since, or because it is another writer; nst_writer_event_lane() has to be asked (and
 * a chunk may have been written of which neither tells).
 * Else as nst_writer_event().
 */
int nst_writer_lane_event(struct nst_writer *writer, struct nst_writer_lane *lane,
			  const struct nst_lane_event *event);

/*
 * Write the open chunk, if it holds events, with one writev(2). On an error
 * the chunk's events are lost to the file: nst_writer_stats() says how many
 * events were written, and the caller counts the difference. The file may then
 * end in the middle of a chunk, so a failed write is final: every later call
 * that would write gives the same error and writes nothing. -EAGAIN of a sink is
 * none: the chunk stays open, and this can be tried again.
 */
int nst_writer_flush(struct nst_writer *writer);

/*
 * Write a chunk of metadata at once, before the events that are still in the
 * open chunk. type is any but EVENTS and END, its tables in any order.
 * -E2BIG when the rows do not fit into one chunk (4 MiB a frame).
 */
int nst_writer_rows(struct nst_writer *writer, enum nst_chunk_type type,
		    const struct nst_rows *tables, size_t n_tables);

/*
 * Append a chunk of another trace, its compressed frames as they are, with this
 * trace's uuid, sequence and ordinal. Losses and clock sample are those that were
 * set last, not the chunk's; its times are taken as they are, so that both traces must
 * be of one clock. After nst_writer_flush() only; any type but END. -EINVAL if lengths
 * and frames differ, events are pending, or a reader would refuse the header.
 */
int nst_writer_copy(struct nst_writer *writer, const struct nst_chunk *chunk,
		    struct nst_bytes dictionaries, struct nst_bytes columns);

/* zstd's level of all further chunks. -EINVAL: it is none, as when opening. */
int nst_writer_set_level(struct nst_writer *writer, int level);

/* Cumulative losses by cause, for the headers of all further chunks. */
void nst_writer_set_lost(struct nst_writer *writer, const uint64_t lost[NST_LOSS_SLOTS]);

/* A pair of clock readings, for the headers of all further chunks. */
void nst_writer_set_clock_sample(struct nst_writer *writer, uint64_t clock_ns,
				 uint64_t realtime_ns);

/*
 * Flush, then write the END chunk (its time is end_ns) and the index; -EAGAIN of a sink
 * as in nst_writer_flush(). An index that the sink has no room for is left out.
 */
int nst_writer_end(struct nst_writer *writer, uint64_t end_ns);

struct nst_writer_stats {
	uint64_t file_bytes; /* written so far */
	uint64_t events;     /* in chunks that were written whole */
	uint64_t chunks;
	uint32_t pending_events;   /* in the open chunk */
	uint64_t pending_since_ns; /* timestamp of its first event */
};
void nst_writer_stats(const struct nst_writer *writer, struct nst_writer_stats *ret_stats);

/* Free the writer; writes nothing and leaves fd open. NULL is fine. */
void nst_writer_close(struct nst_writer *writer);

/* ---- Reading ----------------------------------------------------------- */

enum nst_problem_code {
	NST_PROBLEM_EMPTY = 1,	      /* nothing in the input */
	NST_PROBLEM_NOT_A_TRACE,      /* no header or chunk of a trace found */
	NST_PROBLEM_RECOMPRESSED,     /* a trace inside another compression */
	NST_PROBLEM_INCOMPATIBLE,     /* an unknown incompat bit */
	NST_PROBLEM_CUT,	      /* the input ends inside a frame */
	NST_PROBLEM_NO_END,	      /* the input ends without an END chunk */
	NST_PROBLEM_GARBAGE,	      /* bytes that belong to no frame of ours */
	NST_PROBLEM_BAD_HEADER,	      /* a file or chunk header contradicts itself */
	NST_PROBLEM_BAD_CHECKSUM,     /* a frame's CRC32C or content checksum */
	NST_PROBLEM_BAD_FRAME,	      /* zstd refuses it, or its size differs */
	NST_PROBLEM_BAD_SECTION,      /* sections do not add up */
	NST_PROBLEM_BAD_VALUE,	      /* an index, time or length out of range */
	NST_PROBLEM_TOO_LARGE,	      /* a length over the reader's cap */
	NST_PROBLEM_MISSING_CHUNKS,   /* a gap in the sequence */
	NST_PROBLEM_TOO_MUCH_DAMAGE,  /* the budget on searching is used up */
	NST_PROBLEM_UNKNOWN_CRITICAL, /* a chunk of an unknown critical type */
	NST_PROBLEM_DUPLICATE_CHUNK,  /* seen before; not counted twice */
	NST_PROBLEM_UNKNOWN,	      /* an unknown chunk, section or column: skipped */
	NST_PROBLEM_BAD_INDEX,	      /* the index, which nothing depends on */
};

struct nst_problem {
	enum nst_problem_code code;
	uint64_t offset; /* in the input, bytes */
	bool has_sequence;
	uint64_t sequence; /* of the chunk concerned */
	char text[192];	   /* one line: what was found, what was allowed */
};
/* DUPLICATE_CHUNK, UNKNOWN and BAD_INDEX tell of nothing that is lost; all others do. */
bool nst_problem_is_damage(const struct nst_problem *problem);

/* What the reader knows of one trace of the input, so far. */
struct nst_trace {
	struct nst_header header;
	bool has_header; /* false: every file header was damaged, and the
				 * rest was taken from the chunks' headers */
	bool has_end;
	uint64_t chunks; /* read whole or skipped on purpose */
	uint64_t missing_chunks;
	uint64_t damaged_chunks;
	uint64_t events;	       /* in chunks that were read or skipped whole */
	uint64_t missing_events;       /* by ordinals: in chunks missing or damaged */
	uint64_t first_ns, last_ns;    /* over all chunks' events; 0, 0: none */
	uint64_t end_ns;	       /* END's time, or without END that of the last event */
	uint64_t lost[NST_LOSS_SLOTS]; /* of the last chunk read */
	uint64_t compressed_bytes, raw_bytes; /* of the chunks' frames */
};

struct nst_chunk {
	uint64_t offset; /* in the input, bytes */
	uint64_t sequence;
	uint64_t first_ordinal;
	uint64_t first_ns, last_ns;
	uint64_t sample_clock_ns, sample_realtime_ns;
	uint64_t lost[NST_LOSS_SLOTS];
	size_t trace; /* of nst_reader_traces() */
	uint32_t n_events;
	uint32_t dictionaries_bytes, columns_bytes; /* compressed */
	uint32_t dictionaries_raw_bytes, columns_raw_bytes;
	uint32_t incompat;
	uint16_t type; /* enum nst_chunk_type, or an unknown value */
};

struct nst_reader;

/*
 * Read one or more concatenated traces from fd, which stays the caller's and
 * may be a pipe. Nothing is read yet. -ENOMEM.
 */
int nst_reader_open(int fd, struct nst_reader **ret_reader);

/*
 * Skip event chunks that have no event in [from_ns, to_ns) of the file's
 * clock. Chunks of metadata are always read. Before the first next().
 */
void nst_reader_set_window(struct nst_reader *reader, uint64_t from_ns, uint64_t to_ns);

/*
 * Ask is_wanted about each events chunk before it is read. One that is not is gone to
 * all the same, but has only its header: its payload is neither read nor checked where
 * that can be helped, and nst_reader_frames() and all that decodes it is -EINVAL.
 */
void nst_reader_set_choice(struct nst_reader *reader,
			   bool (*is_wanted)(void *context, const struct nst_chunk *chunk),
			   void *context);

/*
 * What a reader sees behind chunks that it hops over is kept, as far as there is room, and
 * the next reader of the same file, that is given it too, need not read it again. It is one
 * reader's at a time, and the caller's to free behind the last of them.
 */
struct nst_peeks;
int nst_peeks_new(struct nst_peeks **ret_peeks); /* 0 or -ENOMEM */
void nst_peeks_free(struct nst_peeks *peeks);	 /* NULL is fine */
void nst_reader_set_peeks(struct nst_reader *reader, struct nst_peeks *peeks);

/*
 * Go to the next chunk and read it; its checksums have been verified.
 * 1: *ret_chunk is valid until the next call. 0: the end of the input.
 * Chunks of unknown types are gone to as well, for whoever lists chunks.
 * Damage is noted in the list of problems and passed over; a negative errno
 * means that nothing (more) can be read: -ENODATA (empty), -ENOMSG (not a
 * trace), -EPROTONOSUPPORT (incompatible), -EBADMSG (too much damage), or
 * what read(2) gives. Every one but the last has its problem.
 */
int nst_reader_next(struct nst_reader *reader, const struct nst_chunk **ret_chunk);

/*
 * Has next() something to begin with before it reads from fd? Who waits for a
 * live pipe with poll(2) has to ask this first.
 */
bool nst_reader_has_buffered(const struct nst_reader *reader);

/*
 * Decode parts of the chunk that next() went to. What is returned is the
 * reader's and valid until its next call of next(). Dictionaries and events
 * are of an EVENTS chunk; events need the dictionaries and decode them too.
 * -EBADMSG: damaged, now noted as a problem (go on with next()); -EINVAL: the
 * chunk is of another type.
 */
int nst_reader_dictionaries(struct nst_reader *reader,
			    const struct nst_dictionaries **ret_dictionaries);
int nst_reader_events(struct nst_reader *reader, const struct nst_events **ret_events);

/*
 * Decoding beside the reader, so that several chunks can be decoded at a time: an unpacker
 * takes a chunk from the reader, any thread decodes it, and the reader's thread settles it,
 * in the order of the chunks. A reader that is told of it goes on ahead meanwhile.
 */
struct nst_unpacker;
int nst_unpacker_new(struct nst_unpacker **ret_unpacker); /* 0 or -ENOMEM */
void nst_unpacker_free(struct nst_unpacker *unpacker);	  /* NULL is fine */

/* Copy the events chunk that next() went to. 0, -ENOMEM, or -EINVAL: there is none. */
int nst_unpacker_take(struct nst_unpacker *unpacker, const struct nst_reader *reader);

/*
 * Decode it, as nst_reader_events() does: 0, -EBADMSG or -ENOMEM. What is returned is
 * valid until the unpacker takes another one. For sums it is quicker: the columns that
 * they do not take are only checked, and events stay in the order in which they are stored.
 */
int nst_unpacker_decode(struct nst_unpacker *unpacker, bool for_sums,
			const struct nst_dictionaries **ret_dictionaries,
			const struct nst_events **ret_events);

/* Note what decoding it found, as nst_reader_events() does. 0 or -ENOMEM. */
int nst_reader_settle(struct nst_reader *reader, const struct nst_unpacker *unpacker);

/*
 * catch_up is called, within the reader's functions, before anything that depends on
 * whether the chunks before are damaged, or is noted behind their problems: it has to
 * settle all that are out. Thus problems, counts and what is passed over are the same
 * as if each chunk had been decoded before the next.
 */
void nst_reader_set_ahead(struct nst_reader *reader, void (*catch_up)(void *context),
			  void *context);

/*
 * The compressed frames of the chunk that next() went to, valid until the next
 * call; empty where it has none. -EINVAL: there is no chunk.
 */
int nst_reader_frames(const struct nst_reader *reader, struct nst_bytes *ret_dictionaries,
		      struct nst_bytes *ret_columns);

/*
 * The rows of one table of the current metadata chunk, an array of the struct
 * named beside the table's number; no rows where the chunk has no such table.
 */
int nst_reader_rows(struct nst_reader *reader, enum nst_table table, const void **ret_rows,
		    size_t *ret_n_rows);

/* Event i of the current chunk, whole, after nst_reader_events(). */
void nst_reader_event(const struct nst_reader *reader, size_t i, struct net_event *ret_event);

/* All traces of the input met so far; the array is the reader's, until next(). */
const struct nst_trace *nst_reader_traces(const struct nst_reader *reader, size_t *ret_n_traces);

/* The first problems (at most 64 are kept) and how many there were in all. */
const struct nst_problem *nst_reader_problems(const struct nst_reader *reader, size_t *ret_n_kept,
					      uint64_t *ret_n_total);

/* Damage, a cut or something critical and unknown was met: exit status 3. */
bool nst_reader_damaged(const struct nst_reader *reader);

/* Free the reader; leaves fd open. NULL is fine. */
void nst_reader_close(struct nst_reader *reader);

/*
 * Decode the two decompressed frames of an events chunk, beneath all
 * checksums, exactly as the reader does. For fuzzers and tests.
 * 0, or -EBADMSG with *ret_problem filled.
 */
int nst_decode_events_chunk(const struct nst_chunk *chunk, struct nst_bytes dictionaries,
			    struct nst_bytes columns, struct nst_problem *ret_problem);

#ifdef __cplusplus
}
#endif
#endif /* NETSNOOP_TRACE_H */
