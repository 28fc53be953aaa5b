/*
 * Whether a new version could be kept: room, a file system that may be written to, access. What `renew` asks before it
 * places an order.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "health/private.h"
#include "store/probe.h"

static const char *const why_room = "renewal ends before an order is placed, and the certificate expires";

static const char *code_of(int sys)
{
    return sys == ENOSPC || sys == EDQUOT ? "no-room" : sys == EROFS ? "read-only" : "not-writable";
}

/* A user other than root may only be looking after a store that root renews. */
static void report(struct health *health, const struct subject *subject, const char *path, const struct error *err)
{
    bool mere_guest = (err->sys == EACCES || err->sys == EPERM) && geteuid() != 0;
    struct finding *finding = health_find(health, subject, code_of(err->sys), mere_guest ? HEALTH_NOTE : HEALTH_ERROR,
        path, mere_guest ? "this user cannot renew anything here" : why_room, "no new certificate could be kept: %s",
        err->why);

    if (err->next[0] != '\0')
        finding_answer(finding, "%s", err->next);
    else
        finding_answer(finding, "see to what is at that path, then try again");
}

void check_store_room(struct health *health)
{
    struct error err = { 0 };

    health->has_room = store_look_for_room(health->store, NULL, &err);
    if (!health->has_room)
        report(health, NULL, store_config_dir(health->store), &err);
}

/* Its own directories may be file systems of their own. Of the store's, the store tells once for all. */
void check_room(struct subject *subject)
{
    struct health *health = subject->health;
    struct error err = { 0 };

    if (health->mode != HEALTH_REVIVE && (health->has_room || !health->whole) &&
        !store_look_for_room(health->store, subject->lineage, &err))
        report(health, subject, subject->lineage->archive_dir, &err);
}
