#include "plugin/line_protocol.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "config/option_find.h"
#include "config/plugin_options.h"
#include "json/doc.h"

#define TEXT_MAX 1024 /* bytes of a description, hint or help */
#define LIMIT_MAX 3600
#define TYPE_MAX 64 /* bytes of the name of a challenge type */
#define TYPES_MAX 16

static const struct {
    const char *name;
    int limit_s; /* unless the plugin names another */
} requests[LINE_REQUEST_COUNT] = {
    [LINE_DESCRIBE] = { "describe", LINE_DESCRIBE_LIMIT_S },
    [LINE_PRESENT] = { "present", 60 },
    [LINE_WAIT] = { "wait", 600 }, /* records spread slowly */
    [LINE_CLEANUP] = { "cleanup", 60 },
    [LINE_SWEEP] = { "sweep", 60 },
    [LINE_DEPLOY] = { "deploy", 60 },
    [LINE_RELOAD] = { "reload", 60 },
    [LINE_RECOVER] = { "recover", 60 },
    [LINE_INSTALL] = { "install", 300 }, /* all certificates of a run, with tests and a reload */
    [LINE_ROLLBACK] = { "rollback", 300 },
};

const char *line_request_name(enum line_request request)
{
    return requests[request].name;
}

/* A document error is about a file of ours elsewhere; here it is the plugin's fault. */
static bool blame(bool ok, struct error *err)
{
    return ok || error_as(err, ERROR_PLUGIN);
}

/* A member that is a string and fit to be shown; *out is NULL when it is absent. */
static bool get_shown(const struct node *object, const char *name, char **out, struct error *err)
{
    AUTO(free) char *text = NULL;

    TRY(blame(node_get_text_or_null(object, name, &text, err), err));
    *out = text == NULL ? NULL : text_printable_dup(view_of(text), TEXT_MAX, false);
    return true;
}

/* Reads "ok" of an answer, or of the part of one that is about one challenge. When it is false, *why is made of the
 * plugin's "error" and "next". */
static bool get_verdict(const struct node *node, bool *ok, struct error *why, struct error *err)
{
    AUTO(free) char *reason = NULL, *next = NULL;

    if (node_member(node, "ok") == NULL)
        return error_set(err, ERROR_PLUGIN, "its answer has no \"ok\"");
    TRY(blame(node_get_bool_or(node, "ok", false, ok, err), err));
    if (*ok)
        return true;
    TRY(get_shown(node, "error", &reason, err));
    TRY(get_shown(node, "next", &next, err));
    (void)error_set(
        why, ERROR_PLUGIN, "%s", reason != NULL && reason[0] != '\0' ? reason : "it failed and does not say why");
    if (next != NULL && next[0] != '\0')
        (void)error_next(why, "%s", next);
    return true;
}

static bool open_verdict(struct view line, struct doc **out, bool *ok, struct error *why, struct error *err)
{
    AUTO(doc_free) struct doc *doc = NULL;

    TRY(blame(doc_read(line, "answer", &doc, err), err));
    if (!node_is_object(doc_root(doc)))
        return error_set(err, ERROR_PLUGIN, "its answer is not a JSON object");
    TRY(get_verdict(doc_root(doc), ok, why, err));
    *out = TAKE(doc);
    return true;
}

/* Opens an answer that says yes. */
static bool open_answer(struct view line, struct doc **out, struct error *err)
{
    AUTO(doc_free) struct doc *doc = NULL;
    struct error why = { 0 };
    bool ok;

    TRY(open_verdict(line, &doc, &ok, &why, err));
    if (!ok) {
        *err = why;
        return false;
    }
    *out = TAKE(doc);
    return true;
}

static bool get_state(const struct node *node, char **out, struct error *err)
{
    AUTO(free) char *text = NULL;

    TRY(blame(node_get_text_or_null(node, "state", &text, err), err));
    if (text != NULL && strlen(text) > LINE_MAX_STATE)
        return error_set(err, ERROR_PLUGIN, "the \"state\" in its answer is longer than %d bytes", LINE_MAX_STATE);
    *out = TAKE(text);
    return true;
}

bool line_read_answer(struct view line, char **state, struct error *err)
{
    AUTO(doc_free) struct doc *doc = NULL;
    AUTO(free) char *text = NULL;

    TRY(open_answer(line, &doc, err));
    TRY(get_state(doc_root(doc), &text, err));
    if (state != NULL)
        *state = TAKE(text);
    return true;
}

static bool check_result(const struct node *result, struct error *err)
{
    AUTO(free) char *state = NULL;
    struct error why = { 0 };
    bool ok;

    if (!node_is_object(result))
        return error_set(err, ERROR_PLUGIN, "its \"results\" are not all objects");
    TRY(get_verdict(result, &ok, &why, err));
    return get_state(result, &state, err);
}

/* Takes over a result that check_result accepted. */
static void take_result(const struct node *result, struct proof *proof, enum proof_state done)
{
    AUTO(free) char *state = NULL;
    struct error why = { 0 }, none = { 0 };
    bool ok = false;

    (void)(get_verdict(result, &ok, &why, &none) && get_state(result, &state, &none));
    if (state != NULL) {
        free(proof->output);
        proof->output = TAKE(state);
    }
    if (!ok)
        proof_fail(proof, &why);
    else
        proof->state = done;
}

/* Reads "results", one for each item asked about; *out is NULL where the answer is about all of them. */
static bool get_results(const struct doc *doc, const char *of, size_t count, const struct node **out, struct error *err)
{
    const struct node *results = node_member(doc_root(doc), "results");

    if (results != NULL && !node_is_array(results))
        return error_set(err, ERROR_PLUGIN, "its \"results\" are not an array");
    if (results != NULL && node_count(results) != count)
        return error_set(
            err, ERROR_PLUGIN, "its answer has %zu \"results\" for %zu %s", node_count(results), count, of);
    for (size_t i = 0; results != NULL && i < count; i++)
        TRY(check_result(node_at(results, i), err));
    *out = results;
    return true;
}

bool line_read_installed(struct view line, size_t count, struct error **each, struct error *err)
{
    AUTO(doc_free) struct doc *doc = NULL;
    const struct node *results;
    struct error why = { 0 };
    bool ok;

    TRY(open_verdict(line, &doc, &ok, &why, err));
    TRY(get_results(doc, "deployments", count, &results, err));
    for (size_t i = 0; results != NULL && i < count; i++) {
        struct error own = { 0 }, none = { 0 };
        bool own_ok = true;

        (void)!get_verdict(node_at(results, i), &own_ok, &own, &none);
        if (!own_ok)
            each[i] = error_dup(&own);
    }
    if (!ok)
        *err = why;
    return ok;
}

bool line_read_results(
    struct view line, struct proof *const *proofs, size_t count, enum proof_state done, struct error *err)
{
    AUTO(doc_free) struct doc *doc = NULL;
    const struct node *results;

    TRY(open_answer(line, &doc, err));
    TRY(get_results(doc, "challenges", count, &results, err));
    for (size_t i = 0; i < count; i++) {
        if (results != NULL)
            take_result(node_at(results, i), proofs[i], done);
        else
            proofs[i]->state = done;
    }
    return true;
}

static bool read_kinds(const struct node *root, struct line_description *out, struct error *err)
{
    AUTO(list_clear) struct list kinds = { 0 };

    TRY(blame(node_get_texts_or_none(root, "kinds", &kinds, err), err));
    for (size_t i = 0; i < kinds.len; i++) {
        if (strcmp(kinds.at[i], "authenticator") == 0)
            out->authenticator = true;
        else if (strcmp(kinds.at[i], "installer") == 0)
            out->installer = true;
        else
            return error_set(err, ERROR_PLUGIN, "it says to be of the unknown kind \"%s\"", kinds.at[i]);
    }
    if (!out->authenticator && !out->installer)
        return error_set(err, ERROR_PLUGIN, "its \"kinds\" name neither authenticator nor installer");
    return true;
}

/* Whether a challenge type may be named. In version 2 its kind says what is to be done, so any may: unknown ones are
 * not chosen. */
static bool is_type(const char *type, int version)
{
    static const char *const ones[] = { "http-01", "dns-01", "tls-alpn-01" };
    size_t len = strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789-");

    if (version > LINE_VERSION_ONE)
        return len > 0 && len <= TYPE_MAX && type[len] == '\0';
    for (size_t i = 0; i < COUNT(ones); i++)
        if (strcmp(type, ones[i]) == 0)
            return true;
    return false;
}

/* Types of a later time are passed over: a plugin may know more than we do. */
static bool read_types(const struct node *root, struct line_description *out, struct error *err)
{
    AUTO(list_clear) struct list types = { 0 };

    TRY(blame(node_get_texts_or_none(root, "challenges", &types, err), err));
    for (size_t i = 0; out->authenticator && i < types.len && out->types.len < TYPES_MAX; i++)
        if (is_type(types.at[i], out->version) && !list_has(&out->types, types.at[i]))
            list_add(&out->types, types.at[i]);
    if (out->authenticator && out->types.len == 0)
        return error_set(err, ERROR_PLUGIN, "its \"challenges\" name neither http-01 nor dns-01 nor tls-alpn-01");
    return true;
}

/* Others are passed over: a plugin may know more than we do. So is auto-hsts: there is no question for its steps. */
static bool read_enhancements(const struct node *root, struct line_description *out, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    if (out->version == LINE_VERSION_ONE)
        return true;
    TRY(blame(node_get_texts_or_none(root, "enhancements", &names, err), err));
    for (int i = 0; i < ENHANCE_COUNT; i++)
        if (i != ENHANCE_AUTO_HSTS && list_has(&names, enhancement_name((enum enhancement)i)))
            out->enhancements |= ENHANCEMENT(i);
    return true;
}

/* The option must not look like one of ours, neither on the command line nor in a renewal file. */
static bool check_option(const char *name, const char *option, struct error *err)
{
    AUTO(free) char *key = plugin_option_key(name, option), *full = xprintf("%s-%s", name, option);
    bool clash = option_find(full) != NULL;

    if (!plugin_name_is_good(view_of(option)))
        return error_set(
            err, ERROR_PLUGIN, "its option \"%s\" is not made of lower case letters, digits and dashes", option);
    for (const struct option *ours = options; ours->names[0] != NULL; ours++)
        clash = clash || text_equal(ours->saved, key);
    if (clash)
        return error_set(err, ERROR_PLUGIN, "its option --%s is one of our own", full);
    return true;
}

static bool read_option(const struct node *node, const char *name, struct line_description *out, struct error *err)
{
    struct line_option *option = &out->options[out->option_count];

    if (!node_is_object(node))
        return error_set(err, ERROR_PLUGIN, "its \"options\" are not all objects");
    TRY(blame(node_get_text(node, "name", &option->name, err), err));
    out->option_count++; /* from here on it is cleared with the rest */
    TRY(check_option(name, option->name, err));
    for (size_t i = 0; i + 1 < out->option_count; i++)
        if (strcmp(out->options[i].name, option->name) == 0)
            return error_set(err, ERROR_PLUGIN, "it has the option \"%s\" twice", option->name);
    TRY(get_shown(node, "help", &option->help, err));
    return blame(node_get_bool_or(node, "required", false, &option->required, err), err);
}

static bool read_options(const struct node *root, const char *name, struct line_description *out, struct error *err)
{
    const struct node *array = node_member(root, "options");
    size_t count = node_count(array);

    if (array != NULL && !node_is_array(array))
        return error_set(err, ERROR_PLUGIN, "its \"options\" are not an array");
    if (count > LINE_MAX_OPTIONS)
        return error_set(err, ERROR_PLUGIN, "it has more than %d options", LINE_MAX_OPTIONS);
    out->options = xcalloc(count + 1, sizeof *out->options);
    for (size_t i = 0; i < count; i++)
        TRY(read_option(node_at(array, i), name, out, err));
    return true;
}

static bool read_limits(const struct node *root, struct line_description *out, struct error *err)
{
    const struct node *limits = node_member(root, "limits");

    if (limits != NULL && !node_is_object(limits))
        return error_set(err, ERROR_PLUGIN, "its \"limits\" are not an object");
    for (int i = 0; i < LINE_REQUEST_COUNT; i++) {
        const struct node *limit = limits == NULL || i == LINE_DESCRIBE ? NULL : node_member(limits, requests[i].name);
        int64_t seconds = requests[i].limit_s;

        if (limit != NULL && (!node_number(limit, &seconds) || seconds < 1 || seconds > LIMIT_MAX))
            return error_set(err, ERROR_PLUGIN, "its limit for %s is not a number of seconds from 1 to %d",
                requests[i].name, LIMIT_MAX);
        out->limit_s[i] = (int)seconds;
    }
    return true;
}

static void choose_version(const struct node *node, int *best)
{
    int64_t version;

    if (node_number(node, &version) && version >= LINE_VERSION_ONE && version <= LINE_VERSION_MAX && version > *best)
        *best = (int)version;
}

/* "protocol" is one version that the plugin speaks, "protocols", which may be missing, are all. */
static bool read_version(const struct node *root, int *out, struct error *err)
{
    const struct node *all = node_member(root, "protocols");
    int best = 0;

    choose_version(node_member(root, "protocol"), &best);
    for (size_t i = 0; i < node_count(all); i++)
        choose_version(node_at(all, i), &best);
    if (best == 0)
        return error_set(err, ERROR_PLUGIN, "it does not speak version %d or %d of the protocol", LINE_VERSION_ONE,
            LINE_VERSION_MAX);
    *out = best;
    return true;
}

static bool read_identity(const struct node *root, const char *name, struct line_description *out, struct error *err)
{
    AUTO(free) char *own = NULL;

    TRY(read_version(root, &out->version, err));
    TRY(blame(node_get_text(root, "name", &own, err), err));
    if (strcmp(own, name) != 0)
        return error_set(err, ERROR_PLUGIN, "it calls itself \"%s\", but its file is called \"%s\"", own, name);
    TRY(get_shown(root, "description", &out->description, err));
    if (out->description == NULL || out->description[0] == '\0')
        return error_set(err, ERROR_PLUGIN, "it has no \"description\"");
    return get_shown(root, "hint", &out->hint, err);
}

bool line_read_description(struct view line, const char *name, struct line_description *out, struct error *err)
{
    AUTO(line_description_clear) struct line_description read = { 0 };
    AUTO(doc_free) struct doc *doc = NULL;

    TRY(open_answer(line, &doc, err));
    TRY(read_identity(doc_root(doc), name, &read, err));
    TRY(read_kinds(doc_root(doc), &read, err));
    TRY(read_types(doc_root(doc), &read, err));
    TRY(read_enhancements(doc_root(doc), &read, err));
    TRY(read_options(doc_root(doc), name, &read, err));
    TRY(read_limits(doc_root(doc), &read, err));
    *out = read;
    read = (struct line_description){ 0 };
    return true;
}

void line_description_clear(struct line_description *description)
{
    for (size_t i = 0; i < description->option_count; i++) {
        free(description->options[i].name);
        free(description->options[i].help);
    }
    free(description->options);
    free(description->description);
    free(description->hint);
    list_clear(&description->types);
    *description = (struct line_description){ 0 };
}
