/*
 * The system calls that the network process may still make.
 *
 * What is not listed fails with ENOSYS rather than killing: the C library then falls back to an older call, and a newer
 * one than this list knows does not stop a working installation.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/sanitizer.h"
#include "netd/sandbox.h"

#ifdef HAVE_SECCOMP

#include <linux/net.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <seccomp.h>

#define SOCKET_TYPE 0xfULL /* beside it: SOCK_CLOEXEC, SOCK_NONBLOCK */
#define BY_PRCTL 1         /* libseccomp's number for it */
#define WORD 0xffffffffULL /* an int argument: the upper half of its register may hold anything */

typedef struct { /* not the type of libseccomp: its release function takes the pointer itself */
    scmp_filter_ctx ctx;
} filter;

static void filter_release_at(filter *at)
{
    if (at->ctx != NULL)
        seccomp_release(at->ctx);
}

/* Calls that are harmless whatever their arguments. Those that an architecture does not have are passed over. */
static const char *const allowed[] = {
    /* data in and out */
    "read",
    "readv",
    "pread64",
    "write",
    "writev",
    "close",
    "lseek",
    "fstat",
    "newfstatat",
    "stat",
    "lstat",
    "statx",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "getdents64",
    "dup",
    "pipe2",
    /* network; neither listen, nor socket and socketpair, which come below */
    "connect",
    "bind",
    "accept",
    "accept4",
    "sendto",
    "sendmsg",
    "sendmmsg",
    "recvfrom",
    "recvmsg",
    "recvmmsg",
    "shutdown",
    "getsockname",
    "getpeername",
    "getsockopt",
    "setsockopt",
    /* waiting */
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "eventfd2",
    "timerfd_create",
    "timerfd_settime",
    "restart_syscall",
    /* memory */
    "brk",
    "munmap",
    "mremap",
    "madvise",
    /* threads (the resolver has one per name): clone itself comes below */
    "futex",
    "set_robust_list",
    "rseq",
    "membarrier",
    "sched_yield",
    "sched_getaffinity",
    "gettid",
    "exit",
    "exit_group",
    "set_tid_address",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigaltstack",
    /* identity and clocks */
    "getpid",
    "getppid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "uname",
    "sysinfo",
    "getrandom",
    "clock_gettime",
    "clock_getres",
    "clock_nanosleep",
    "nanosleep",
    "gettimeofday",
    "time",
    "getrlimit",
    /* the same on machines of 32 bits */
    "fstat64",
    "stat64",
    "lstat64",
    "fstatat64",
    "_llseek",
    "send",
    "recv",
    "ugetrlimit",
    "sigreturn",
    "getuid32",
    "geteuid32",
    "getgid32",
    "getegid32",
    "futex_time64",
    "ppoll_time64",
    "pselect6_time64",
    "recvmmsg_time64",
    "clock_gettime64",
    "clock_getres_time64",
    "clock_nanosleep_time64",
    "timerfd_settime64",
#if SANITIZED_ADDRESS
    "clone3",
    "personality",
    "getcwd",
    "sched_setaffinity",
    "prlimit64",
    "getrusage",
    "mprotect",
    "mmap",
    "wait4",
    "pipe",
    "kill",
#endif
};

/* A call that is allowed only when `arg & mask == value`; several rows for one call are alternatives. */
static const struct {
    const char *call;
    unsigned arg;
    uint64_t mask, value;
} when[] = {
    { "openat", 2, O_ACCMODE | O_CREAT | O_TRUNC | O_PATH, O_RDONLY }, /* O_PATH: Landlock does not look at it */
    { "open", 1, O_ACCMODE | O_CREAT | O_TRUNC | O_PATH, O_RDONLY },
    { "fcntl", 1, WORD, F_GETFD }, /* not F_SETOWN and kin, which send signals to others */
    { "fcntl", 1, WORD, F_SETFD }, { "fcntl", 1, WORD, F_GETFL }, { "fcntl", 1, WORD, F_SETFL },
    { "fcntl", 1, WORD, F_DUPFD }, { "fcntl", 1, WORD, F_DUPFD_CLOEXEC }, { "fcntl64", 1, WORD, F_GETFD },
    { "fcntl64", 1, WORD, F_SETFD }, { "fcntl64", 1, WORD, F_GETFL }, { "fcntl64", 1, WORD, F_SETFL },
    { "fcntl64", 1, WORD, F_DUPFD }, { "fcntl64", 1, WORD, F_DUPFD_CLOEXEC }, { "ioctl", 1, WORD, FIONBIO },
    { "ioctl", 1, WORD, FIONREAD }, { "ioctl", 1, WORD, SIOCGIFINDEX }, /* for the zone of a link-local address */
    { "clone", 0, CLONE_THREAD, CLONE_THREAD }, /* threads, no processes; clone3 hides its flags from us: not there */
    { "mmap", 2, PROT_WRITE | PROT_EXEC, 0 },   /* memory is written or executed, never both */
    { "mmap", 2, PROT_WRITE | PROT_EXEC, PROT_WRITE }, { "mmap", 2, PROT_WRITE | PROT_EXEC, PROT_EXEC },
    { "mmap2", 2, PROT_WRITE | PROT_EXEC, 0 }, { "mmap2", 2, PROT_WRITE | PROT_EXEC, PROT_WRITE },
    { "mmap2", 2, PROT_WRITE | PROT_EXEC, PROT_EXEC }, { "mprotect", 2, PROT_EXEC, 0 },
    { "prctl", 0, WORD, PR_SET_NAME },
    { "prctl", 0, WORD, 0x53564d41 /* PR_SET_VMA: newer C libraries name their memory */ },
    { "prlimit64", 2, ~0ULL, 0 }, /* asking, not setting */
};

/*
 * One rule: `call` is allowed when all `count` comparisons hold. libseccomp drops the rule where the architecture lacks
 * the call: a negative number but this one stands for a call that this architecture lacks, or has in another form.
 */
static int allow(scmp_filter_ctx ctx, const char *call, unsigned count, const struct scmp_arg_cmp *when_all)
{
    int number = seccomp_syscall_resolve_name(call);

    return number == __NR_SCMP_ERROR ? 0 : seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, number, count, when_all);
}

static int allow_plain(scmp_filter_ctx ctx)
{
    for (size_t i = 0; i < COUNT(allowed); i++) {
        int bad = allow(ctx, allowed[i], 0, NULL);

        if (bad != 0)
            return bad;
    }
    return 0;
}

static int allow_when(scmp_filter_ctx ctx)
{
    for (size_t i = 0; i < COUNT(when); i++) {
        struct scmp_arg_cmp is = { when[i].arg, SCMP_CMP_MASKED_EQ, when[i].mask, when[i].value };
        int bad = allow(ctx, when[i].call, 1, &is);

        if (bad != 0)
            return bad;
    }
    return 0;
}

/*
 * Where the C library makes sockets by socketcall(2) (32-bit x86, s390x), the arguments lie in memory, and no filter
 * sees them: any kind of socket is let through there. libseccomp does the same by itself for the calls without a
 * condition.
 */
static int allow_multiplexed_sockets(scmp_filter_ctx ctx)
{
    struct scmp_arg_cmp one = { 0, SCMP_CMP_MASKED_EQ, WORD, SYS_SOCKET };
    struct scmp_arg_cmp pair = { 0, SCMP_CMP_MASKED_EQ, WORD, SYS_SOCKETPAIR };
    int bad = allow(ctx, "socketcall", 1, &one);

    return bad != 0 ? bad : allow(ctx, "socketcall", 1, &pair);
}

/*
 * TCP and UDP, and netlink, by which the C library asks the kernel what kinds of addresses this machine has. The
 * protocol counts, too: else the kernel loads modules for us (SCTP, MPTCP, the one of ping). No Unix sockets: Landlock
 * lets everybody connect to those of daemons, and a service manager of the same user would start any program for us.
 * The modules of the resolver that use one say "unavailable", and the next one is asked. A pair of streams is connected
 * for ever; datagrams of a pair could be sent to any socket.
 */
static int allow_sockets(scmp_filter_ctx ctx)
{
    static const struct {
        const char *call;
        int family, type, protocol;
    } sockets[] = {
        { "socket", AF_INET, SOCK_STREAM, 0 },
        { "socket", AF_INET, SOCK_STREAM, IPPROTO_TCP },
        { "socket", AF_INET, SOCK_DGRAM, 0 },
        { "socket", AF_INET, SOCK_DGRAM, IPPROTO_UDP },
        { "socket", AF_INET6, SOCK_STREAM, 0 },
        { "socket", AF_INET6, SOCK_STREAM, IPPROTO_TCP },
        { "socket", AF_INET6, SOCK_DGRAM, 0 },
        { "socket", AF_INET6, SOCK_DGRAM, IPPROTO_UDP },
        { "socket", AF_NETLINK, SOCK_RAW, NETLINK_ROUTE },
        { "socketpair", AF_UNIX, SOCK_STREAM, 0 },
    };

    for (size_t i = 0; i < COUNT(sockets); i++) {
        struct scmp_arg_cmp is[] = {
            { 0, SCMP_CMP_MASKED_EQ, WORD, (uint64_t)sockets[i].family },
            { 1, SCMP_CMP_MASKED_EQ, SOCKET_TYPE, (uint64_t)sockets[i].type },
            { 2, SCMP_CMP_MASKED_EQ, WORD, (uint64_t)sockets[i].protocol },
        };
        int bad = allow(ctx, sockets[i].call, COUNT(is), is);

        if (bad != 0)
            return bad;
    }
    return allow_multiplexed_sockets(ctx);
}

/* A signal to one of our own threads: the C library ends threads and itself by it. */
static int allow_own_signals(scmp_filter_ctx ctx)
{
    struct scmp_arg_cmp is = { 0, SCMP_CMP_MASKED_EQ, WORD, (uint64_t)getpid() };

    return allow(ctx, "tgkill", 1, &is);
}

static int fill(scmp_filter_ctx ctx)
{
    int bad = allow_plain(ctx);

    if (bad == 0)
        bad = allow_when(ctx);
    if (bad == 0)
        bad = allow_sockets(ctx);
    return bad != 0 ? bad : allow_own_signals(ctx);
}

void seccomp_enter(struct message_ready *out)
{
    AUTO(filter_release) filter own = { NULL };
    int bad;

    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0 && errno == EINVAL) /* a kernel without */
        return;
    /* By prctl alone, which every list of calls has: seccomp(2) is missing in those that service managers use. What
     * only seccomp(2) can do is for processes with threads, which we are not yet. */
    (void)seccomp_api_set(BY_PRCTL);
    own.ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    bad = own.ctx == NULL ? -ENOMEM : fill(own.ctx);
    if (bad == 0)
        bad = seccomp_load(own.ctx);
    if (bad == 0)
        out->seccomp = true;
    else
        sandbox_lack(out, bad == -ECANCELED ? EPERM : -bad, "no system call filter of its own");
}

#else

void seccomp_enter(struct message_ready *out)
{
    (void)out; /* built without libseccomp: privileges and Landlock remain */
}

#endif
