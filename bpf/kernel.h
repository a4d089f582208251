/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the programs use of the kernel, and no more: the fields in use (their
 * places are relocated at load, CO-RE) and a few numbers of its stable ABI. So
 * a build needs neither the BTF nor the headers of any kernel.
 */
#ifndef NETSNOOP_BPF_KERNEL_H
#define NETSNOOP_BPF_KERNEL_H

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u16 __sum16;
typedef __u32 __wsum;
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)

enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_LPM_TRIE = 11,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_RINGBUF = 27,
};
enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_EXIST = 2,
	BPF_F_NO_PREALLOC = 1,
	BPF_RB_NO_WAKEUP = 1,
};

/* Looked up by name in the kernel's BTF: does it have this helper? */
enum bpf_func_id {
	BPF_FUNC_get_current_task_btf = 158, /* 5.11, 3ca1032ab7ab */
	BPF_FUNC_task_pt_regs = 175,	     /* 5.15, dd6e10fbd9fb */
};

enum {
	IFF_LOOPBACK = 1 << 3,
	PF_KTHREAD = 0x00200000,
	PF_IO_WORKER = 0x00000010,
	PF_USER_WORKER = 0x00004000, /* 6.4; PF_USED_ASYNC, then unused, before */
	TCP_TIME_WAIT = 6,
	TCP_NEW_SYN_RECV = 12,
	ETH_P_IP = 0x0800,
	ETH_P_IPV6 = 0x86dd,
	ETH_P_8021Q = 0x8100,
	ETH_P_8021AD = 0x88a8,
	IPPROTO_HOPOPTS = 0,
	IPPROTO_ICMP = 1,
	IPPROTO_TCP = 6,
	IPPROTO_UDP = 17,
	IPPROTO_ROUTING = 43,
	IPPROTO_FRAGMENT = 44,
	IPPROTO_AH = 51,
	IPPROTO_ICMPV6 = 58,
	IPPROTO_DSTOPTS = 60,
	IPPROTO_SCTP = 132,
	IPPROTO_UDPLITE = 136,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct list_head {
	struct list_head *next;
};

struct in_ifaddr {
	struct in_ifaddr *ifa_next;
	__be32 ifa_local;
};

struct in_device {
	struct in_ifaddr *ifa_list;
};

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct inet6_ifaddr {
	struct in6_addr addr;
	struct list_head if_list;
};

struct inet6_dev {
	struct list_head addr_list;
};

struct net_device {
	char name[16];
	unsigned int flags;
	int ifindex;
	possible_net_t nd_net;
	struct in_device *ip_ptr;
	struct inet6_dev *ip6_ptr;
};

struct sock_common {
	volatile unsigned char skc_state;
};

typedef struct {
	int owned;
} socket_lock_t;

struct sock {
	struct sock_common __sk_common;
	socket_lock_t sk_lock;
	__u16 sk_protocol;
	__u8 sk_kern_sock : 1;
};

struct tcp_sock {
	bool is_mptcp; /* CONFIG_MPTCP */
};

struct skb_shared_info {
	unsigned short gso_size;
	unsigned short gso_segs;
};

struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
	unsigned int len, data_len;
	__u8 encapsulation : 1;
	__be16 protocol;
	__u16 vlan_tci;
	__u16 network_header;
	__u16 mac_header;
	unsigned int end; /* an offset on 64-bit machines */
	unsigned char *head, *data;
};

/* before 6.2, 354259fa73e2, which also made vlan_all the test */
struct sk_buff___with_vlan_present {
	__u8 vlan_present : 1;
};
struct sk_buff___with_vlan_all {
	__u32 vlan_all;
};

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long orig_ax;
};
#else
#error "whether a task is in its system call is known on x86-64 only"
#endif

struct task_struct {
	unsigned int flags;
	void *stack;
	int pid, tgid;
	__u64 start_boottime; /* 5.5, cf25e24db61c */
	struct task_struct *group_leader;
	char comm[16];
};

#pragma clang attribute pop

#endif
