/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Does `current` itself send this packet, or was it merely interrupted? */
#ifndef NETSNOOP_BPF_CONTEXT_H
#define NETSNOOP_BPF_CONTEXT_H

#include "bpf/kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define STACK_BYTES 16384 /* THREAD_SIZE on x86-64 */

/* Of x86-64: those that receive and are told by sock_recv_length when they have. */
enum system_call {
	CALL_READ = 0,
	CALL_READV = 19,
	CALL_RECVFROM = 45,
	CALL_RECVMSG = 47,
	CALL_RECVMMSG = 299,
	CALL_WITHOUT_NUMBER = 0x7fffffff,
};

/*
 * The stack pointer as a number. The verifier lets a pointer be subtracted from
 * a pointer (with CAP_PERFMON), and current is there as both.
 */
static __always_inline __u64 stack_pointer(struct task_struct *current)
{
	__u64 difference;

	asm volatile("%0 = r10\n%0 -= %1" : "=&r"(difference) : "r"(current));
	return difference + bpf_get_current_task();
}

static __always_inline __u64 saved_registers(struct task_struct *current)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return bpf_task_pt_regs(current);
	/* Before 5.15 nothing lies between them and the end of the stack. */
	return (__u64)current->stack + STACK_BYTES - bpf_core_type_size(struct pt_regs);
}

/*
 * The number of the system call that current itself is in, or -1.
 *
 * A softirq runs on a stack of its own, so a stack pointer within the task's
 * stack means process context, with one exception: an interrupt that hits user
 * mode is served on the task's stack, and then orig_ax holds -1 and not the
 * number of a system call. Workers of io_uring and vhost never enter user mode.
 *
 * It has to stay a function with a small frame: since 6.13 a program with a
 * frame of 64 bytes or more runs on a private stack, where this test would
 * silently be false. Before 5.11 the answer is always -1, and the owner is
 * then a guess that says so.
 */
static __noinline int system_call(void)
{
	struct task_struct *current;
	__u64 registers, sp, number = -1;

	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf))
		return -1;
	current = bpf_get_current_task_btf();
	if (current->flags & PF_KTHREAD)
		return -1;
	registers = saved_registers(current);
	sp = stack_pointer(current);
	if (sp < (__u64)current->stack || sp >= registers)
		return -1;
	if (current->flags & (PF_IO_WORKER | PF_USER_WORKER))
		return CALL_WITHOUT_NUMBER;
	bpf_probe_read_kernel(&number, sizeof(number),
			      (void *)registers + bpf_core_field_offset(struct pt_regs, orig_ax));
	return (__s64)number < 0 ? -1 : (int)(number & 0x7fffffff);
}

static __always_inline bool in_system_call(void)
{
	return system_call() >= 0;
}

/* Not for processes of 32 bits: what these numbers are there receives nothing. */
static __always_inline bool is_plain_receive(int call)
{
	return call == CALL_READ || call == CALL_READV || call == CALL_RECVFROM ||
	       call == CALL_RECVMSG || call == CALL_RECVMMSG;
}

#endif
