/*
 * Giving up root, for good.
 */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/sanitizer.h"
#include "netd/sandbox.h"

#define NOBODY 65534     /* where /etc/passwd names neither user */
#define DESCRIPTORS 4096 /* connections, listening sockets and the resolver's */
#define PROCESSES 4096   /* and threads, of all that run as that user */
#define ADDRESS_SPACE ((rlim_t)4 << 30)

/*
 * Reads /etc/passwd itself: asking the system's name services could load any library and contact any daemon, and this
 * still runs as root.
 */
static void find_user(uid_t *uid, gid_t *gid)
{
    AUTO(fclose) FILE *file = fopen("/etc/passwd", "re");
    struct passwd *entry;

    *uid = NOBODY;
    *gid = NOBODY;
    while (file != NULL && (entry = fgetpwent(file)) != NULL) {
        bool own = strcmp(entry->pw_name, "evercert") == 0;

        if (entry->pw_uid == 0 || (!own && strcmp(entry->pw_name, "nobody") != 0))
            continue;
        *uid = entry->pw_uid;
        *gid = entry->pw_gid;
        if (own)
            return;
    }
}

/*
 * As far as it is allowed: a container may have taken the capabilities away (EPERM), or not know such a user (EINVAL).
 * True when root is gone and does not come back.
 */
static bool become_nobody(struct message_ready *out)
{
    uid_t uid;
    gid_t gid;

    find_user(&uid, &gid);
    if (setgroups(0, NULL) != 0 && getgroups(0, NULL) > 0)
        sandbox_lack(out, errno, "it keeps its groups");
    if (setresgid(gid, gid, gid) != 0)
        sandbox_lack(out, errno, "it keeps its group");
    if (setresuid(uid, uid, uid) != 0) {
        sandbox_lack(out, errno, "it stays root");
        return false;
    }
    return setuid(0) != 0 && geteuid() != 0;
}

/*
 * Our parent may have passed on capabilities without being root (ambient ones, by a service manager), and root in a
 * container that has no other user keeps its own: neither is of use here.
 */
static bool give_up_capabilities(struct message_ready *out)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* goes with the permitted ones anyway */
    if (syscall(SYS_capset, &head, none) == 0)
        return true;
    sandbox_lack(out, errno, "it keeps its capabilities");
    return false;
}

static void limit(int resource, rlim_t max)
{
    struct rlimit limits;

    /* A second belt: what it forbids is forbidden elsewhere, too. A limit that is lower already stays. */
    if (getrlimit(resource, &limits) != 0)
        return;
    limits.rlim_max = limits.rlim_max < max ? limits.rlim_max : max;
    limits.rlim_cur = limits.rlim_cur < limits.rlim_max ? limits.rlim_cur : limits.rlim_max;
    (void)setrlimit(resource, &limits);
}

static void raise_descriptors(void)
{
    struct rlimit limits;

    if (getrlimit(RLIMIT_NOFILE, &limits) != 0)
        return;
    limits.rlim_cur = limits.rlim_max < DESCRIPTORS ? limits.rlim_max : DESCRIPTORS;
    limits.rlim_max = limits.rlim_cur;
    (void)setrlimit(RLIMIT_NOFILE, &limits);
}

static void set_limits(void)
{
    raise_descriptors();
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_NPROC, PROCESSES);
#if UINTPTR_MAX > UINT32_MAX && !SANITIZED_ADDRESS /* which reserves terabytes; 32 bits are a limit of their own */
    limit(RLIMIT_AS, ADDRESS_SPACE);
#endif
}

bool privileges_drop(struct message_ready *out)
{
    bool identity = true;

    set_limits();
    if (chdir("/") != 0) /* before the user goes: where we were started need not be open to him */
        sandbox_lack(out, errno, "it keeps its working directory");
    if (geteuid() == 0)
        identity = become_nobody(out);
    if (!give_up_capabilities(out))
        identity = false;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        sandbox_lack(out, errno, "it could gain privileges by executing");
        identity = false;
    }
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* others who run as the same user cannot look into its memory */
    return identity;
}
