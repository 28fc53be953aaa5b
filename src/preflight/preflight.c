#include "preflight/preflight.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/address.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "preflight/facts.h"
#include "preflight/rules.h"

#define SEEN_MAX ((size_t)4096)

/* ---- which proof is asked for ---- */

static bool is_possible(const struct identifier *identifier, enum challenge_type type)
{
    bool is_record;

    if (type == CHALLENGE_OTHER)
        return false;
    is_record = challenge_kind_of(type) == CHALLENGE_RECORD || challenge_kind_of(type) == CHALLENGE_STANDING_RECORD;
    return identifier->type == IDENTIFIER_IP ? !is_record : is_record || !identifier_is_wildcard(identifier);
}

enum challenge_type preflight_type(const struct list *types, const struct identifier *identifier)
{
    for (size_t i = 0; i < types->len; i++) {
        enum challenge_type type = challenge_type_of(types->at[i]);

        if (is_possible(identifier, type))
            return type;
    }
    return CHALLENGE_OTHER;
}

/* ---- what was seen ---- */

static void put_comma(struct buf *out)
{
    if (out->len > 0)
        buf_put_text(out, ", ");
}

static void put_aliases(const struct lookup *lookup, struct buf *out)
{
    if (lookup->aliases.len > 0) {
        put_comma(out);
        buf_putf(out, "alias of %s", lookup->aliases.at[lookup->aliases.len - 1]);
    }
}

static char *seen_of(const struct facts *facts)
{
    AUTO(buf_clear) struct buf out = BUF(SEEN_MAX);
    const struct lookup *lookups[] = { &facts->v4, &facts->v6 };

    put_aliases(&facts->v4, &out);
    for (size_t i = 0; i < COUNT(lookups); i++)
        for (size_t j = 0; j < lookups[i]->found.len; j++) {
            put_comma(&out);
            buf_put_text(&out, lookups[i]->found.at[j]);
        }
    if (facts->caa.what != LOOKUP_NOT_ASKED && facts->caa.what != LOOKUP_SILENT && facts->caa.what != LOOKUP_FAILED) {
        put_comma(&out);
        if (facts->caa.what == LOOKUP_FOUND)
            buf_putf(&out, "CAA records of %s", facts->caa_at);
        else
            buf_put_text(&out, "no CAA records");
    }
    return buf_take(&out);
}

static void add_looks(const struct facts *facts, size_t count, struct preflight *out)
{
    out->looks = xcalloc(count, sizeof *out->looks);
    out->look_count = count;
    for (size_t i = 0; i < count; i++)
        out->looks[i] = (struct preflight_look){
            .name = facts[i].identifier->value,
            .proof = facts[i].type == CHALLENGE_OTHER ? NULL : challenge_type_name(facts[i].type),
            .seen = seen_of(&facts[i]),
        };
}

/* ---- all of it ---- */

/* On this machine: what it finds is not to be known here. */
static bool ca_is_here(const char *url)
{
    AUTO(free) char *host = url_host(url);

    return host != NULL && (strcasecmp(host, "localhost") == 0 || address_place_of_text(host) == ADDRESS_LOOPBACK);
}

static size_t names_to_look_at(struct net *net, const struct preflight_request *request)
{
    if (net == NULL || (!request->asked && ca_is_here(request->ca_url)))
        return 0;
    return request->names->len < PREFLIGHT_NAMES_MAX ? request->names->len : PREFLIGHT_NAMES_MAX;
}

void preflight_run(struct net *net, const struct preflight_request *request, struct preflight *out)
{
    size_t count = names_to_look_at(net, request);
    AUTO(free) struct facts *facts = xcalloc(count + 1, sizeof *facts);
    struct surroundings around = { .request = request };

    *out = (struct preflight){ 0 };
    for (size_t i = 0; i < count; i++) {
        const struct identifier *identifier = &request->names->at[i];

        facts[i].identifier = identifier;
        facts[i].host = identifier->value + (identifier_is_wildcard(identifier) ? 2 : 0);
        facts[i].type = preflight_type(request->types, identifier);
    }
    if (count > 0)
        facts_gather(net, &around, facts, count);
    rules_apply(&around, facts, count, count > 0 ? request->names->len : 0, out);
    add_looks(facts, count, out);
    for (size_t i = 0; i < count; i++)
        facts_clear(&facts[i]);
}
