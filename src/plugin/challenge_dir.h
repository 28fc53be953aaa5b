#pragma once
/*
 * The directory /.well-known/acme-challenge below a webroot, made and removed as needed.
 *
 * The webroot may belong to a web server's user who is not trusted, while we may be root: everything below it is
 * reached by descriptors, one step at a time. Not thread-safe; challenge_file.c holds the lock.
 */
#include <sys/stat.h>

#include "base/bytes.h"

struct challenge_level {
    int fd;    /* -1 before it is entered */
    bool made; /* by us */
    dev_t dev;
    ino_t ino;
};

struct challenge_above { /* a directory that was missing on the way to the webroot, or the webroot itself */
    int parent_fd;
    char *name;
    dev_t dev;
    ino_t ino;
};

struct challenge_dir {
    char *root; /* as the user named it, for messages */
    int root_fd;
    struct stat root_stat;
    struct challenge_above *above; /* made by us, in the order of the path */
    size_t above_count;
    struct challenge_level well_known, challenges;
};

/*
 * Opens the webroot itself; one that is missing is made, 0755 and owned like the directory above, since some lie where
 * a start of the system clears up. ERROR_PLUGIN when it is none. Then challenge_dir_close.
 */
MUST_USE bool challenge_dir_open(const char *root, struct challenge_dir *out, struct error *err);

/*
 * Enters (or enters again, when they were removed) both levels, making what is missing: 0755 whatever the umask, owner
 * and group as the directory above has them. A symbolic link on the way is followed when it belongs to root, to us, or
 * to the owner of the directory it leads to, and when the directory that holds it is the link's owner's or root alone
 * may write there. ERROR_PLUGIN.
 */
MUST_USE bool challenge_dir_enter(struct challenge_dir *dir, struct error *err);

/*
 * Opens what is there of it, making nothing: *found is false when the directory for challenges is not; then there is no
 * more than challenge_dir_close to be done, too. ERROR_PLUGIN.
 */
MUST_USE bool challenge_dir_find(const char *root, struct challenge_dir *out, bool *found, struct error *err);
/*
 * Removes the last `count` directories on the way to the challenges, from the innermost on, as long as they are empty
 * and as we make them: 1 is acme-challenge, 2 .well-known too, 3 the webroot, and so on. Of what an earlier run has
 * made: no link among them is followed, and one that has got another owner meanwhile stays.
 */
void challenge_dir_remove_last(const struct challenge_dir *dir, size_t count);

/* Removes what was made and is empty, then lets go. */
void challenge_dir_close(struct challenge_dir *dir);

/* Starts an error from errno about a path below the webroot, with a hint. Returns false. */
bool challenge_dir_error(const struct challenge_dir *dir, const char *action, const char *path, struct error *err);
