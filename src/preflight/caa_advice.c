#include "preflight/caa_advice.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "preflight/lookup.h"
#include "preflight/preflight.h"

#define LOOK_MS 5000

void caa_advice_clear(struct caa_advice *advice)
{
    free(advice->name);
    caa_clear(&advice->records);
    free(advice->now.at);
    free(advice->now.alias);
    list_clear(&advice->now.texts);
    *advice = (struct caa_advice){ 0 };
}

/* ---- what is suggested ---- */

/* Appends a record's data (RFC 8659 section 4.1). */
static void put_data(const struct caa_record *record, struct buf *out)
{
    buf_put_char(out, record->critical ? (char)0x80 : 0);
    buf_put_char(out, (char)strlen(record->tag));
    buf_put_text(out, record->tag);
    buf_put(out, buf_view(&record->value));
}

void caa_put_generic(const struct caa_record *record, struct buf *out)
{
    AUTO(buf_clear) struct buf data = BUF(CAA_MAX_VALUE + 64);

    put_data(record, &data);
    buf_putf(out, "\\# %zu ", data.len);
    buf_put_hex(out, buf_view(&data));
}

/* The record with that tag, and a value that begins so; NULL: there is none. */
static struct caa_record *find(struct caa_set *set, const char *tag, const char *start)
{
    for (size_t i = 0; i < set->len; i++)
        if (strcmp(set->at[i].tag, tag) == 0 && view_starts(buf_view(&set->at[i].value), start))
            return &set->at[i];
    return NULL;
}

static void add(struct caa_set *set, const char *tag, const char *value)
{
    AUTO(buf_clear) struct buf data = BUF(CAA_MAX_VALUE + 64);
    struct caa_record *old = find(set, tag, value);

    if (old != NULL && view_is(buf_view(&old->value), value))
        return;
    buf_put_char(&data, 0);
    buf_put_char(&data, (char)strlen(tag));
    buf_put_text(&data, tag);
    buf_put_text(&data, value);
    caa_add(set, buf_view(&data));
}

/* A name that both are wanted of may be proved in two ways: then each has its record, and either is enough. */
static void add_issue(struct caa_set *set, const struct caa_wanted *wanted, const char *tag, enum challenge_type type)
{
    AUTO(free)
    char *account = wanted->account != NULL ? xprintf("; accounturi=%s", wanted->account) : xstrdup("");
    AUTO(free)
    char *value = type == CHALLENGE_OTHER ? xprintf("%s%s", wanted->identities->at[0], account)
                                          : xprintf("%s%s; validationmethods=%s", wanted->identities->at[0], account,
                                                challenge_type_name(type));

    add(set, tag, value);
}

static struct caa_advice *advice_of(struct caa_advice **all, size_t *len, const char *name)
{
    for (size_t i = 0; i < *len; i++)
        if (strcmp((*all)[i].name, name) == 0)
            return &(*all)[i];
    *all = xrealloc(*all, *len + 1, sizeof **all);
    (*all)[*len] = (struct caa_advice){ .name = xstrdup(name) };
    return &(*all)[(*len)++];
}

/* Where no wildcard is wanted, nobody is to get one; where one is, the name itself may be had in the same way. */
static void end_advice(struct caa_advice *advice, const struct caa_wanted *wanted)
{
    struct caa_set *set = &advice->records;
    struct caa_record *wild = find(set, "issuewild", wanted->identities->at[0]);

    if (wild != NULL && find(set, "issue", wanted->identities->at[0]) == NULL) {
        AUTO(free) char *value = xstrdup(buf_text(&wild->value));

        add(set, "issue", value);
    }
    if (wild == NULL)
        add(set, "issuewild", ";");
    if (text_is_given(wanted->email)) {
        AUTO(free) char *value = xprintf("mailto:%s", wanted->email);

        add(set, "iodef", value);
    }
}

/* A wildcard that comes later than the name undoes that nobody is to get one. */
static void drop_nobody(struct caa_set *set)
{
    struct caa_record *nobody = find(set, "issuewild", ";");

    if (nobody == NULL)
        return;
    free(nobody->tag);
    buf_clear(&nobody->value);
    *nobody = set->at[--set->len];
}

void caa_advise(const struct caa_wanted *wanted, struct caa_advice **all, size_t *len)
{
    for (size_t i = 0; i < wanted->names->len; i++) {
        const struct identifier *identifier = &wanted->names->at[i];
        bool wildcard = identifier_is_wildcard(identifier);
        struct caa_advice *advice;

        if (identifier->type != IDENTIFIER_DNS) /* addresses have no CAA records (RFC 8738) */
            continue;
        advice = advice_of(all, len, identifier->value + (wildcard ? 2 : 0));
        if (wildcard)
            drop_nobody(&advice->records);
        add_issue(
            &advice->records, wanted, wildcard ? "issuewild" : "issue", preflight_type(wanted->types, identifier));
    }
    for (size_t i = 0; i < wanted->names->len; i++) {
        const struct identifier *identifier = &wanted->names->at[i];

        if (identifier->type == IDENTIFIER_DNS)
            end_advice(advice_of(all, len, identifier->value + (identifier_is_wildcard(identifier) ? 2 : 0)), wanted);
    }
}

/* ---- what is there ---- */

static const char *reason_of(enum caa_verdict verdict)
{
    static const char *const words[] = {
        [CAA_CRITICAL] = "a critical record is not known",
        [CAA_FORBIDDEN] = "this CA is not among those that may issue",
        [CAA_ACCOUNT] = "another account is named",
        [CAA_METHOD] = "another proof is named",
        [CAA_ACCOUNT_UNKNOWN] = "an account is named, and there is none here yet",
        [CAA_CA_UNKNOWN] = "the CA does not say its names",
        [CAA_ALLOWED] = "",
    };

    return words[verdict];
}

/* For each of the names that belong to this advice: all of them must be permitted. */
static void judge(const struct caa_wanted *wanted, const struct lookup *lookup, struct caa_advice *advice)
{
    enum caa_verdict worst = CAA_ALLOWED;

    for (size_t i = 0; i < wanted->names->len; i++) {
        const struct identifier *identifier = &wanted->names->at[i];
        bool wildcard = identifier_is_wildcard(identifier);
        const struct caa_asked asked = { wanted->identities, wanted->account,
            challenge_type_name(preflight_type(wanted->types, identifier)), wildcard };
        AUTO(caa_ruling_clear) struct caa_ruling ruling = { 0 };

        if (strcmp(identifier->value + (wildcard ? 2 : 0), advice->name) != 0)
            continue;
        caa_judge(&lookup->caa, &asked, &ruling);
        worst = ruling.verdict < worst ? ruling.verdict : worst;
    }
    advice->now.allows = worst == CAA_ALLOWED;
    advice->now.reason = reason_of(worst);
}

void caa_look(struct net *net, const struct caa_wanted *wanted, struct caa_advice *advice)
{
    struct resolvers resolvers = { .within = { net, clock_monotonic_ms() + LOOK_MS, LOOKUP_QUESTION_MS } };
    AUTO(lookup_clear) struct lookup lookup = { 0 }, self = { 0 };
    struct caa_now *now = &advice->now;

    now->reason = "";
    lookup_ask(&resolvers, advice->name, DNS_A, &self); /* an alias shows with any type */
    if (self.aliases.len > 0)
        now->alias = xstrdup(self.aliases.at[0]);
    lookup_caa(&resolvers, advice->name, &lookup, &now->at);
    now->known = lookup.what == LOOKUP_FOUND || lookup.what == LOOKUP_NOTHING || lookup.what == LOOKUP_NO_NAME;
    for (size_t i = 0; i < lookup.caa.len; i++) {
        AUTO(buf_clear) struct buf text = BUF(4 * CAA_MAX_VALUE + 64);

        caa_put_text(&lookup.caa.at[i], &text);
        list_add(&now->texts, buf_text(&text));
    }
    if (lookup.what != LOOKUP_FOUND)
        free(TAKE(now->at));
    judge(wanted, &lookup, advice);
}
