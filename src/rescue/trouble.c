#include "rescue/trouble.h"

#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/renewal_params.h"
#include "crypto/stop_gap.h"
#include "disk/layout.h"
#include "rescue/usable.h"
#include "store/lineage_conf.h"
#include "store/lineage_verify.h"
#include "typed/names.h"

#define REMAINS_MAX 2000 /* files that are looked at for a certificate's names */

static const struct {
    const char *word, *words;
} kinds[] = {
    [TROUBLE_NONE] = { "well", "is well" },
    [TROUBLE_STOP_GAP] = { "stop-gap", "a self-signed stop-gap stands in for it, of which browsers warn" },
    [TROUBLE_EXPIRED] = { "expired", "it has expired" },
    [TROUBLE_NO_RENEWAL] = { "no-renewal", "its files are whole, but its renewal file is lost: it is not renewed" },
    [TROUBLE_BAD_RENEWAL] = { "bad-renewal", "its renewal file cannot be used as it is: it is not renewed" },
    [TROUBLE_GUESSED] = { "guessed",
        "its renewal file was lost, and says guesses: whether it is renewed so is not known" },
    [TROUBLE_BROKEN] = { "broken", "its files are missing, or do not belong together" },
    [TROUBLE_LOST] = { "lost", "neither its renewal file is there any more, nor files that a server could use" },
    [TROUBLE_FOREIGN] = { "foreign", "a server cannot use its files, whose names are none of this store's" },
};

const char *trouble_kind_word(enum trouble_kind kind)
{
    return kinds[kind].word;
}

char *set_aside_dir(const struct store *store, const char *name)
{
    AUTO(free) char *all = file_join(store_config_dir(store), ".set-aside");

    return file_join(all, name);
}

/* ---- which names it was for ---- */

static bool has_pem_name(const char *name)
{
    return strncmp(name, "cert", 4) == 0 || strncmp(name, "fullchain", 9) == 0;
}

/* The certificate below a directory that ends last; NULL stays where there is none. */
static void find_cert(const char *dir, int depth, size_t *files, struct cert **newest)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    if (!file_list_dir(dir, &names, &err))
        return;
    for (size_t i = 0; i < names.len && ++*files < REMAINS_MAX; i++) {
        AUTO(free) char *path = file_join(dir, names.at[i]);
        AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
        AUTO(cert_free) struct cert *cert = NULL;

        if (depth > 0 && file_is_dir(path) && !file_is_link(path))
            find_cert(path, depth - 1, files, newest);
        else if (has_pem_name(names.at[i]) && file_read(path, &text, &err) &&
                 cert_from_pem(buf_view(&text), path, &cert, &err) &&
                 (*newest == NULL || cert->not_after > (*newest)->not_after)) {
            cert_free(*newest);
            *newest = TAKE(cert);
        }
    }
}

static void add_if_name(struct identifiers *names, const char *text)
{
    AUTO(free) char *value = NULL;
    struct error err = { 0 };
    struct identifier found = { .value = NULL };

    if (ip_address_normalize(text, &value, &err))
        found.type = IDENTIFIER_IP;
    else if (domain_normalize(text, &value, &err))
        found.type = IDENTIFIER_DNS;
    else
        return;
    found.value = value;
    if (!identifiers_has(names, &found))
        identifiers_add(names, found.type, value);
}

/* What the renewal file says of them: those that were proved by a web root. */
static void add_from_conf(struct context *context, const char *name, struct identifiers *names)
{
    AUTO(conf_free) struct conf *conf = NULL;
    AUTO(list_clear) struct list keys = { 0 };
    struct error err = { 0 };

    if (!lineage_read_conf(context->store, name, &conf, &err))
        return;
    conf_keys(conf, "renewalparams/webroot_map", &keys);
    for (size_t i = 0; i < keys.len; i++)
        add_if_name(names, keys.at[i]);
}

static void guess_names(struct context *context, struct trouble *trouble)
{
    const char *root = store_config_dir(context->store);
    AUTO(free)
    char *dirs[] = { xprintf("%s/live/%s", root, trouble->name), xprintf("%s/archive/%s", root, trouble->name),
        set_aside_dir(context->store, trouble->name) };
    AUTO(cert_free) struct cert *newest = NULL;
    size_t files = 0;

    for (size_t i = 0; i < COUNT(dirs); i++) {
        find_cert(dirs[i], 2, &files, &newest);
        free(dirs[i]);
        dirs[i] = NULL;
    }
    if (newest != NULL) {
        trouble->names = cert_identifiers(newest);
        return;
    }
    for (size_t i = 0; trouble->use != NULL && i < trouble->use->hosts.len; i++)
        add_if_name(&trouble->names, trouble->use->hosts.at[i]);
    add_from_conf(context, trouble->name, &trouble->names);
    if (trouble->names.len == 0 && strchr(trouble->name, '.') != NULL)
        add_if_name(&trouble->names, trouble->name);
}

/* ---- what is wrong ---- */

static void judge(struct trouble *trouble, enum trouble_kind kind, const char *why)
{
    trouble->kind = kind;
    free(trouble->why);
    trouble->why = kind == TROUBLE_NONE          ? NULL
                   : why == NULL || *why == '\0' ? xstrdup(kinds[kind].words)
                                                 : xprintf("%s (%s)", kinds[kind].words, why);
}

static enum trouble_kind kind_of(const struct context *context, const struct cert *cert)
{
    if (cert_is_stop_gap(cert))
        return TROUBLE_STOP_GAP;
    return cert->not_after <= context_now(context) ? TROUBLE_EXPIRED : TROUBLE_NONE;
}

/* Of whole files, or none. */
static void look_without_conf(struct trouble *trouble, const struct usable *usable)
{
    bool whole = usable->state == USABLE_YES || usable->state == USABLE_EXPIRED;

    if (usable->foreign)
        judge(trouble, usable->state == USABLE_YES ? TROUBLE_NONE : TROUBLE_FOREIGN, usable->why);
    else if (whole && usable->cert != NULL)
        judge(trouble, TROUBLE_NO_RENEWAL, NULL);
    else if (usable->state == USABLE_UNKNOWN)
        judge(trouble, TROUBLE_BROKEN, usable->why);
    else
        judge(trouble, TROUBLE_LOST, NULL);
    if ((whole || usable->foreign) && usable->cert != NULL)
        trouble->names = cert_identifiers(usable->cert);
}

enum conf_state { CONF_MISSING, CONF_BAD, CONF_GOOD };

/* After a crash a file may be empty, or have nothing but zeros in it. */
static bool is_empty(const char *path)
{
    AUTO(buf_clear) struct buf text = BUF(CONF_MAX);
    struct error err = { 0 };

    if (!file_read(path, &text, &err))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (memchr("\0 \t\r\n", text.at[i], 5) == NULL)
            return false;
    return true;
}

/* A renewal file that is there is not lost, whatever is wrong in it. */
static enum conf_state look_at_conf(struct context *context, const char *name, struct error *why)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(free) char *path = store_conf_path(context->store, name);

    if (!store_has_lineage(context->store, name) || is_empty(path))
        return CONF_MISSING;
    if (!lineage_open(context->store, name, &lineage, why))
        return CONF_BAD;
    if (lineage->live_dir != NULL)
        return CONF_GOOD;
    (void)error_set(
        why, ERROR_CONFIG, "%s does not say where the certificate is: it has no line \"cert = PATH\"", path);
    return CONF_BAD;
}

/* Files are whole; whether it can be renewed, as far as its renewal file tells. */
static void judge_renewal(struct context *context, struct trouble *trouble, const struct lineage *lineage)
{
    AUTO(settings_free) struct settings *settings = settings_dup(context->settings);
    struct error why = { 0 };

    if (!renewal_params_restore(lineage->conf, lineage->conf_path, settings, &why))
        judge(trouble, TROUBLE_BAD_RENEWAL, why.why);
    else if (lineage_is_guessed(lineage))
        judge(trouble, TROUBLE_GUESSED, NULL);
}

static void look_with_conf(struct context *context, struct trouble *trouble)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error why = { 0 };

    if (!lineage_load(context->store, trouble->name, &lineage, &why) || !lineage_verify(lineage, &why)) {
        judge(trouble, TROUBLE_BROKEN, why.why);
        return;
    }
    judge(trouble, kind_of(context, lineage->cert), NULL);
    trouble->names = cert_identifiers(lineage->cert);
    if (trouble->kind == TROUBLE_NONE)
        judge_renewal(context, trouble, lineage);
}

void trouble_look(struct context *context, struct trouble *trouble)
{
    AUTO(free) char *dir = xprintf("%s/live/%s", store_config_dir(context->store), trouble->name);
    AUTO(usable_clear) struct usable usable = { 0 };
    struct error why = { 0 };
    enum conf_state conf = look_at_conf(context, trouble->name, &why);

    identifiers_clear(&trouble->names);
    free(trouble->keeps);
    trouble->has_conf = conf != CONF_MISSING;
    usable_look(dir, trouble->use, context_now(context), &usable);
    trouble->keeps = usable_keeps(&usable);
    if (conf == CONF_MISSING)
        look_without_conf(trouble, &usable);
    else if (conf == CONF_BAD)
        judge(trouble, TROUBLE_BAD_RENEWAL, why.why);
    else
        look_with_conf(context, trouble);
    if (trouble->names.len == 0 && usable.state == USABLE_YES && usable.cert != NULL)
        trouble->names = cert_identifiers(usable.cert);
    if (trouble->names.len == 0)
        guess_names(context, trouble);
}

static void add(struct context *context, const struct uses *uses, const char *name, struct troubles *out)
{
    struct trouble *trouble;

    out->at = xrealloc(out->at, out->len + 1, sizeof *out->at);
    trouble = &out->at[out->len++];
    *trouble = (struct trouble){ .name = xstrdup(name), .use = uses_of(uses, name) };
    trouble_look(context, trouble);
}

bool troubles_find(
    struct context *context, const struct uses *uses, const char *only, struct troubles *out, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(store_lineage_names(context->store, &names, err));
    for (size_t i = 0; i < uses->len; i++)
        if (!list_has(&names, uses->at[i].name))
            list_add(&names, uses->at[i].name);
    if (only != NULL && !list_has(&names, only))
        return lineage_missing(context->store, only, err);
    for (size_t i = 0; i < names.len; i++) {
        TRY(interrupt_check(err));
        if (only == NULL || strcmp(only, names.at[i]) == 0)
            add(context, uses, names.at[i], out);
    }
    return true;
}

void troubles_clear(struct troubles *troubles)
{
    for (size_t i = 0; i < troubles->len; i++) {
        free(troubles->at[i].name);
        free(troubles->at[i].why);
        free(troubles->at[i].keeps);
        free(troubles->at[i].backup.path);
        identifiers_clear(&troubles->at[i].names);
    }
    free(troubles->at);
    *troubles = (struct troubles){ 0 };
}
