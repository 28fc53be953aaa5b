#include "dns/update_zones.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"

void update_zones_init(struct update_zones *zones)
{
    *zones = (struct update_zones){ 0 };
    mutex_init(&zones->lock);
}

void update_zones_clear(struct update_zones *zones)
{
    list_clear(&zones->zones);
    list_clear(&zones->no_zones);
    mutex_destroy(&zones->lock);
}

/* ---- zones ---- */

static bool known(struct update_zones *self, const char *name, bool *is_zone)
{
    MUTEX_HOLD(&self->lock);
    *is_zone = list_has(&self->zones, name);
    return *is_zone || list_has(&self->no_zones, name);
}

static bool is_zone(struct update_zones *self, const char *name, bool *is, struct error *err)
{
    if (known(self, name, is))
        return true;
    TRY(update_server_has_zone(&self->server, name, is, err));
    MUTEX_HOLD(&self->lock);
    list_add(*is ? &self->zones : &self->no_zones, name);
    return true;
}

static bool no_zone(const struct update_zones *self, const char *name, const struct list *tried, struct error *err)
{
    AUTO(free) char *names = list_join(tried, "', '");

    (void)error_set(err, ERROR_PLUGIN, "Unable to determine base domain for %s using names: ['%s'].", name, names);
    return error_next(err,
        "the name server %s says of none of these that it is authoritative: name the server where the zone is "
        "changed%s",
        self->server.address,
        self->server.signs_questions
            ? ""
            : ", and where it has views, say dns_rfc2136_sign_query = true for the key to choose one");
}

/* The longest zone that a name is in, beginning with the name itself: `_acme-challenge...` may be a zone of its own.
 * *zone is a part of name. */
static bool find_zone(struct update_zones *self, const char *name, const char **zone, struct error *err)
{
    AUTO(list_clear) struct list tried = { 0 };

    for (const char *at = name; at != NULL && *at != '\0'; at = strchr(at, '.')) {
        bool found;

        at += *at == '.';
        list_add(&tried, at);
        TRY(is_zone(self, at, &found, err));
        if (found) {
            *zone = at;
            return true;
        }
    }
    return no_zone(self, name, &tried, err);
}

/* ---- changes ---- */

/* Failures that the next value would have as well: nobody answers, or the user wants no more. */
static bool is_of_all(const struct error *err)
{
    return err->kind == ERROR_NETWORK || err->kind == ERROR_CANCELED;
}

/* Updates the zone with those of the values that belong to it, as many as go into one. */
static bool change_some(struct update_zones *self, enum update_action action, const char *zone, struct txt *const *txts,
    size_t count, struct error *err)
{
    struct error why = { 0 };
    bool done = update_server_change(&self->server, zone, action, txts, count, &why);

    if (!done && is_of_all(&why)) {
        *err = why;
        return false;
    }
    for (size_t i = 0; i < count; i++)
        if (done)
            txt_done(txts[i]);
        else
            txt_fail(txts[i], &why);
    return true;
}

static bool change_zone(struct update_zones *self, enum update_action action, const char *const *zones,
    struct txt *const *txts, size_t count, const char *zone, struct error *err)
{
    struct txt *some[UPDATE_MAX_VALUES];
    size_t len = 0;

    for (size_t i = 0; i < count; i++) {
        if (txts[i]->state != TXT_WANTED || zones[i] == NULL || strcasecmp(zones[i], zone) != 0)
            continue;
        some[len++] = txts[i];
        if (len == COUNT(some)) {
            TRY(change_some(self, action, zone, some, len, err));
            len = 0;
        }
    }
    return len == 0 || change_some(self, action, zone, some, len, err);
}

static bool find_zones(
    struct update_zones *self, struct txt *const *txts, size_t count, const char **zones, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct error why = { 0 };

        if (txts[i]->state != TXT_WANTED || find_zone(self, txts[i]->name, &zones[i], &why))
            continue;
        if (is_of_all(&why)) {
            *err = why;
            return false;
        }
        txt_fail(txts[i], &why);
    }
    return true;
}

bool update_zones_change(
    struct update_zones *self, enum update_action action, struct txt *const *txts, size_t count, struct error *err)
{
    AUTO(free) const char **zones = xcalloc(count + 1, sizeof *zones); /* side by side with txts */

    TRY(find_zones(self, txts, count, zones, err));
    for (size_t i = 0; i < count; i++)
        if (txts[i]->state == TXT_WANTED && zones[i] != NULL)
            TRY(change_zone(self, action, zones, txts, count, zones[i], err));
    return true;
}
