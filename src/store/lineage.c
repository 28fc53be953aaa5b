#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "disk/convert_settle.h"
#include "disk/layout.h"
#include "disk/sharing.h"
#include "store/lineage_conf.h"
#include "store/lineage_lock.h"
#include "store/lineage_verify.h"
#include "store/lineage_waiting.h"
#include "store/store_private.h"

static bool read_cert(struct lineage *lineage, struct error *err)
{
    struct error broken = { 0 };

    buf_clear(&lineage->cert_pem);
    lineage->cert_pem = BUF(FILE_MAX_TEXT);
    TRY(lineage_read(lineage, KIND_CERT, &lineage->cert_pem, err));
    if (cert_from_pem(buf_view(&lineage->cert_pem), lineage->current[KIND_CERT], &lineage->cert, &broken))
        return true;
    /* A file of ours, whatever is wrong in it. Listings show the cause alone: it has to name the file. */
    return error_set(err, ERROR_STORE, "%s is no certificate: %s", lineage->current[KIND_CERT], broken.why);
}

bool lineage_take_live(struct lineage *lineage, struct error *err)
{
    AUTO(free) char *id = NULL;

    TRY(lineage->layout->live(lineage, &id, err));
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        free(lineage->current[kind]);
        lineage->current[kind] = lineage->layout->path(lineage, id, (enum kind)kind);
    }
    xreplace(&lineage->version, id);
    lineage->pending_deployment = false;
    lineage->behind = true;
    if (lineage->cert == NULL)
        return true;
    cert_free(TAKE(lineage->cert));
    return read_cert(lineage, err);
}

/* Finds the lineage's version. A version that waits is ignored where another lineage may own it (the archive is shared)
 * or it must not be made live: the live one is taken. */
static bool find_own(struct store *store, struct lineage *lineage, struct error *err)
{
    AUTO(free) char *objection = NULL;
    enum sharing sharing;

    TRY(lineage->layout->find(lineage, err));
    if (!lineage->pending_deployment)
        return true;
    sharing = lineage_sharing(lineage, err);
    if (sharing == SHARING_UNKNOWN)
        return false;
    if (sharing == SHARING_NOT) {
        objection = lineage_objection(store, lineage);
        if (objection == NULL)
            return true;
        log_info("Version %s of %s is newer than what is live, but is not made live: %s", lineage->version,
            lineage->name, objection);
    }
    return lineage_take_live(lineage, err);
}

/* Finishes interrupted work where there are traces of it, if the lineage is ours to change. */
static bool find_settled(struct store *store, struct lineage *lineage, bool may_settle, struct error *err)
{
    struct error settling = { 0 };
    bool found = find_own(store, lineage, err);

    lineage->unsettled = lineage->unsettled || lineage_is_new(lineage);
    if (!may_settle || (found ? !lineage->unsettled : !lineage->layout->is_unsettled(lineage)))
        return found;
    if (!lineage_drop_temporary(lineage, &settling) || !lineage->layout->settle(lineage, &settling)) {
        if (!found)
            *err = settling;
        else /* the live version can be read all the same */
            log_warning("Could not finish interrupted work on %s: %s", lineage->name, settling.why);
        return found;
    }
    error_clear(err);
    return find_own(store, lineage, err) && lineage_finish_new(lineage, err);
}

/* *settled: no trace on disk of work in progress or interrupted. */
static bool load(
    struct store *store, const char *name, bool may_settle, struct lineage **out, bool *settled, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    bool converting;

    *settled = false;
    TRY(lineage_open(store, name, &lineage, err));
    for (int kind = 0; kind < KIND_COUNT; kind++)
        if (lineage->live[kind] == NULL)
            return error_set(err, ERROR_STORE, "renewal config file %s is missing a required file reference: %s",
                lineage->conf_path, kind_name((enum kind)kind));
    lineage->alone = !may_settle && store_is_settled(store, lineage);
    converting = !lineage->alone && convert_is_unsettled(lineage);
    if (converting && may_settle)
        TRY(lineage_drop_temporary(lineage, err) && convert_settle(lineage, err));
    TRY(find_settled(store, lineage, may_settle, err));
    TRY(read_cert(lineage, err));
    *settled = !converting && !lineage->unsettled;
    *out = TAKE(lineage);
    return true;
}

/* Loads the lineage without its lock. When that fails or shows traces of interrupted work, it is loaded again with the
 * lock, unless another process holds that and the live version can be read. */
bool lineage_load(struct store *store, const char *name, struct lineage **out, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(lineage_free) struct lineage *as_it_is = NULL;
    struct error locking = { 0 };
    bool settled, taken = false;
    bool loaded = load(store, name, false, &as_it_is, &settled, err);

    if (!store_may_settle(store) || (loaded ? settled : !store_has_lineage(store, name))) {
        *out = TAKE(as_it_is);
        return *out != NULL;
    }
    if (!lineage_lock_try(store, name, &lock, &taken, &locking))
        log_debug("%s: %s", name, locking.why); /* where nothing can be locked, nothing can be written */
    else if (!taken && as_it_is == NULL)
        TRY(lineage_lock(store, name, &lock, err));
    taken = taken || lock != NULL;
    if (!taken) {
        *out = TAKE(as_it_is);
        return *out != NULL;
    }
    error_clear(err);
    return load(store, name, true, out, &settled, err);
}

bool lineage_reload(struct store *store, struct lineage *lineage, struct error *err)
{
    AUTO(lineage_free) struct lineage *fresh = NULL;
    struct lineage old = *lineage;

    TRY(lineage_load(store, lineage->name, &fresh, err));
    *lineage = *fresh;
    *fresh = old; /* freed on the way out */
    return true;
}

bool lineage_fix_deployment(struct lineage *lineage, struct error *err)
{
    TRY(lineage_drop_temporary(lineage, err)); /* adding it may have been cut short at the renewal file */
    TRY(lineage->layout->deploy(lineage, lineage->version, err));
    TRY(lineage->layout->find(lineage, err)); /* its files may have moved */
    lineage->pending_deployment = false;
    return true;
}

const char *lineage_layout(const struct lineage *lineage)
{
    return lineage->layout->name;
}
