#include "rescue/still_shown.h"

#include "base/identifier.h"
#include "base/mem.h"
#include "status/online.h"

#define LOOKS 4
#define PAUSE_MS 1000
#define NAMES_MAX 100

void shown_clear(struct shown *shown)
{
    list_clear(&shown->known);
    *shown = (struct shown){ 0 };
}

/* One row for each name: so all are asked, and not the first few alone. */
static bool list_names(struct context *context, struct status *status, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    const char *name = context->settings->cert_name;

    TRY(lineage_load(context->store, name, &lineage, err));
    for (size_t i = 0; i < lineage->cert->names.len && i < NAMES_MAX; i++) {
        struct cert_status row = { .name = xstrdup(name), .is_known = true, .state = CERT_VALID };

        list_add(&row.names, lineage->cert->names.at[i]);
        status->counts[CERT_VALID]++;
        worst_add(&status->certs, &row);
    }
    return true;
}

static void count(const struct served *served, const struct list *keys, struct shown *out)
{
    AUTO(free) char *where = NULL;

    if (served->key != NULL && list_has(keys, served->key)) {
        where = xprintf("for %s, %s port %d", served->name, served->address, served->port);
        list_add(&out->known, where);
    } else if (served->how == SERVING_NONE) {
        out->silent++;
    } else if (served->how == SERVING_RIGHT) {
        out->ours++;
    } else {
        out->others++;
    }
}

static bool look_once(struct context *context, const struct list *keys, struct shown *out, struct error *err)
{
    AUTO(status_clear) struct status status = { .now = context_now(context), .certs.max = NAMES_MAX };

    TRY(list_names(context, &status, err) && online_ask(context, &status, err));
    for (size_t i = 0; i < status.certs.len; i++)
        for (size_t k = 0; k < status.certs.at[i].served_len; k++)
            count(&status.certs.at[i].served[k], keys, out);
    return true;
}

bool shown_look(struct context *context, const struct list *keys, struct shown *out, struct error *err)
{
    TRY(look_once(context, keys, out, err));
    for (int look = 1; look < LOOKS && out->known.len > 0; look++) {
        shown_clear(out);
        TRY(context_sleep_ms(context, PAUSE_MS, err) && look_once(context, keys, out, err));
    }
    return true;
}
