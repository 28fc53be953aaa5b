#include "issuance/seen_here.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "dns/ask.h"

#define MAX_TOLD 8 /* addresses */

/* The resolvers have let a question of this run wait for nothing: a thousand orders that fail are not to wait, each. */
static atomic_bool silent;

void seen_here_clear(struct seen_here *here)
{
    list_clear(&here->addresses);
    here->answered = false;
}

/* Aliases are followed by the resolver: the addresses of the last one stand in the same answer. False: no answer on
 * which anything could be built. */
static bool ask(const struct asker *asker, const char *name, enum dns_type type, struct list *to)
{
    AUTO(dns_answer_clear) struct dns_answer answer = { 0 };
    struct error err = { 0 };

    if (!ask_one(asker, &(struct ask){ .name = name, .type = type }, &answer, &err)) {
        log_debug("the addresses of %s are not known here: %s", name, err.why);
        silent = true;
        return false;
    }
    for (size_t i = 0; i < answer.len && to->len < MAX_TOLD; i++) {
        AUTO(free) char *address = answer.at[i].section == DNS_IN_ANSWER ? record_address(&answer.at[i]) : NULL;

        if (address != NULL)
            list_add(to, address);
    }
    return answer.rcode == DNS_NOERROR || answer.rcode == DNS_NXDOMAIN;
}

void seen_here_ask(struct net *net, const char *name, int64_t until_ms, struct seen_here *out)
{
    const struct ask_within within = { net, until_ms, INT_MAX };
    const struct asker asker = asker_within(&within);

    *out = (struct seen_here){ 0 };
    out->answered = net != NULL && !silent && ask(&asker, name, DNS_A, &out->addresses) &&
                    ask(&asker, name, DNS_AAAA, &out->addresses);
}

bool seen_here_matters(const struct authz *authz)
{
    static const char *const types[] = { "connection", "unauthorized", "incorrectResponse", "dns" };
    const struct challenge *challenge = authz_failed_challenge(authz);
    bool found = false;

    for (size_t i = 0; challenge != NULL && i < COUNT(types); i++)
        found = found || text_equal(challenge->error.type, types[i]);
    return found && authz->identifier.type == IDENTIFIER_DNS &&
           (challenge->type == CHALLENGE_HTTP_01 || challenge->type == CHALLENGE_TLS_ALPN_01);
}

static bool is_same_address(const char *a, const char *b)
{
    unsigned char left[16], right[16];

    if (inet_pton(AF_INET, a, left) == 1)
        return inet_pton(AF_INET, b, right) == 1 && memcmp(left, right, 4) == 0;
    return inet_pton(AF_INET6, a, left) == 1 && inet_pton(AF_INET6, b, right) == 1 && memcmp(left, right, 16) == 0;
}

static bool is_among(const char *address, const struct list *addresses)
{
    for (size_t i = 0; i < addresses->len; i++)
        if (is_same_address(address, addresses->at[i]))
            return true;
    return false;
}

/* Whether the CA used one of them, or as far as it says so in its words. */
static bool ca_used(const struct challenge *challenge, const struct list *addresses)
{
    const struct list *used = &challenge->records;
    bool found = false;

    for (size_t i = 0; i < addresses->len && used->len == 0; i++)
        found = found || (challenge->error.detail != NULL && strstr(challenge->error.detail, addresses->at[i]) != NULL);
    for (size_t i = 0; i < used->len; i++)
        found = found || is_among(used->at[i], addresses);
    return found;
}

char *seen_here_tell(const struct authz *authz, const struct seen_here *here)
{
    const struct challenge *challenge = authz_failed_challenge(authz);
    AUTO(free) char *addresses = list_join(&here->addresses, ", ");

    if (!here->answered || challenge == NULL)
        return NULL;
    if (here->addresses.len == 0)
        return xstrdup("the resolvers of this machine know no address of this name");
    if (ca_used(challenge, &here->addresses))
        return NULL;
    return xprintf("the resolvers of this machine give %s", addresses);
}
