/*
 * What counts as this machine's address, of what interfaces and services say.
 */
#include <string.h>

#include "base/address.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "preflight/public_address.h"

#define AGREE 2 /* services of so many operators */

void public_addresses_clear(struct public_addresses *all)
{
    for (size_t i = 0; i < all->len; i++) {
        free(all->at[i].address);
        list_clear(&all->at[i].by);
    }
    for (size_t i = 0; i < all->answer_count; i++) {
        free(all->answers[i].by);
        free(all->answers[i].address);
        free(all->answers[i].why);
    }
    free(all->at);
    free(all->answers);
    *all = (struct public_addresses){ 0 };
}

char *ip_operator(const char *url)
{
    AUTO(free) char *host = url_host(url);
    const char *from, *authority;

    if (host == NULL)
        return xstrdup(url);
    if (address_is(host) || strchr(host, '.') == NULL) {
        authority = strstr(url, "://") + 3;
        return xstrndup(authority, strcspn(authority, "/?#"));
    }
    text_lower(host);
    from = host + strlen(host);
    for (int labels = 0; from > host && labels<2; labels += from> host && from[-1] == '.')
        from--;
    return xstrdup(from);
}

void ip_answer_read(struct ip_answer *answer, struct view body, bool takes_private)
{
    AUTO(free) char *text = view_dup(view_trim(body));
    const struct address_purpose *purpose;
    char canonical[ADDRESS_TEXT_SIZE];

    if (!address_canonical(text, canonical)) {
        answer->why = xstrdup("its answer is no IP address");
        return;
    }
    purpose = address_purpose(canonical);
    if (purpose != NULL && !(takes_private && address_place_of_text(canonical) != ADDRESS_NOBODYS))
        answer->why = xprintf("it says %s, which is %s (%s)", canonical, purpose->what, purpose->rfc);
    else
        answer->address = xstrdup(canonical);
}

static struct public_address *find_or_add(struct public_addresses *all, const char *address)
{
    for (size_t i = 0; i < all->len; i++)
        if (strcmp(all->at[i].address, address) == 0)
            return &all->at[i];
    all->at = xrealloc(all->at, all->len + 1, sizeof *all->at);
    all->at[all->len] = (struct public_address){ .address = xstrdup(address) };
    return &all->at[all->len++];
}

void public_addresses_judge(const struct list *own, const struct list *passing, struct public_addresses *out)
{
    for (size_t i = 0; i < own->len; i++)
        if (address_purpose(own->at[i]) == NULL)
            (void)find_or_add(out, own->at[i]);
    for (size_t i = 0; i < out->answer_count; i++) {
        const struct ip_answer *answer = &out->answers[i];
        struct public_address *found = answer->address == NULL ? NULL : find_or_add(out, answer->address);

        if (found != NULL && !list_has(&found->by, answer->by))
            list_add(&found->by, answer->by);
    }
    for (size_t i = 0; i < out->len; i++) {
        struct public_address *found = &out->at[i];

        found->is_own = list_has(own, found->address);
        found->is_passing = list_has(passing, found->address);
        found->sure = !found->is_passing && (found->is_own || found->by.len >= AGREE);
    }
}

static bool is_of(const struct public_address *address, bool v6)
{
    return (strchr(address->address, ':') != NULL) == v6;
}

/* Of the sure ones; seen: those that a service has seen. NULL where there is none or more than one. */
static const struct public_address *only_one(const struct public_addresses *all, bool v6, bool seen)
{
    const struct public_address *one = NULL;

    for (size_t i = 0; i < all->len; i++) {
        if (!all->at[i].sure || !is_of(&all->at[i], v6) || (seen && all->at[i].by.len == 0))
            continue;
        if (one != NULL)
            return NULL;
        one = &all->at[i];
    }
    return one;
}

const struct public_address *public_address_choose(const struct public_addresses *all, bool v6)
{
    const struct public_address *one = only_one(all, v6, false);

    return one != NULL ? one : only_one(all, v6, true);
}
