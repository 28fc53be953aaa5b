/* Locked in: what an attacker inside the network process would try, and what it must still be able to do. */
#include "netd/sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/seccomp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/sanitizer.h"
#include "base/test.h"

static const char *own_file, *new_file; /* in a directory that is open to everybody */

static bool try_read(void)
{
    return open(own_file, O_RDONLY) >= 0;
}

static bool try_write(void)
{
    return open(own_file, O_WRONLY) >= 0;
}

static bool try_create(void)
{
    return open(new_file, O_WRONLY | O_CREAT, 0600) >= 0;
}

static bool try_truncate(void)
{
    return truncate(own_file, 0) == 0;
}

static bool try_unlink(void)
{
    return unlink(own_file) == 0;
}

static bool try_rename(void)
{
    return rename(own_file, new_file) == 0;
}

static bool try_mkdir(void)
{
    return mkdir(new_file, 0700) == 0;
}

static bool try_list(void)
{
    return open("/", O_RDONLY | O_DIRECTORY) >= 0;
}

static bool try_shadow(void)
{
    return open("/etc/passwd", O_RDONLY) >= 0; /* public, and still none of its business */
}

static bool try_execute(void)
{
    char *argv[] = { (char *)(uintptr_t) "true", NULL };

    (void)execv("/bin/true", argv);
    return false; /* a success would end this process with status 0 */
}

static bool try_fork(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    return pid > 0;
}

static bool try_ptrace(void)
{
    return ptrace(PTRACE_SEIZE, getppid(), NULL, NULL) == 0;
}

static bool try_kill(void)
{
    return kill(getppid(), 0) == 0;
}

static bool try_signal_thread(void)
{
    /* EPERM: one of the same user would be reached */
    return syscall(SYS_tgkill, getppid(), getppid(), 0) == 0 || errno == EPERM;
}

static bool try_signal_by_descriptor(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    return fd >= 0 && fcntl(fd, F_SETOWN, getppid()) == 0; /* SIGIO then, or with F_SETSIG any other */
}

static bool try_path(void)
{
    return open(own_file, O_PATH) >= 0;
}

static bool try_unix(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0) >= 0; /* whose daemons may do more than we */
}

static bool try_raw(void)
{
    return socket(AF_INET, SOCK_RAW, IPPROTO_TCP) >= 0;
}

static bool try_sctp(void)
{
    return socket(AF_INET, SOCK_SEQPACKET, 0) >= 0 || errno != ENOSYS; /* else the kernel loads a module for us */
}

static bool try_mptcp(void)
{
    return socket(AF_INET, SOCK_STREAM, 262 /* IPPROTO_MPTCP */) >= 0 || errno != ENOSYS;
}

static bool try_ping(void)
{
    return socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP) >= 0 || errno != ENOSYS;
}

static bool try_datagram_pair(void)
{
    int pair[2];

    return socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0; /* which sends to any daemon's socket, too */
}

static bool try_packet(void)
{
    return socket(AF_PACKET, SOCK_RAW, 0) >= 0;
}

static bool try_root(void)
{
    return setuid(0) == 0;
}

static bool try_listen(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

    return bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 1) == 0;
}

static bool try_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool try_core(void)
{
    struct rlimit limits = { 1000000, 1000000 };

    return setrlimit(RLIMIT_CORE, &limits) == 0;
}

/* ---- what must still work ---- */

static bool try_resolve(void)
{
    struct addrinfo *found = NULL;
    bool ok = getaddrinfo("localhost", "80", NULL, &found) == 0;

    if (ok)
        freeaddrinfo(found);
    return ok;
}

static bool try_roots(void)
{
    return access("/etc/ssl/certs", R_OK) != 0 || open("/etc/ssl/certs", O_RDONLY | O_DIRECTORY) >= 0;
}

static void *nothing(void *ctx)
{
    return ctx;
}

static bool try_thread(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

static bool try_own_signal(void)
{
    return signal(SIGUSR1, SIG_IGN) != SIG_ERR && raise(SIGUSR1) == 0;
}

static bool try_pair(void)
{
    int pair[2];

    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0; /* libcurl's resolver thread */
}

static bool try_directory(void)
{
    struct stat here, root;

    return stat(".", &here) == 0 && stat("/", &root) == 0 && here.st_dev == root.st_dev && here.st_ino == root.st_ino;
}

static bool is_limited(int resource)
{
    struct rlimit limits;

    return getrlimit(resource, &limits) == 0 && limits.rlim_cur != RLIM_INFINITY && limits.rlim_max != RLIM_INFINITY;
}

static bool try_limits(void)
{
    return is_limited(RLIMIT_NPROC) && is_limited(RLIMIT_NOFILE) && is_limited(RLIMIT_FSIZE) &&
           (SANITIZED_ADDRESS || UINTPTR_MAX == UINT32_MAX || is_limited(RLIMIT_AS));
}

static bool try_connect(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT, .sin6_port = htons(1) };

    return fd >= 0 && (connect(fd, (struct sockaddr *)&at, sizeof at) == 0 || errno == EINPROGRESS ||
                          errno == ECONNREFUSED || errno == ENETUNREACH || errno == EADDRNOTAVAIL);
}

enum { BY_ANY = 1, BY_LANDLOCK = 2, BY_SECCOMP = 4, BY_SCOPE = 8, BY_SOCKET_FILTER = 16 };

#ifdef SYS_socketcall /* by which the C library makes sockets: no filter sees of what kind (src/netd/seccomp.c) */
#define SOCKET_FILTER 0
#else
#define SOCKET_FILTER BY_SOCKET_FILTER
#endif

static const struct {
    const char *name;
    bool (*attempt)(void);
    bool allowed;
    int by;             /* what refuses it; the row is passed over where none of these is in force */
    bool not_sanitized; /* the sanitizer's own list has it */
} attempts[] = {
    { "read a file", try_read, false, BY_LANDLOCK, false },
    { "read /etc/passwd", try_shadow, false, BY_LANDLOCK, false },
    { "list the root directory", try_list, false, BY_LANDLOCK, false },
    { "write to a file", try_write, false, BY_LANDLOCK | BY_SECCOMP, false },
    { "create a file", try_create, false, BY_LANDLOCK | BY_SECCOMP, false },
    { "truncate a file", try_truncate, false, BY_SECCOMP, false },
    { "remove a file", try_unlink, false, BY_LANDLOCK | BY_SECCOMP, false },
    { "rename a file", try_rename, false, BY_LANDLOCK | BY_SECCOMP, false },
    { "make a directory", try_mkdir, false, BY_LANDLOCK | BY_SECCOMP, false },
    { "execute a program", try_execute, false, BY_LANDLOCK | BY_SECCOMP, false },
    { "fork", try_fork, false, BY_SECCOMP, true },
    { "trace its parent", try_ptrace, false, BY_ANY, false },
    { "signal its parent", try_kill, false, BY_SECCOMP | BY_SCOPE, false },
    { "signal a thread of its parent", try_signal_thread, false, BY_SECCOMP, false },
    { "signal by way of a descriptor", try_signal_by_descriptor, false, BY_SECCOMP, false },
    { "a path without opening it", try_path, false, BY_SECCOMP, false },
    { "a Unix socket", try_unix, false, BY_SOCKET_FILTER, false },
    { "a raw socket", try_raw, false, BY_ANY, false },
    { "a socket of another protocol", try_sctp, false, BY_SOCKET_FILTER, false },
    { "a stream of many paths", try_mptcp, false, BY_SOCKET_FILTER, false },
    { "a socket for pings", try_ping, false, BY_SOCKET_FILTER, false },
    { "a pair of datagram sockets", try_datagram_pair, false, BY_SOCKET_FILTER, false },
    { "open a packet socket", try_packet, false, BY_ANY, false },
    { "take root back", try_root, false, BY_ANY, false },
    { "listen on a port", try_listen, false, BY_SECCOMP, false },
    { "memory that is written and executed", try_code, false, BY_SECCOMP, true },
    { "dump core", try_core, false, BY_ANY, false },
    { "resolve a name", try_resolve, true, 0, false },
    { "see the trusted roots", try_roots, true, 0, false },
    { "start a thread", try_thread, true, 0, false },
    { "signal itself", try_own_signal, true, 0, false },
    { "a pair of sockets", try_pair, true, 0, false },
    { "the root directory as its own", try_directory, true, 0, false },
    { "limits", try_limits, true, 0, false },
    { "connect", try_connect, true, 0, false },
};

enum { REFUSED = 10, ALLOWED = 11, SKIPPED = 12, NOT_LOCKED = 13 };

/* In a child that is thrown away: locks itself in, tries one thing and tells by its exit status. */
static int attempt_inside(size_t i)
{
    struct message_ready ready = { 0 };
    struct error err = { 0 };
    int in_force = BY_ANY;

    if (!sandbox_enter(&ready, &err)) {
        fprintf(stderr, "sandbox: %s\n", err.why);
        return NOT_LOCKED;
    }
    in_force |= (ready.landlock > 0 ? BY_LANDLOCK : 0) | (ready.landlock >= 6 ? BY_SCOPE : 0) |
                (ready.seccomp ? BY_SECCOMP | SOCKET_FILTER : 0);
    if (!attempts[i].allowed && ((attempts[i].by & in_force) == 0 || (attempts[i].not_sanitized && SANITIZED_ADDRESS)))
        return SKIPPED;
    return attempts[i].attempt() ? ALLOWED : REFUSED;
}

TEST(sandbox_refuses_and_allows)
{
    AUTO(free) char *file = test_path("file"), *fresh = test_path("new");
    struct error err = { 0 };

    REQUIRE(file_create(file, view_of("secret"), (struct file_access){ .mode = 0666 }, &err), "%s", err.why);
    REQUIRE(chmod(test_dir(), 0777) == 0, "everybody may: only the lock-in refuses");
    own_file = file;
    new_file = fresh;
    for (size_t i = 0; i < COUNT(attempts); i++) {
        int status = 0;
        pid_t pid = fork();

        if (pid == 0)
            _exit(attempt_inside(i));
        REQUIRE(waitpid(pid, &status, 0) == pid, "waitpid");
        status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
        if (status == SKIPPED)
            fprintf(stderr, "passed over here: %s\n", attempts[i].name);
        else
            CHECK(status == (attempts[i].allowed ? ALLOWED : REFUSED), "%s: %d", attempts[i].name, status);
    }
    CHECK(access(fresh, F_OK) != 0, "nothing new in the directory");
}

/* ---- what others have taken from us before ---- */

#define KILL SECCOMP_RET_KILL_PROCESS
#define REFUSE (SECCOMP_RET_ERRNO | EPERM)

/* A filter as service managers and containers set it: one call, with one first argument if that is not 0, has this
 * result. */
static bool forbid(unsigned call, unsigned first, unsigned result)
{
    struct sock_filter lines[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first, 0, first == 0 ? 0 : 1),
        BPF_STMT(BPF_RET | BPF_K, result),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { COUNT(lines), lines };

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static bool give_up_all_capabilities(void)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[2] = { { 0 } };

    return syscall(SYS_capset, &head, none) == 0;
}

static const struct surrounding {
    const char *name;
    unsigned call, first, result;  /* of a filter; call 0: none */
    bool powerless_root;           /* without capabilities; only for root */
    bool works, landlock, seccomp; /* what is left; as far as this kernel and build have it */
    const char *lacks;             /* part of what is told; NULL: nothing is */
} surroundings[] = {
    { "nothing", 0, 0, 0, false, true, true, true, NULL },
    { "Landlock kills", 444, 0, KILL, false, true, false, true, "kills it for Landlock" },
    { "Landlock's last step kills", 446, 0, KILL, false, true, false, true, "kills it for Landlock" },
    { "Landlock is refused", 444, 0, REFUSE, false, true, false, true, "Landlock is not to be had" },
    { "Landlock's rules are refused", 445, 0, REFUSE, false, true, false, true, "Landlock takes no rules" },
    { "seccomp(2) kills", SYS_seccomp, 0, KILL, false, true, true, true, NULL },
    { "seccomp(2) is refused", SYS_seccomp, 0, REFUSE, false, true, true, true, NULL },
    { "a filter kills", SYS_prctl, PR_SET_SECCOMP, KILL, false, true, true, false, "for setting its own" },
    { "a filter is refused", SYS_prctl, PR_SET_SECCOMP, REFUSE, false, true, true, false, "no system call filter" },
    { "root without capabilities", 0, 0, 0, true, true, true, true, "it stays root" },
    { "such a root, and no Landlock", 444, 0, REFUSE, true, false, false, false, "it stays root" },
    { "such a root, and Landlock kills", 444, 0, KILL, true, false, false, false, "kills it for Landlock" },
};

static void check_surrounded(const struct surrounding *row, bool has_landlock, bool has_seccomp)
{
    struct message_ready ready = { 0 };
    struct error err = { 0 };
    bool works = sandbox_enter(&ready, &err);
    const char *said = works ? ready.lacks : err.why;

    CHECK(works == row->works, "%s: %s", row->name, said);
    CHECK(works || strstr(err.next, "CAP_SETUID") != NULL, "%s: %s", row->name, err.next);
    CHECK(!works || (ready.landlock > 0) == (row->landlock && has_landlock), "%s: Landlock %u", row->name,
        ready.landlock);
    CHECK(!works || ready.seccomp == (row->seccomp && has_seccomp), "%s: seccomp", row->name);
    CHECK(row->lacks == NULL ? said[0] == '\0' : strstr(said, row->lacks) != NULL, "%s: \"%s\"", row->name, said);
}

TEST(sandbox_goes_on_with_what_can_be_had)
{
    bool has_landlock = syscall(444, NULL, 0, 1U) > 0, has_seccomp = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;

#ifndef HAVE_SECCOMP
    has_seccomp = false;
#endif
    for (size_t i = 0; i < COUNT(surroundings); i++) {
        const struct surrounding *row = &surroundings[i];
        int status = 0;
        pid_t pid;

        if ((row->powerless_root && (geteuid() != 0 || (!has_landlock && row->works))) ||
            (row->call == 444 && !has_landlock))
            continue;
        pid = fork();
        if (pid == 0) {
            if ((row->call != 0 && !forbid(row->call, row->first, row->result)) ||
                (row->powerless_root && !give_up_all_capabilities()))
                _exit(SKIPPED);
            test_failures = 0;
            check_surrounded(row, has_landlock, has_seccomp);
            _exit(test_failures == 0 ? 0 : 1);
        }
        REQUIRE(waitpid(pid, &status, 0) == pid, "waitpid");
        CHECK(status == 0 || (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED), "%s: wait status %#x", row->name,
            (unsigned)status);
    }
}

TEST(sandbox_gives_up_root)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        struct message_ready ready = { 0 };
        struct error err = { 0 };
        bool was_root = geteuid() == 0;

        if (!sandbox_enter(&ready, &err))
            _exit(NOT_LOCKED);
        _exit(was_root && (ready.uid == 0 || geteuid() == 0 || getegid() == 0) ? 1 : 0);
    }
    REQUIRE(waitpid(pid, &status, 0) == pid, "waitpid");
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
}

/* The capabilities of a child, from /proc of the parent: the child has no access to /proc. */
static uint64_t capabilities_of(pid_t pid)
{
    AUTO(free) char *path = xprintf("/proc/%ld/status", (long)pid);
    AUTO(fclose) FILE *file = fopen(path, "re");
    char line[256];
    uint64_t found = 0, all = 0;

    REQUIRE(file != NULL, "%s", path);
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "Cap", 3) == 0 && strncmp(line, "CapBnd", 6) != 0 &&
            sscanf(line, "%*s %" SCNx64, &found) == 1)
            all |= found;
    return all;
}

/* Started by root's right hand: another user, with a capability that is kept across exec. */
static _Noreturn void lock_in_with_capability(int ready_fd)
{
    struct message_ready ready = { 0 };
    struct error err = { 0 };
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct own[2] = {
        { .effective = 1U << CAP_NET_RAW, .permitted = 1U << CAP_NET_RAW, .inheritable = 1U << CAP_NET_RAW }
    };

    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || setresuid(1, 1, 1) != 0 || syscall(SYS_capset, &head, own) != 0 ||
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0) != 0)
        _exit(SKIPPED);
    if (!sandbox_enter(&ready, &err))
        _exit(NOT_LOCKED);
    (void)!write(ready_fd, "", 1);
    for (;;)
        (void)poll(NULL, 0, -1);
}

TEST(sandbox_gives_up_capabilities)
{
    int ready[2], status = 0;
    uint64_t left = 0;
    char byte;
    pid_t pid;

    if (geteuid() != 0)
        return; /* has none to give up */
    REQUIRE(pipe(ready) == 0, "pipe");
    pid = fork();
    if (pid == 0)
        lock_in_with_capability(ready[1]);
    (void)close(ready[1]);
    if (read(ready[0], &byte, 1) == 1)
        left = capabilities_of(pid);
    (void)kill(pid, SIGKILL);
    REQUIRE(waitpid(pid, &status, 0) == pid, "waitpid");
    (void)close(ready[0]);
    CHECK(!WIFEXITED(status) || WEXITSTATUS(status) == SKIPPED, "exit status %d", WEXITSTATUS(status));
    CHECK(left == 0, "capabilities %" PRIx64, left);
}

TEST_MAIN()
