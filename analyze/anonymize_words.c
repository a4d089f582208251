/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/anonymize_words.h"

#include <string.h>

#define CPU_DIGITS 4

/* clang-format off */
static const char *const programs[] = {
	/* shells and what is run from them */
	"ash", "bash", "busybox", "dash", "fish", "ksh", "mosh-client", "mosh-server", "screen", "sh", "tcsh",
	"tmux", "zsh", "cat", "cp", "curl", "dd", "dig", "drill", "find", "git", "git-remote-http", "grep",
	"host", "ls", "make", "mv", "nano", "nslookup", "rm", "sed", "sleep", "tar", "telnet", "true", "vi",
	"vim", "wget", "wget2", "xargs", "awk", "gawk", "mawk", "gzip", "xz", "zstd", "timeout", "sudo", "su",
	/* interpreters and run times */
	"java", "lua", "node", "nodejs", "perl", "php", "php-fpm", "python", "python2", "python3",
	"python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "ruby", "dotnet", "deno", "bun",
	"erlang", "beam.smp", "mono", "qemu-system-x86_64", "qemu-system-aarch64", "gcc", "go", "cargo", "rustc",
	/* services */
	"apache2", "httpd", "lighttpd", "nginx", "caddy", "haproxy", "envoy", "traefik", "varnishd", "squid",
	"bind9", "named", "dnsmasq", "unbound", "systemd-resolved", "nscd", "nsncd", "pdns_server", "kresd",
	"chronyd", "ntpd", "ntpsec", "systemd-timesyncd", "openntpd", "ptp4l", "phc2sys",
	"dhclient", "dhcpcd", "dhcpd", "udhcpc", "NetworkManager", "systemd-networkd", "wpa_supplicant",
	"hostapd", "ModemManager", "avahi-daemon", "ssh", "sshd", "sshd-session", "sftp-server", "scp", "sftp",
	"rsync", "dropbear", "inetd", "xinetd", "vsftpd", "proftpd", "smbd", "nmbd", "winbindd",
	"rpcbind", "rpc.mountd", "rpc.statd", "rpc.nfsd", "nfsd", "iscsid", "multipathd", "ceph-mon", "ceph-osd",
	"mysqld", "mariadbd", "postgres", "postgresql", "mongod", "redis-server", "redis-cli", "valkey-server",
	"memcached", "etcd", "consul", "rabbitmq-server", "sqlite3", "psql", "mysql", "clickhouse",
	"postfix", "master", "smtpd", "sendmail", "exim4", "dovecot", "imap", "imap-login", "opendkim",
	"containerd", "containerd-shim", "containerd-shim-runc-v2", "crio", "conmon", "docker", "dockerd",
	"docker-proxy", "podman", "runc", "crun", "kubelet", "kube-proxy", "kube-apiserver", "coredns",
	"calico-node", "cilium-agent", "flanneld", "pause", "lxc-start", "lxd", "incusd", "libvirtd", "virtqemud",
	"cron", "crond", "atd", "anacron", "dbus", "dbus-daemon", "dbus-broker", "login", "getty", "agetty",
	"init", "systemd", "systemd-journald", "systemd-journal-remote", "systemd-journal-upload", "systemd-logind",
	"systemd-udevd", "udevd", "polkitd", "rsyslog", "rsyslogd", "syslog-ng", "auditd", "journalctl",
	"node_exporter", "prometheus", "grafana", "telegraf", "collectd", "snmpd", "zabbix_agentd", "fluent-bit",
	"openvpn", "charon", "strongswan", "wireguard", "wg", "wg-quick", "tailscaled", "pppd", "xl2tpd", "openconnect",
	"cups", "cupsd", "cups-browsed", "apt", "apt-get", "http", "https", "dpkg", "dnf", "yum", "packagekitd", "snapd",
	"unattended-upgr", "needrestart", "pip", "pip3", "npm", "fwupd",
	/* on a desk */
	"chrome", "chromium", "firefox", "firefox-esr", "thunderbird", "Xorg", "gnome-shell", "Web Content",
	"Socket Thread", "Isolated Web Co", "DNS Resolver", "pulseaudio", "pipewire", "vlc", "transmission-gtk",
	"Chrome_ChildIOT", "ThreadPoolForeg",
	/* for networks */
	"arping", "ethtool", "fping", "hping3", "ip", "iperf", "iperf3", "mtr", "mtr-packet", "nc", "ncat",
	"netcat", "netperf", "netserver", "netstat", "nft", "nmap", "ping", "ping6", "socat", "ss", "tc", "tcpdump",
	"tracepath", "traceroute", "tshark", "dumpcap", "wireshark", "wrk", "ab", "bpftrace", "bpftool", "perf",
	"keepalived", "bird", "zebra", "bgpd", "ospfd", "frr", "radvd", "netsnoop-record", "netsnoop-analyze",
	/* of the kernel; behind a slash the number of a CPU follows */
	"kthreadd", "ksoftirqd/", "migration/", "swapper/", "rcu_sched", "rcu_preempt", "kswapd0",
	"ktimers/", "irq_work/", "idle_inject/", "cpuhp/", "watchdogd", "kcompactd0",
	NULL,
};

static const char *const directories[] = {
	"", "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/usr/libexec",
	"/usr/lib/systemd", "/lib/systemd", "/usr/lib/git-core", "/usr/lib/openssh", "/usr/lib/apt/methods",
	"/usr/lib/postfix/sbin", "/usr/lib/firefox", "/usr/lib/firefox-esr", "/opt/google/chrome",
	"/usr/lib/chromium", "/snap/bin", NULL,
};

static const char *const users[] = {
	"root", "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp", "proxy",
	"www-data", "backup", "list", "irc", "_apt", "nobody", "systemd-network", "systemd-resolve",
	"systemd-timesync", "messagebus", "sshd", "apache", "nginx", "http", "postgres", "mysql", "redis",
	"ntp", "chrony", "_chrony", "bind", "named", "unbound", "dnsmasq", "avahi", "polkitd", "tss", "rpc",
	"statd", "syslog", "postfix", "dovecot", "tcpdump", NULL,
};

static const char *const interfaces[] = { "lo", NULL };

static const char *const device_kinds[] = {
	"amt", "bareudp", "batadv", "bond", "bridge", "can", "dsa", "dummy", "erspan", "geneve", "gre", "gretap",
	"gtp", "hsr", "ifb", "ip6erspan", "ip6gre", "ip6gretap", "ip6tnl", "ipip", "ipoib", "ipvlan", "ipvtap",
	"lowpan", "macsec", "macvlan", "macvtap", "netdevsim", "netkit", "nlmon", "openvswitch", "ovpn", "ppp",
	"rmnet", "sit", "team", "tun", "vcan", "veth", "virt_wifi", "vlan", "vrf", "vti", "vti6", "vxcan",
	"vxlan", "wireguard", "wwan", "xfrm", NULL,
};

static const char *const counters[] = {
	"events", "ring_full_events", "ring_full_bytes", "summed_events", "summed_bytes",
	"throughput_full_bytes", "flow_table_full", "filtered", "filtered_unknown", "not_ip", "bad_header",
	"snoop_full", "flows", "owner_ring_full", "process_ring_full", "owners_forgotten", "totals_merged",
	"level_lowered", "processes_unknown", "processes_forgotten", "process_rows_lost", NULL,
};

static const char *const hooks[] = {
	"sched_process_fork", "sched_process_exec", "sched_process_exit", "task_rename", "cgroup_mkdir",
	"cgroup_release", "inet_sock_set_state", "sock_recv_length", "tcp_rcv_space_adjust", "sk_data_ready",
	"iter/task_file", "iter/task", "iter/bpf_sk_storage_map", "netif_receive_skb", "net_dev_queue", NULL,
};

static const char *const machines[] = {
	"x86_64", "i686", "aarch64", "armv7l", "armv8l", "ppc64", "ppc64le", "riscv64", "s390x", "loongarch64",
	"mips64", NULL,
};

static const char *const states[] = {
	"packets", "flows", "auto", "boottime", "monotonic", "complete", "incomplete", NULL,
};

static const char *const release[] = {
	"amd64", "arm64", "x86_64", "aarch64", "i686", "686", "pae", "armmp", "rt", "cloud", "generic", "lowlatency",
	"virtual", "kvm", "aws", "azure", "gcp", "gke", "oracle", "raspi", "server", "desktop", "default", "lts",
	"zen", "hardened", "arch1", "arch2", "microsoft", "standard", "WSL2", "amzn1", "amzn2", "amzn2023",
	"deb10", "deb11", "deb12", "deb13", "bpo", "el7", "el8", "el9", "el10", "el8_10", "el9_4", "el9_5", "el9_6",
	"fc40", "fc41", "fc42", "fc43", "uek", "el9uek", "pve", "rpi", "v7", "v8", "16k", "64k", "unsigned",
	"rc1", "rc2", "rc3", "rc4", "rc5", "rc6", "rc7", "rc8", "azl3", "cm2", "talos", "flatcar", "cos", NULL,
};

static const char *const filters[] = {
	"--pid", "--comm", "--interface", "--host", "--port", "--proto", "--cgroup", "--user", NULL,
};

static const char *const cgroups[] = {
	"system.slice", "user.slice", "machine.slice", "init.scope", "session.slice", "app.slice",
	"background.slice", "kubepods", "kubepods.slice", "kubepods-burstable.slice",
	"kubepods-besteffort.slice", "burstable", "besteffort", "docker", "podman", "lxc", "lxc.payload",
	"lxc.monitor", "libpod_parent", "systemd", "container", "..", NULL,
};

static const char *const runtimes[] = {
	"docker-", "crio-", "crio-conmon-", "cri-containerd-", "libpod-", "libpod-conmon-", "buildah-",
	"conmon-", "machine-libpod_pod_", "user-libpod_pod_", "cri-containerd", "kubepods-", "burstable-",
	"besteffort-", "pod", "lxc.payload.", "lxc.monitor.", "run-user-", "user-", "user@", "user-runtime-dir@",
	NULL,
};

static const char *const settings[] = {
	"host", "kernel", "machine", "cpus", "page_bytes", "tool", "filters", "hooks", "clock", "ring_bytes",
	"rings", "max_flows", "level", "detail", "interval_ns", "recording", "part", "recovered_from",
	"recovered_missing", "recovered_metadata", NULL,
};
/* clang-format on */

static const char *const *const lists[WORD_LISTS] = {
	[WORDS_PROGRAMS] = programs,
	[WORDS_DIRECTORIES] = directories,
	[WORDS_USERS] = users,
	[WORDS_INTERFACES] = interfaces,
	[WORDS_DEVICE_KINDS] = device_kinds,
	[WORDS_COUNTERS] = counters,
	[WORDS_HOOKS] = hooks,
	[WORDS_MACHINES] = machines,
	[WORDS_STATES] = states,
	[WORDS_RELEASE] = release,
	[WORDS_FILTERS] = filters,
	[WORDS_CGROUPS] = cgroups,
	[WORDS_RUNTIMES] = runtimes,
	[WORDS_SETTINGS] = settings,
};

const char *word_get(enum word_list list, size_t i)
{
	return lists[list][i];
}

/* Of a CPU: as few digits as it takes. */
static bool is_cpu(struct nst_bytes word, size_t from)
{
	const char *text = word.data;

	if (from == word.len_bytes || word.len_bytes - from > CPU_DIGITS ||
	    (text[from] == '0' && word.len_bytes - from > 1))
		return false;
	for (; from < word.len_bytes; from++)
		if (text[from] < '0' || text[from] > '9')
			return false;
	return true;
}

static bool matches(enum word_list list, const char *known, struct nst_bytes word)
{
	size_t len = strlen(known);

	if (list == WORDS_PROGRAMS && known[len - 1] == '/')
		return word.len_bytes > len && !memcmp(known, word.data, len) && is_cpu(word, len);
	if (list == WORDS_PROGRAMS && word.len_bytes == COMM_LEN && len > COMM_LEN)
		len = COMM_LEN;
	return word.len_bytes == len && !memcmp(known, word.data, len);
}

bool word_is(enum word_list list, struct nst_bytes word)
{
	if (!word.len_bytes)
		return false;
	for (const char *const *at = lists[list]; *at; at++)
		if (matches(list, *at, word))
			return true;
	return false;
}
