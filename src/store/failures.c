#include "store/failures.h"

#include "store/record.h"

static const struct field fields[] = {
    { "last attempt", FIELD_TIME, true, offsetof(struct failures, tried) },
    { "failures", FIELD_NUMBER, true, offsetof(struct failures, failures) },
    { "failed orders", FIELD_NUMBER, false, offsetof(struct failures, backoff.failures) },
    { "not before", FIELD_TIME, true, offsetof(struct failures, backoff.not_before) },
    { "last failure", FIELD_TEXT, false, offsetof(struct failures, backoff.why) },
};

static const struct record_kind kind = { "failures", "failed renewals", fields, COUNT(fields) };

void failures_clear(struct failures *failures)
{
    backoff_clear(&failures->backoff);
    *failures = (struct failures){ 0 };
}

char *failures_path(const struct store *store, const char *name)
{
    return record_path(store, &kind, name);
}

bool failures_load(const struct store *store, const char *name, struct failures *out, bool *found, struct error *err)
{
    AUTO(failures_clear) struct failures failures = { 0 };

    TRY(record_load(store, &kind, name, &failures, found, err));
    if (!*found)
        return true;
    *out = failures;
    failures = (struct failures){ 0 };
    return true;
}

bool failures_save(struct store *store, const char *name, const struct failures *failures, struct error *err)
{
    return record_save(store, &kind, name, failures, err);
}

bool failures_drop(struct store *store, const char *name, struct error *err)
{
    return record_remove(store, &kind, name, err);
}

bool failures_any(const struct store *store)
{
    return record_any(store, &kind);
}

bool failures_names(const struct store *store, struct list *out, struct error *err)
{
    return record_names(store, &kind, out, err);
}
