/*
 * Which lineage uses which directory, and which directories are unused.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "health/private.h"
#include "store/lineage_conf.h"
#include "store/store_private.h"

static void claim_dir(struct claims *claims, const char *dir, const char *name)
{
    if (claims->len == claims->room) {
        claims->room = claims->room == 0 ? 64 : 2 * claims->room;
        claims->at = xrealloc(claims->at, claims->room, sizeof *claims->at);
    }
    claims->at[claims->len++] = (struct claim){ xstrdup(dir), xstrdup(name) };
    claims->sorted = false;
}

/* Claims for a lineage the directories that its renewal file names, and those of its own name unless another lineage
 * names them. */
void health_claim(struct health *health, const char *name, const struct lineage *lineage)
{
    AUTO(free) char *live = store_path_in(health->store, "live", name);
    AUTO(free) char *archive = store_path_in(health->store, "archive", name);
    const char *account;

    claim_dir(&health->claims, live, name);
    claim_dir(&health->claims, archive, name);
    if (lineage != NULL && lineage->live_dir != NULL && strcmp(lineage->live_dir, live) != 0)
        claim_dir(&health->claims, lineage->live_dir, name);
    if (lineage != NULL && strcmp(lineage->archive_dir, archive) != 0)
        claim_dir(&health->claims, lineage->archive_dir, name);
    account = lineage == NULL ? NULL : conf_get(lineage->conf, "renewalparams", "account");
    if (account != NULL &&
        (health->accounts.len == 0 || strcmp(health->accounts.at[health->accounts.len - 1], account) != 0))
        list_add(&health->accounts, account);
}

void health_forget_claims(struct health *health)
{
    for (size_t i = 0; i < health->claims.len; i++) {
        free(health->claims.at[i].dir);
        free(health->claims.at[i].lineage);
    }
    free(health->claims.at);
    health->claims = (struct claims){ 0 };
    health->claims_known = false;
    health->claims_trouble = (struct error){ 0 };
    list_clear(&health->accounts);
    list_clear(&health->good_accounts);
    list_clear(&health->strays[STRAY_LIVE]);
    list_clear(&health->strays[STRAY_ARCHIVE]);
    health->strays_known = false;
    health->strays_trouble = (struct error){ 0 };
}

static int compare_claims(const void *left, const void *right)
{
    const struct claim *a = left, *b = right;

    return strcmp(a->dir, b->dir);
}

/* A renewal file that cannot be read or understood may name any directory; an empty one, or one that went meanwhile,
 * names none. */
static void note_unknown_claims(struct health *health, const char *name, const struct error *err)
{
    AUTO(free) char *path = store_conf_path(health->store, name);
    struct stat st;

    if (health->claims_trouble.kind == ERROR_NONE && lstat(path, &st) == 0 && (!S_ISREG(st.st_mode) || st.st_size > 0))
        health->claims_trouble = *err;
}

void health_learn_claims(struct health *health)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    if (!health->claims_known) {
        health_forget_claims(health);
        health->claims_known = store_lineage_names(health->store, &names, &err);
        if (!health->claims_known)
            health_note_trouble(&err);
        for (size_t i = 0; i < names.len; i++) {
            AUTO(lineage_free) struct lineage *lineage = NULL;
            struct error unread = { 0 };

            if (!lineage_open(health->store, names.at[i], &lineage, &unread))
                note_unknown_claims(health, names.at[i], &unread);
            health_claim(health, names.at[i], lineage);
        }
    }
    if (!health->claims.sorted && health->claims.len > 0)
        qsort(health->claims.at, health->claims.len, sizeof *health->claims.at, compare_claims);
    health->claims.sorted = true;
}

const char *health_other_user(struct health *health, const char *dir, const char *name)
{
    size_t low = 0, high;

    health_learn_claims(health);
    high = health->claims.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(health->claims.at[middle].dir, dir) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < health->claims.len && strcmp(health->claims.at[low].dir, dir) == 0; low++)
        if (strcmp(health->claims.at[low].lineage, name) != 0)
            return health->claims.at[low].lineage;
    return NULL;
}

const struct list *health_strays(struct health *health, enum stray which)
{
    static const char *const parts[] = { "live", "archive" };

    health_learn_claims(health);
    health_note_trouble(&health->strays_trouble); /* later calls do not know all of them either */
    for (int i = 0; i < 2 && !health->strays_known; i++) {
        AUTO(free) char *above = store_path(health->store, parts[i]);
        AUTO(list_clear) struct list names = { 0 };
        struct error err = { 0 };

        if (!file_list_dir(above, &names, &err)) {
            health_note_trouble(&err);
            health->strays_trouble = err;
            continue;
        }
        for (size_t k = 0; k < names.len; k++) {
            AUTO(free) char *dir = file_join(above, names.at[k]);

            if (names.at[k][0] != '.' && health_other_user(health, dir, "") == NULL && file_is_dir(dir))
                list_add(&health->strays[i], dir);
        }
    }
    health->strays_known = true;
    return &health->strays[which];
}

void health_stray_is_used(struct health *health, const char *dir)
{
    for (int which = 0; which < 2; which++)
        for (size_t i = health->strays[which].len; i-- > 0;)
            if (strcmp(health->strays[which].at[i], dir) == 0)
                list_remove(&health->strays[which], i);
}
