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
	BPF_MAP_TYPE_STACK = 23,
	BPF_MAP_TYPE_SK_STORAGE = 24,
	BPF_MAP_TYPE_RINGBUF = 27,
};
enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_EXIST = 2,
	BPF_F_NO_PREALLOC = 1,
	BPF_F_CLONE = 1 << 9,
	BPF_F_MMAPABLE = 1 << 10,
	BPF_SK_STORAGE_GET_F_CREATE = 1,
	BPF_RB_NO_WAKEUP = 1,
};

/* Looked up by name in the kernel's BTF: does it have this helper? */
enum bpf_func_id {
	BPF_FUNC_get_current_task_btf = 158, /* 5.11, 3ca1032ab7ab */
	BPF_FUNC_sock_from_file = 162,	     /* 5.11, b60da4955f53 */
	BPF_FUNC_task_pt_regs = 175,	     /* 5.15, dd6e10fbd9fb */
};

enum {
	IFF_LOOPBACK = 1 << 3,
	PF_KTHREAD = 0x00200000,
	PF_IO_WORKER = 0x00000010,
	PF_USER_WORKER = 0x00004000, /* 6.4; PF_USED_ASYNC, then unused, before */
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT = 2,
	TCP_SYN_RECV = 3,
	TCP_TIME_WAIT = 6,
	TCP_CLOSE = 7,
	TCP_LISTEN = 10,
	TCP_NEW_SYN_RECV = 12,
	TCP_FIN = 1 << 0,
	TCP_SYN = 1 << 1,
	TCP_RST = 1 << 2,
	TCP_ACK = 1 << 4,
	AF_INET = 2,
	AF_INET6 = 10,
	SOCK_RAW = 3,
	MSG_PEEK = 1 << 1,
	MSG_ERRQUEUE = 1 << 13,
	PACKET_HOST = 0,
	PACKET_BROADCAST = 1,
	PACKET_MULTICAST = 2,
	ICMP_ECHOREPLY = 0,
	ICMP_ECHO = 8,
	ICMPV6_ECHO_REQUEST = 128,
	ICMPV6_ECHO_REPLY = 129,
	ETH_P_IP = 0x0800,
	ETH_P_ARP = 0x0806,
	ETH_P_IPV6 = 0x86dd,
	ETH_P_8021Q = 0x8100,
	ETH_P_8021AD = 0x88a8,
	IPPROTO_HOPOPTS = 0,
	IPPROTO_ICMP = 1,
	IPPROTO_IGMP = 2,
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

struct list_head {
	struct list_head *next;
};

struct net {
	struct ns_common ns;
	struct list_head dev_base_head;
};

typedef struct {
	struct net *net;
} possible_net_t;

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
	struct list_head dev_list;
	struct in_device *ip_ptr;
	struct inet6_dev *ip6_ptr;
};

typedef struct {
	__s64 counter;
} atomic64_t;

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	unsigned char skc_reuse : 4;
	unsigned char skc_reuseport : 1;
	unsigned char skc_ipv6only : 1;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
};

typedef struct {
	int owned;
} socket_lock_t;

struct sk_buff;
struct sk_buff_head {
	struct sk_buff *next;
	struct sk_buff *prev;
};

struct sock {
	struct sock_common __sk_common;
	struct sk_buff_head sk_receive_queue;
	socket_lock_t sk_lock;
	__u16 sk_protocol;
	__u16 sk_type;
	__u8 sk_kern_sock : 1;
};

struct socket {
	struct sock *sk;
};

struct file;

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
	int skb_iif;
	__u8 pkt_type : 3;
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

typedef struct {
	unsigned int val;
} kuid_t;

typedef struct {
	unsigned int val;
} kgid_t;

struct cred {
	kuid_t uid;
	kgid_t gid;
};

struct kernfs_node {
	__u64 id; /* a number since 5.5, 67c0496e87d1 */
};

struct cgroup_root {
	int hierarchy_id;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct task_struct {
	unsigned int flags;
	void *stack;
	int pid, tgid;
	__u64 start_boottime; /* 5.5, cf25e24db61c */
	struct task_struct *group_leader;
	char comm[16];
	int exit_code;
	struct task_struct *real_parent;
	struct signal_struct *signal;
	const struct cred *cred;
	struct nsproxy *nsproxy;
	struct css_set *cgroups; /* CONFIG_CGROUPS */
	struct pid *thread_pid;
	struct mm_struct *mm;
	struct files_struct *files;
	unsigned int in_execve : 1;
};

struct bpf_map;

struct bpf_iter__task_file {
	struct task_struct *task;
	struct file *file;
};

struct bpf_iter__bpf_sk_storage_map {
	struct sock *sk;
	void *value;
};

#pragma clang attribute pop

#endif
