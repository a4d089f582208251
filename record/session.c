// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/session.h"

#include "format/trace.h"
#include "record/clock.h"
#include "record/command.h"
#include "record/environment.h"
#include "record/flight_control.h"
#include "record/kernel.h"
#include "record/options.h"
#include "record/output.h"
#include "record/privileges.h"
#include "record/recording.h"
#include "record/rotation.h"
#include "record/say.h"
#include "record/stats.h"
#include "record/watcher.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define TICK_NS (20 * NS_PER_MS)
#define SETTLE_NS (2 * NS_PER_MS) /* until a drain gives what happened by now */
#define LIVE_NS (NS_PER_S / 2)

struct session {
	const struct settings *settings;
	struct kernel *kernel;
	struct watcher *watcher;
	struct rotation *rotation;
	struct output output;	       /* until the recording has it */
	struct flight_control *flight; /* NULL: the recording is written as it comes */
	struct recording *recording;
	struct command command;
	struct stats stats;
	sigset_t caller_mask;
	int signal_fd;
	int cancel_fd; /* the same for the signals that end the recording */
	bool is_live;  /* show a status line */
	bool wants_status;
	bool stop;
	uint64_t start_ns, end_ns; /* of the recording; end: 0, still going */
	uint64_t tick_due_ns, live_due_ns;
	bool is_hurried; /* the tick comes for a signal */
	uint64_t stats_due_ns, stats_since_ns;
};

static bool is_flight(const struct settings *settings)
{
	return settings->flight_ns || settings->flight_bytes;
}

/* Signals come by a descriptor; a closed pipe or a file too large is an error of write(2). */
static int catch_signals(struct session *session)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	if (signal(SIGHUP, SIG_DFL) == SIG_IGN)
		signal(SIGHUP, SIG_IGN); /* nohup(1) */
	else
		sigaddset(&mask, SIGHUP);
	session->cancel_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGUSR2);
	sigaddset(&mask, SIGCHLD);
	signal(SIGCHLD, SIG_DFL); /* ignored, it would hide how the command ended */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &mask, &session->caller_mask))
		return -errno;
	session->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return session->signal_fd < 0 || session->cancel_fd < 0 ? -errno : 0;
}

static void get_status(const struct session *session, struct status *status)
{
	uint64_t end_ns = session->end_ns ?: now_ns();

	recording_status(session->recording, status);
	status->duration_ns = end_ns - session->start_ns;
	status->is_flight = false;
	if (session->flight)
		flight_control_status(session->flight, status);
}

/* However many signals come, they put off the tick only once. */
static void hurry(struct session *session)
{
	if (!session->is_hurried)
		session->tick_due_ns = now_ns() + SETTLE_NS;
	session->is_hurried = true;
}

static void take_signals(struct session *session)
{
	struct signalfd_siginfo info;

	while (read(session->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGCHLD:
			command_check(&session->command);
			watcher_check(session->watcher);
			session->stop |= session->command.ended;
			break;
		case SIGUSR1:
			session->wants_status = true;
			hurry(session);
			break;
		case SIGUSR2:
			if (!session->flight) {
				say("SIGUSR2: without --flight there is nothing to write out");
				break;
			}
			flight_control_want(session->flight, "SIGUSR2");
			hurry(session);
			break;
		default:
			session->stop = true;
		}
	}
}

static int show_stats(struct session *session, uint64_t at_ns)
{
	struct throughput *rows;
	size_t n_rows;
	int err = kernel_throughput(session->kernel, &rows, &n_rows);

	if (err)
		return err;
	stats_print(&session->stats, rows, n_rows, at_ns - session->stats_since_ns);
	session->stats_since_ns = at_ns;
	session->stats_due_ns = at_ns + session->settings->stats_ns;
	return 0;
}

static int show(struct session *session, uint64_t at_ns)
{
	struct status status;

	if (session->settings->stats_ns && at_ns >= session->stats_due_ns) {
		int err = show_stats(session, at_ns);

		if (err)
			return err;
	}
	if (session->wants_status) {
		get_status(session, &status);
		status_line(&status);
		session->wants_status = false;
	}
	if (session->is_live && at_ns >= session->live_due_ns) {
		get_status(session, &status);
		status_live(&status);
		session->live_due_ns = at_ns + LIVE_NS;
	}
	return 0;
}

static uint64_t deadline_ns(const struct session *session)
{
	uint64_t duration_ns = session->settings->duration_ns;

	return duration_ns ? session->start_ns + duration_ns : UINT64_MAX;
}

/* Sleep until a signal comes or something is due. */
static void wait_for_work(const struct session *session)
{
	struct pollfd waiting = { .fd = session->signal_fd, .events = POLLIN };
	uint64_t due_ns = session->tick_due_ns, at_ns = now_ns();
	struct timespec left = { 0 };

	if (due_ns > deadline_ns(session))
		due_ns = deadline_ns(session);
	if (due_ns > at_ns)
		left.tv_nsec = (long)(due_ns - at_ns); /* a tick at most */
	ppoll(&waiting, 1, &left, NULL);
}

/* Until the recording is over. 0, or why it cannot go on. */
static int loop(struct session *session)
{
	int err = 0;

	while (!session->stop && !err) {
		uint64_t at_ns;

		wait_for_work(session);
		take_signals(session);
		at_ns = now_ns();
		session->stop |= at_ns >= deadline_ns(session);
		if (session->stop || at_ns < session->tick_due_ns)
			continue;
		session->tick_due_ns = at_ns + TICK_NS;
		session->is_hurried = false;
		err = recording_tick(session->recording);
		if (!err && session->flight)
			err = flight_control_tick(session->flight, session->recording,
						  session->kernel, at_ns);
		if (err > 0) {
			session->stop = true;
			err = 0;
		} else if (!err) {
			err = show(session, at_ns);
		}
	}
	return err;
}

/* A reader that has gone has seen enough: no failure. */
static int begin_recording(struct session *session, const struct nst_header *header)
{
	struct flight *flight = session->flight ? flight_control_flight(session->flight) : NULL;
	char *name = strdup(session->output.name ?: "memory");
	int err = name ? recording_open(session->kernel, session->settings, header,
					session->rotation, &session->output, flight,
					session->watcher, &session->recording)
		       : -ENOMEM;

	if (!err)
		recording_cancel_by(session->recording, session->cancel_fd);
	else if (err != -EPIPE)
		say("%s: %s", name ?: session->output.name, strerror(-err));
	free(name);
	return err;
}

/* A file that will not be the only one; NULL: it will. */
static const char *beside(const struct settings *settings)
{
	if (!settings->rotate_bytes && !settings->rotate_ns && !is_flight(settings))
		return NULL;
	return settings->output ?: ".";
}

static int start_command(struct session *session)
{
	int err = session->command.pid && session->command.gate_fd >= 0
			  ? command_start(&session->command)
			  : 0;

	if (err)
		say("%s: %s", session->settings->command[0], strerror(-err));
	return err;
}

/* A command that may turn out not to run costs no former recording: it runs before. */
static int begin_output(struct session *session, bool is_known)
{
	int err = is_known || !session->output.temporary ? 0 : start_command(session);

	return err ?: output_begin(&session->output);
}

/* Everything that can fail before the first event, what replaces a former file last. */
static int begin(struct session *session)
{
	const struct settings *settings = session->settings;
	struct nst_header header;
	bool is_known = false;
	int err;

	err = privileges_check(settings->run_as, beside(settings))
		      ?: watcher_open(settings->run_as, &session->watcher);
	if (err)
		return err;
	err = kernel_open(&settings->filters, settings->ring_bytes, settings->max_flows,
			  settings->command != NULL, settings->verbose, &session->kernel);
	if (!err && settings->detail == DETAIL_FLOWS)
		kernel_want_totals_alone(session->kernel);
	if (!err)
		err = rotation_open(settings, &session->rotation);
	/* before any file is made or replaced */
	if (!err && settings->command)
		err = command_try(settings->command, &session->command, &is_known);
	if (!err && !is_flight(settings))
		err = rotation_next(session->rotation, &session->output);
	if (!err && settings->command)
		err = command_prepare(settings->command, &session->caller_mask,
				      session->output.path || is_flight(settings) ? STDOUT_FILENO
										  : STDERR_FILENO,
				      &session->command);
	if (!err && settings->command) {
		err = kernel_follow(session->kernel, (uint32_t)session->command.pid);
		if (err)
			say("the command could not be marked: %s", strerror(-err));
	}
	if (!err) {
		err = environment_header(&header);
		if (err)
			say("no random numbers: %s", strerror(-err));
	}
	if (!err)
		err = kernel_attach(session->kernel);
	if (!err)
		watcher_look(session->watcher);
	if (!err && !is_flight(settings))
		err = begin_output(session, is_known);
	if (!err && rotation_is_on(session->rotation))
		privileges_give(settings->run_as, session->output.fd, session->output.name);
	if (!err)
		err = privileges_drop(settings->run_as, beside(settings));
	if (!err && is_flight(settings))
		err = flight_control_open(settings, &session->caller_mask, header.start_ns,
					  &session->flight);
	if (err)
		return err;
	session->start_ns = session->stats_since_ns = header.start_ns;
	session->live_due_ns = header.start_ns + LIVE_NS;
	session->stats_due_ns = header.start_ns + settings->stats_ns;
	return begin_recording(session, &header);
}

static void say_what_is_used(const struct session *session)
{
	say("hooks: %s", kernel_hooks(session->kernel));
	say("rings: %zu of %zu bytes", kernel_rings(session->kernel),
	    kernel_ring_bytes(session->kernel));
	say("flows: %" PRIu32 " at once", session->settings->max_flows);
	say("filters: %s", session->settings->filters.text ?: "none");
	say("level: %d", session->settings->level);
	say("file: %s", recording_name(session->recording));
}

static void summarize(const struct session *session)
{
	struct status status;

	get_status(session, &status);
	status_summary(&status);
}

/* Without it some sockets that nobody has used lack an owner: no reason to fail. */
static void settle(const struct session *session)
{
	int err = kernel_settle(session->kernel);

	if (err)
		say("who holds the sockets that are still open: %s", strerror(-err));
}

static void abandon(struct session *session, int err)
{
	struct status status;
	const char *why = strerror(-err);

	recording_abandon(session->recording, err);
	if (err == -EPIPE)
		return;
	if (err == -ETIME)
		why = "nothing of the rest could be written for two seconds";
	else if (err == -ECANCELED)
		why = "interrupted before the rest was written";
	get_status(session, &status);
	say("%s: %s: the trace is cut there, and %" PRIu64 " events are lost",
	    recording_name(session->recording), why, status.lost_recorder);
}

/* Record until the end of it. 0, or why the trace is not whole, which has been told. */
static int record(struct session *session)
{
	int err = loop(session);

	if (!err)
		settle(session);
	watcher_look(session->watcher);
	kernel_detach(session->kernel);
	session->end_ns = now_ns();
	recording_stop(session->recording, session->end_ns);
	/* what it holds would leave no room for what is in the rings */
	if (session->flight)
		flight_control_wait(session->flight, session->cancel_fd);
	if (!err)
		err = recording_finish(session->recording, session->end_ns);
	if (err)
		abandon(session, err);
	if (session->flight)
		err = flight_control_finish(session->flight, session->recording, session->cancel_fd)
			      ?: err;
	return err ?: recording_failure(session->recording);
}

static int run(struct session *session)
{
	int err;

	if (session->settings->verbose)
		say_what_is_used(session);
	err = start_command(session);
	if (err)
		return err;
	if (!session->settings->quiet && !session->command.pid)
		say("recording to %s%s%s",
		    session->flight ? flight_control_name(session->flight)
				    : recording_name(session->recording),
		    rotation_is_on(session->rotation) ? " and what follows it" : "",
		    session->settings->duration_ns ? "" : "; Ctrl-C ends it");
	err = record(session);
	command_end(&session->command, session->signal_fd);
	if (err == -EPIPE)
		return err;
	if (!err && session->settings->stats_ns)
		err = show_stats(session, session->end_ns);
	if (!session->settings->quiet)
		summarize(session);
	return err;
}

/* Free all of it. 0, or what closing a file gives, which has been told. */
static int clean_up(struct session *session, bool failed)
{
	int err = recording_close(session->recording, failed);

	flight_control_close(session->flight);
	kernel_close(session->kernel);
	watcher_close(session->watcher);
	stats_free(&session->stats);
	command_end(&session->command, session->signal_fd);
	if (session->signal_fd >= 0)
		close(session->signal_fd);
	if (session->cancel_fd >= 0)
		close(session->cancel_fd);
	if (session->output.fd >= 0) {
		output_discard(&session->output);
		err = output_close(&session->output);
	}
	rotation_close(session->rotation);
	return err;
}

int session_run(const struct settings *settings)
{
	struct session session = { .settings = settings,
				   .output.fd = -1,
				   .signal_fd = -1,
				   .cancel_fd = -1,
				   .is_live = isatty(STDERR_FILENO) && !settings->quiet &&
					      !settings->command };
	int err = catch_signals(&session);

	if (err)
		say("signals: %s", strerror(-err));
	if (!err)
		err = begin(&session);
	if (!err)
		err = run(&session);
	if (err == -EPIPE)
		err = 0;
	say_live_end();
	err = clean_up(&session, err != 0) ?: err;
	if (!settings->command)
		return err ? EXIT_FAILURE : EXIT_SUCCESS;
	return err && !session.command.not_run ? EXIT_RECORDER_FAILED : session.command.exit_status;
}
