#include "preflight/lookup.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"

#define FOUND_MAX 32
#define ALIASES_MAX 16

void lookup_clear(struct lookup *lookup)
{
    list_clear(&lookup->aliases);
    list_clear(&lookup->found);
    caa_clear(&lookup->caa);
    *lookup = (struct lookup){ .ede = -1 };
}

/* ---- reading an answer ---- */

static void add_to(struct list *to, size_t max, char *text)
{
    if (text != NULL && to->len < max)
        list_add(to, text);
    free(text);
}

/* Aliases are followed by whom we ask: the records of the last one stand in the same answer. */
static size_t add_records(const struct dns_answer *answer, enum dns_type type, struct lookup *out)
{
    size_t count = 0;

    for (size_t i = 0; i < answer->len; i++) {
        const struct dns_record *record = &answer->at[i];

        if (record->section != DNS_IN_ANSWER)
            continue;
        if (record->type == DNS_CNAME && type != DNS_CNAME)
            add_to(&out->aliases, ALIASES_MAX, record_host(record));
        if (record->type != type)
            continue;
        count++;
        if (type == DNS_A || type == DNS_AAAA)
            add_to(&out->found, FOUND_MAX, record_address(record));
        else if (type == DNS_CAA)
            caa_add(&out->caa, buf_view(&record->data));
    }
    return count;
}

void lookup_read(const struct dns_answer *answer, enum dns_type type, struct lookup *out)
{
    size_t count = add_records(answer, type, out);

    out->rcode = answer->rcode;
    out->ede = answer->ede;
    if (answer->rcode == DNS_NXDOMAIN)
        out->what = LOOKUP_NO_NAME;
    else if (answer->rcode != DNS_NOERROR)
        out->what = LOOKUP_FAILED;
    else
        out->what = count > 0 ? LOOKUP_FOUND : LOOKUP_NOTHING;
}

/* ---- asking ---- */

static bool ask(
    struct resolvers *resolvers, const char *name, enum dns_type type, unsigned flags, struct dns_answer *answer)
{
    const struct asker asker = asker_within(&resolvers->within);
    const struct ask question = { .name = name, .type = type, .flags = flags };
    struct error err = { 0 };

    if (resolvers->silent)
        return false;
    if (ask_one(&asker, &question, answer, &err)) {
        resolvers->answer = true;
        return true;
    }
    log_debug("the resolvers say nothing of %s: %s", name, err.why);
    resolvers->silent = resolvers->silent || (err.kind == ERROR_NETWORK && !resolvers->answer);
    return false;
}

/* A resolver that checks DNSSEC gives no answer that fails the check, unless it is told not to. */
static bool is_bogus(struct resolvers *resolvers, const char *name, enum dns_type type)
{
    AUTO(dns_answer_clear) struct dns_answer answer = { 0 };

    return ask(resolvers, name, type, DNS_CHECKING_DISABLED, &answer) &&
           (answer.rcode == DNS_NOERROR || answer.rcode == DNS_NXDOMAIN);
}

void lookup_ask(struct resolvers *resolvers, const char *name, enum dns_type type, struct lookup *out)
{
    AUTO(dns_answer_clear) struct dns_answer answer = { 0 };

    *out = (struct lookup){ .what = LOOKUP_SILENT, .ede = -1 };
    if (!ask(resolvers, name, type, 0, &answer))
        return;
    lookup_read(&answer, type, out);
    if (answer.rcode == DNS_SERVFAIL)
        out->bogus = is_bogus(resolvers, name, type);
}

void lookup_caa(struct resolvers *resolvers, const char *name, struct lookup *out, char **at)
{
    while (name != NULL && *name != '\0') {
        const char *dot = strchr(name, '.');

        lookup_clear(out);
        xreplace(at, name);
        lookup_ask(resolvers, name, DNS_CAA, out);
        if (out->what != LOOKUP_NO_NAME && out->what != LOOKUP_NOTHING)
            return;
        name = dot == NULL ? NULL : dot + 1;
    }
}
