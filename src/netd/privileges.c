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

#include "netd/sandbox.h"

#define NOBODY 65534     /* where /etc/passwd names neither user */
#define DESCRIPTORS 4096 /* connections, listening sockets and the resolver's */

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

static bool become_nobody(bool *dropped, struct error *err)
{
    uid_t uid;
    gid_t gid;

    find_user(&uid, &gid);
    if (setgroups(0, NULL) != 0 && errno != EPERM) /* EPERM: a user namespace that forbids it, and has no others */
        return error_errno(err, ERROR_NETWORK, "the network process cannot give up its groups");
    if (setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0) {
        if (errno == EINVAL) /* not a user of this namespace: the caller decides whether the rest is enough */
            return true;
        return error_errno(err, ERROR_NETWORK, "the network process cannot become user %u", (unsigned)uid);
    }
    if (setuid(0) == 0 || geteuid() == 0)
        return error_set(err, ERROR_NETWORK, "the network process could take root back");
    *dropped = true;
    return true;
}

/*
 * Whoever started us may have had capabilities without being root (ambient ones, by a service manager), and root in a
 * container that has no other user keeps its own: neither is of use here.
 */
static bool give_up_capabilities(struct error *err)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* goes with the permitted ones anyway */
    if (syscall(SYS_capset, &head, none) != 0)
        return error_errno(err, ERROR_NETWORK, "the network process cannot give up its capabilities");
    return true;
}

static void limit(int resource, rlim_t max)
{
    struct rlimit limits = { max, max };

    (void)setrlimit(resource, &limits); /* a second belt: what it forbids is forbidden elsewhere too */
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

bool privileges_drop(bool *dropped, struct error *err)
{
    raise_descriptors();
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
    if (geteuid() == 0)
        TRY(become_nobody(dropped, err));
    TRY(give_up_capabilities(err));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return error_errno(err, ERROR_NETWORK, "the network process cannot renounce new privileges");
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* others who run as the same user cannot look into its memory */
    return true;
}
