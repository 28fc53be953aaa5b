#include "apache/deploy.h"

#include "base/file.h"
#include "base/mem.h"

bool apache_is_tls_option(const struct apache_node *node)
{
    static const char *const names[] = { "SSLProtocol", "SSLCipherSuite", "SSLHonorCipherOrder", "SSLSessionTickets",
        "SSLOpenSSLConfCmd" };

    for (size_t i = 0; i < COUNT(names); i++)
        if (apache_node_is(node, names[i]))
            return true;
    return false;
}

/* ---- certificates and keys ---- */

/* One SSLCertificateFile of the host with the SSLCertificateKeyFile of the same place in their series. */
struct slot {
    const struct apache_node *cert, *key; /* key NULL: it has none of its own */
    bool used;                            /* it stays, or has got a new certificate */
};

struct slots {
    struct slot *at;
    size_t count;
    const struct apache_node *last; /* of all these lines */
};

static size_t count_of(const struct apache_edit *edit, const char *name)
{
    size_t count = 0;

    for (const struct apache_node *node = apache_edit_find(edit, NULL, name); node != NULL;
         node = apache_edit_find(edit, node, name))
        count++;
    return count;
}

static void find_slots(const struct apache_edit *edit, struct slots *slots)
{
    const struct apache_node *key = apache_edit_find(edit, NULL, "SSLCertificateKeyFile");
    size_t i = 0;

    slots->at = xcalloc(count_of(edit, "SSLCertificateFile") + 1, sizeof *slots->at);
    for (const struct apache_node *cert = apache_edit_find(edit, NULL, "SSLCertificateFile"); cert != NULL;
         cert = apache_edit_find(edit, cert, "SSLCertificateFile")) {
        if (cert->word_count < 2)
            continue;
        slots->at[i++] = (struct slot){ .cert = cert, .key = key != NULL && key->word_count > 1 ? key : NULL };
        slots->last = slots->last == NULL || cert->start > slots->last->start ? cert : slots->last;
        if (key != NULL && key->start > slots->last->start)
            slots->last = key;
        key = key != NULL ? apache_edit_find(edit, key, "SSLCertificateKeyFile") : NULL;
    }
    slots->count = i;
}

static const char *cert_of(const struct pair *pair)
{
    return pair->fullchain != NULL ? pair->fullchain : pair->cert;
}

/* The one that has the certificate already, else the first that is free. */
static struct slot *slot_for(const struct slots *slots, const struct pair *pair)
{
    struct slot *found = NULL;

    for (size_t i = 0; i < slots->count; i++) {
        struct slot *slot = &slots->at[i];

        if (slot->used)
            continue;
        if (strcmp(apache_node_word(slot->cert, 1), cert_of(pair)) == 0)
            return slot;
        found = found == NULL ? slot : found;
    }
    return found;
}

static void put_line(struct apache_edit *edit, const struct apache_node *behind, const char *name, const char *path)
{
    AUTO(free) char *line = apache_line(name, path);

    if (behind != NULL)
        apache_edit_behind(edit, behind, line);
    else
        apache_edit_append(edit, line);
}

static void put_pair(
    struct apache_edit *edit, struct slot *slot, const struct apache_node *last, const struct pair *pair)
{
    if (slot == NULL) {
        put_line(edit, last, "SSLCertificateFile", cert_of(pair));
        put_line(edit, last, "SSLCertificateKeyFile", pair->key);
        return;
    }
    slot->used = true;
    apache_edit_word(edit, slot->cert, 1, cert_of(pair));
    if (slot->key != NULL)
        apache_edit_word(edit, slot->key, 1, pair->key);
    else
        put_line(edit, slot->cert, "SSLCertificateKeyFile", pair->key);
}

/* Keys beyond the number of certificates belong to none. */
static void drop_unused(struct apache_edit *edit, const struct slots *slots)
{
    const struct apache_node *key = apache_edit_find(edit, NULL, "SSLCertificateKeyFile");

    for (size_t i = 0; i < slots->count; i++)
        if (!slots->at[i].used)
            apache_edit_remove(edit, slots->at[i].cert);
    for (size_t i = 0; key != NULL; i++, key = apache_edit_find(edit, key, "SSLCertificateKeyFile"))
        if (i >= slots->count || !slots->at[i].used)
            apache_edit_remove(edit, key);
}

static void put_chain(struct apache_edit *edit, const struct apache_node *last, const struct pair *pair)
{
    const char *chain = pair->fullchain == NULL ? pair->chain : NULL;

    for (const struct apache_node *node = apache_edit_find(edit, NULL, "SSLCertificateChainFile"); node != NULL;
         node = apache_edit_find(edit, node, "SSLCertificateChainFile")) {
        if (chain != NULL && node->word_count > 1)
            apache_edit_word(edit, node, 1, chain);
        else
            apache_edit_remove(edit, node);
        chain = NULL;
    }
    if (chain != NULL)
        put_line(edit, last, "SSLCertificateChainFile", chain);
}

/* ---- options and names ---- */

static bool includes(const struct apache_edit *edit, const char *path)
{
    for (const struct apache_node *node = apache_edit_next(edit, NULL); node != NULL;
         node = apache_edit_next(edit, node))
        if ((apache_node_is(node, "Include") || apache_node_is(node, "IncludeOptional")) &&
            strcmp(apache_node_word(node, 1), path) == 0)
            return true;
    return false;
}

static bool has_own_options(const struct apache_edit *edit)
{
    for (const struct apache_node *node = apache_edit_next(edit, NULL); node != NULL;
         node = apache_edit_next(edit, node))
        if (apache_is_tls_option(node))
            return true;
    return false;
}

static void put_options(struct apache_edit *edit, const struct apache_certificate *certificate)
{
    AUTO(free) char *line = apache_line("Include", certificate->options_file);

    if (certificate->includes_options || includes(edit, certificate->options_file))
        return;
    if (certificate->has_own_options || has_own_options(edit))
        apache_edit_prepend(edit, line);
    else
        apache_edit_append(edit, line);
}

static void put_names(struct apache_edit *edit, const struct apache_certificate *certificate)
{
    const struct apache_node *behind = apache_edit_find(edit, NULL, "ServerName");
    bool has_name = certificate->has_name || behind != NULL;

    for (const struct apache_node *node = apache_edit_find(edit, NULL, "ServerAlias"); node != NULL;
         node = apache_edit_find(edit, node, "ServerAlias"))
        behind = node->parent == edit->vhost && (behind == NULL || node->start > behind->start) ? node : behind;
    for (size_t i = 0; i < certificate->names->len; i++) {
        AUTO(free) char *line = apache_line(has_name ? "ServerAlias" : "ServerName", certificate->names->at[i]);

        if (behind != NULL)
            apache_edit_behind(edit, behind, line);
        else
            apache_edit_prepend(edit, line);
        has_name = true;
    }
}

void apache_deploy(struct apache_edit *edit, const struct apache_certificate *certificate)
{
    struct slots slots = { 0 };

    put_names(edit, certificate);
    put_options(edit, certificate);
    find_slots(edit, &slots);
    for (size_t i = 0; i < slots.count; i++)
        slots.at[i].used =
            certificate->stays != NULL && certificate->stays(certificate->arg, apache_node_word(slots.at[i].cert, 1));
    for (size_t i = 0; i < certificate->pair_count; i++)
        put_pair(edit, slot_for(&slots, &certificate->pairs[i]), slots.last, &certificate->pairs[i]);
    drop_unused(edit, &slots);
    if (certificate->pair_count > 0)
        put_chain(edit, slots.last, &certificate->pairs[0]);
    free(slots.at);
}
