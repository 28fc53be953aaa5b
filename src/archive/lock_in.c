/*
 * The lock-in of evercert-archive. What is refused here is done without, as long as one of the steps that keep files
 * from it has succeeded: a user of its own, Landlock, or the filter of system calls.
 */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "archive/program.h"
#include "base/sanitizer.h"

#ifdef HAVE_SECCOMP
#include <seccomp.h>
#endif

#define NOBODY 65534
#define MEMORY ((rlim_t)768 << 20) /* the largest dictionaries of xz and zstd that are common need 128 MiB */

#ifndef SYS_landlock_create_ruleset /* the same numbers on every architecture */
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self 446
#endif
#define LANDLOCK_FILES ((1ULL << 13) - 1) /* all accesses to files that its first version knows */

static bool become_nobody(void)
{
    return setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0;
}

static void bound(void)
{
    struct rlimit none = { 0, 0 }, memory = { MEMORY, MEMORY };

    (void)setrlimit(RLIMIT_CORE, &none);
    (void)setrlimit(RLIMIT_NPROC, &none);
    if (!SANITIZED_ADDRESS) /* which maps terabytes */
        (void)setrlimit(RLIMIT_AS, &memory);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* A set of rules without any rule: no file can be opened, made or removed any more. */
static bool enter_landlock(void)
{
    uint64_t handled = LANDLOCK_FILES;
    int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
    bool done = rules >= 0 && syscall(SYS_landlock_restrict_self, rules, 0) == 0;

    if (rules >= 0)
        (void)close(rules);
    return done;
}

#ifdef HAVE_SECCOMP
/* Memory, the three descriptors, and the end. Whatever else is tried fails with EPERM. */
static const char *const allowed[] = {
    "read",
    "readv",
    "write",
    "writev",
    "close",
    "lseek",
    "_llseek",
    "fstat",
    "newfstatat",
    "fstat64",
    "statx",
    "brk",
    "mmap",
    "mmap2",
    "munmap",
    "mremap",
    "madvise",
    "mprotect",
    "futex",
    "futex_time64",
    "getrandom",
    "getpid",
    "gettid",
    "clock_gettime",
    "clock_gettime64",
    "gettimeofday",
    "time",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigreturn",
    "restart_syscall",
    "poll",
    "ppoll",
    "exit",
    "exit_group",
#if SANITIZED_ADDRESS
    "sigaltstack",
    "sched_yield",
    "prlimit64",
    "getrusage",
    "readlink",
    "readlinkat",
#endif
};

static bool enter_seccomp(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    bool done = filter != NULL;

    for (size_t i = 0; done && i < COUNT(allowed); i++) {
        int number = seccomp_syscall_resolve_name(allowed[i]);

        done = number == __NR_SCMP_ERROR || seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 0, NULL) == 0;
    }
    done = done && seccomp_load(filter) == 0;
    if (filter != NULL)
        seccomp_release(filter);
    return done;
}
#else
static bool enter_seccomp(void)
{
    return false;
}
#endif

bool lock_in(struct error *err)
{
    bool kept = false;

    if (geteuid() == 0)
        kept = become_nobody();
    bound();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return error_errno(err, ERROR_INTERNAL, "it could gain privileges by executing");
    kept = enter_landlock() || kept;
    kept = enter_seccomp() || kept;
    if (!kept && geteuid() == 0)
        return error_set(err, ERROR_INTERNAL,
            "evercert-archive cannot be locked in: it may become no other user, and the kernel has neither Landlock "
            "nor a "
            "filter of system calls");
    return true;
}
