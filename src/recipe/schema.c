#include "recipe/schema.h"

#include <stdarg.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "tree/place.h"
#include "tree/template.h"

/* Objects of a description. */
enum {
    IN_TOP = 1,
    IN_STEP = 2,
    IN_LISTING = 4,
    IN_ZONE = 8,
    IN_ADD = 16,
    IN_EDIT = 32,
    IN_POLL = 64,
    IN_PAGE = 128,
    IN_SIGN = 256,
    IN_KEY = 512,
    IN_PREDICATE = 1024,
    IN_JWT = 2048,
    IN_HINT = 4096,
    IN_FORM = 8192, /* the top of a form of alarms */
    ANY_STEP = IN_STEP | IN_LISTING | IN_ZONE | IN_ADD | IN_POLL,
    ANY_LISTING = IN_LISTING | IN_ZONE,
};

enum kind {
    TEXT,
    TEMPLATE,
    NUMBER,
    TRUTH,
    TEXTS,
    REQUEST,   /* "METHOD ADDRESS" */
    WORD,      /* one of words, with bars between them */
    PATHS_OF,  /* object: name, path */
    TEMPLATES, /* object: name, template */
    FIELDS,    /* the same, with lists in it */
    BODY,
    ROOT, /* a body of one member */
    WHERE,
    PREDICATE,
    ONE_OR_MORE, /* text or number, or a list of them */
    KEYS,
    NEED, /* a list of lists of texts */
    PICK,
    MAP,
    ONE,  /* an object */
    MANY, /* an object or a list of them */
};

struct row {
    const char *key;
    unsigned in;
    enum kind kind;
    unsigned object; /* of ONE and MANY */
    const char *words;
};

#define REPLIES "json|xml|xmlrpc|form|lines|text"
#define ALGORITHMS                                                                                                     \
    "none|md5|sha1|sha256|sha512|hmac-md5|hmac-sha1|hmac-sha256|hmac-sha384|hmac-sha512|rsa-sha256|rsa-sha512|aws4|"   \
    "tc3|acs3|huawei|volc|bce|oci|edgegrid"

static const struct row rows[] = {
    { "name", IN_FORM | IN_TOP, TEXT, 0, NULL },
    { "title", IN_FORM | IN_TOP, TEXT, 0, NULL },
    { "docs", IN_FORM | IN_TOP, TEXT, 0, NULL },
    { "note", IN_FORM | IN_TOP, TEXT, 0, NULL },
    { "base", IN_FORM | IN_TOP, TEMPLATE, 0, NULL },
    { "ttl", IN_TOP, NUMBER, 0, NULL },
    { "wait", IN_TOP, NUMBER, 0, NULL },
    { "slots", IN_TOP, NUMBER, 0, NULL },
    { "apex", IN_TOP, TEXT, 0, NULL },
    { "credentials", IN_TOP, WORD, 0, "ini|json|aws|none" },
    { "files", IN_TOP, TEXTS, 0, NULL },
    { "keys", IN_FORM | IN_TOP, KEYS, 0, NULL },
    { "old", IN_TOP | IN_KEY, TEXTS, 0, NULL },
    { "need", IN_TOP, NEED, 0, NULL },
    { "pick", IN_FORM | IN_TOP, PICK, 0, NULL },
    { "map", IN_FORM | IN_TOP, MAP, 0, NULL },
    { "let", IN_FORM | IN_TOP | ANY_STEP, TEMPLATES, 0, NULL },
    { "headers", IN_FORM | IN_TOP | ANY_STEP, FIELDS, 0, NULL },
    { "query", IN_FORM | IN_TOP | ANY_STEP, FIELDS, 0, NULL },
    { "reply", IN_FORM | IN_TOP | ANY_STEP, WORD, 0, REPLIES },
    { "ok", IN_FORM | IN_TOP | ANY_STEP, PREDICATE, 0, NULL },
    { "absent", IN_TOP | ANY_STEP, PREDICATE, 0, NULL },
    { "busy", IN_FORM | IN_TOP | ANY_STEP, PREDICATE, 0, NULL },
    { "error", IN_FORM | IN_TOP | ANY_STEP, TEXTS, 0, NULL },
    { "stale", IN_TOP, PREDICATE, 0, NULL },
    { "hints", IN_FORM | IN_TOP, MANY, IN_HINT, NULL },
    { "when", IN_HINT, PREDICATE, 0, NULL },
    { "next", IN_HINT, TEXT, 0, NULL },
    { "pause", IN_TOP, NUMBER, 0, NULL },
    { "plain", IN_FORM | IN_TOP, TRUTH, 0, NULL },
    { "trust", IN_TOP, TEMPLATE, 0, NULL },
    { "sign", IN_TOP, MANY, IN_SIGN, NULL },
    { "login", IN_TOP, MANY, IN_STEP, NULL },
    { "logout", IN_TOP, MANY, IN_STEP, NULL },
    { "send", IN_FORM, ONE, IN_STEP, NULL },
    { "limit", IN_FORM, NUMBER, 0, NULL },
    { "resolves", IN_FORM, TRUTH, 0, NULL },
    { "zone", IN_TOP, ONE, IN_ZONE, NULL },
    { "add", IN_TOP, ONE, IN_ADD, NULL },
    { "find", IN_TOP, ONE, IN_LISTING, NULL },
    { "del", IN_TOP, ONE, IN_STEP, NULL },
    { "edit", IN_TOP, ONE, IN_EDIT, NULL },
    { "finish", IN_TOP, MANY, IN_STEP, NULL },

    { "do", ANY_STEP, REQUEST, 0, NULL },
    { "json", ANY_STEP, BODY, 0, NULL },
    { "form", ANY_STEP, FIELDS, 0, NULL },
    { "xml", ANY_STEP, ROOT, 0, NULL },
    { "text", ANY_STEP, TEMPLATE, 0, NULL },
    { "type", ANY_STEP, TEXT, 0, NULL },
    { "exists", ANY_STEP, PREDICATE, 0, NULL },
    { "get", ANY_STEP, PATHS_OF, 0, NULL },
    { "poll", ANY_STEP, ONE, IN_POLL, NULL },
    { "unless", ANY_STEP, TEXT, 0, NULL },
    { "if", ANY_STEP, TEXT, 0, NULL },
    { "jwt", ANY_STEP, ONE, IN_JWT, NULL },
    { "unsigned", ANY_STEP, TRUTH, 0, NULL },
    { "ambient", IN_STEP, TEXT, 0, NULL },
    { "until", IN_POLL, PREDICATE, 0, NULL },
    { "fail", IN_POLL, PREDICATE, 0, NULL },
    { "every", IN_POLL, NUMBER, 0, NULL },
    { "look", IN_ADD, TRUTH, 0, NULL },

    { "items", ANY_LISTING, TEXT, 0, NULL },
    { "where", ANY_LISTING, WHERE, 0, NULL },
    { "except", ANY_LISTING, WHERE, 0, NULL },
    { "id", ANY_LISTING, TEXT, 0, NULL },
    { "detail", ANY_LISTING, REQUEST, 0, NULL },
    { "page", ANY_LISTING, ONE, IN_PAGE, NULL },
    { "next", IN_PAGE, TEXT, 0, NULL },
    { "cursor", IN_PAGE, TEXT, 0, NULL },
    { "last", IN_PAGE, TEXT, 0, NULL },
    { "total", IN_PAGE, TEXT, 0, NULL },
    { "size", IN_PAGE, NUMBER, 0, NULL },
    { "from", IN_PAGE, NUMBER, 0, NULL },
    { "offset", IN_PAGE, TRUTH, 0, NULL },
    { "link", IN_PAGE, TRUTH, 0, NULL },

    { "name", IN_ZONE, TEXT, 0, NULL },
    { "set", IN_ZONE, PATHS_OF, 0, NULL },
    { "ask", IN_ZONE, TRUTH, 0, NULL },
    { "fixed", IN_ZONE, TEMPLATE, 0, NULL },
    { "of", IN_ZONE, TEXT, 0, NULL },
    { "then", IN_ZONE, MANY, IN_STEP, NULL },

    { "read", IN_EDIT, ONE, IN_LISTING, NULL },
    { "in", IN_EDIT, TEXT, 0, NULL },
    { "select", IN_EDIT, WHERE, 0, NULL },
    { "list", IN_EDIT, TEXT, 0, NULL },
    { "entry", IN_EDIT, BODY, 0, NULL },
    { "match", IN_EDIT, WHERE, 0, NULL },
    { "write", IN_EDIT, ONE, IN_STEP, NULL },
    { "create", IN_EDIT, ONE, IN_STEP, NULL },
    { "clear", IN_EDIT, ONE, IN_STEP, NULL },
    { "whole", IN_EDIT, TRUTH, 0, NULL },
    { "check", IN_EDIT, TRUTH, 0, NULL },
    { "max", IN_EDIT, NUMBER, 0, NULL },
    { "blind", IN_EDIT, PREDICATE, 0, NULL },

    { "alg", IN_SIGN, WORD, 0, ALGORITHMS },
    { "alg", IN_JWT, WORD, 0, "RS256" },
    { "key", IN_SIGN | IN_JWT, TEMPLATE, 0, NULL },
    { "text", IN_SIGN, TEMPLATE, 0, NULL },
    { "as", IN_SIGN, WORD, 0, "hex|HEX|b64|b64url" },
    { "to", IN_SIGN, TEXT, 0, NULL },
    { "secret", IN_SIGN, TEMPLATE, 0, NULL },
    { "token", IN_SIGN, TEMPLATE, 0, NULL },
    { "region", IN_SIGN, TEMPLATE, 0, NULL },
    { "service", IN_SIGN, TEMPLATE, 0, NULL },
    { "header", IN_JWT, BODY, 0, NULL },
    { "claims", IN_JWT, BODY, 0, NULL },

    { "help", IN_KEY, TEXT, 0, NULL },
    { "optional", IN_KEY, TRUTH, 0, NULL },
    { "default", IN_KEY, TEXT, 0, NULL },
    { "file", IN_KEY, TRUTH, 0, NULL },
    { "public", IN_KEY, TRUTH, 0, NULL },
    { "option", IN_KEY, TRUTH, 0, NULL },
    { "env", IN_KEY, TEXTS, 0, NULL },
    { "around", IN_KEY, TRUTH, 0, NULL },
    { "path", IN_KEY, TEXT, 0, NULL },
    { "json", IN_KEY, TRUTH, 0, NULL },
    { "field", IN_KEY, TEXT, 0, NULL },
    { "many", IN_KEY, TEXT, 0, NULL },

    { "status", IN_PREDICATE, ONE_OR_MORE, 0, NULL },
    { "path", IN_PREDICATE, TEXT, 0, NULL },
    { "is", IN_PREDICATE, ONE_OR_MORE, 0, NULL },
    { "has", IN_PREDICATE, ONE_OR_MORE, 0, NULL },
    { "set", IN_PREDICATE, TRUTH, 0, NULL },
    { "text", IN_PREDICATE, TEXT, 0, NULL },
    { "not", IN_PREDICATE, PREDICATE, 0, NULL },
};

static const char *const built_in[] = { "fqdn", "value", "ttl", "zone", "rel", "guess", "page", "item", "id", "reply",
    "status", "list", "sel", "old", "was", "doc", "entry", "n", "now", "now_ms", "httpdate", "isodate", "nonce", "uuid",
    "method", "url", "host", "path", "querytext", "body", "sig", "jwt" };

/* Variables of a message (notify/message.h). */
static const char *const of_messages[] = { "title", "message", "severity", "event", "host", "problems", "recovered",
    "more_problems", "more_recovered", "time", "alarm" };

struct check {
    enum description_kind kind;
    struct view text;
    const char *name;
    struct list path;
    struct list known; /* variables that the description makes */
    struct error *err;
};

/* ---- where ---- */

static void down(struct check *check, const char *name)
{
    list_add(&check->path, name);
}

static void down_at(struct check *check, size_t index)
{
    char digits[24];

    (void)snprintf(digits, sizeof digits, "%zu", index);
    list_add(&check->path, digits);
}

static bool up(struct check *check, bool result)
{
    if (result) /* else the path is told */
        list_remove(&check->path, check->path.len - 1);
    return result;
}

static bool fail(struct check *check, const char *format, ...) PRINTF(2, 3);
static bool fail(struct check *check, const char *format, ...)
{
    AUTO(free) char *path = list_join(&check->path, ".");
    unsigned line = 1, column = 1;
    char why[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(why, sizeof why, format, args);
    va_end(args);
    if (!place_find(check->text, &check->path, &line, &column))
        line = column = 1;
    return error_set(check->err, ERROR_CONFIG, "%s, line %u, column %u (%s): %s", check->name, line, column,
        path[0] != '\0' ? path : "top", why);
}

/* ---- leaves ---- */

static bool is_known(void *arg, struct view name)
{
    const struct check *check = arg;
    AUTO(free) char *text = view_dup(name);

    for (size_t i = 0; i < COUNT(built_in); i++)
        if (strcmp(text, built_in[i]) == 0)
            return true;
    for (size_t i = 0; check->kind == DESCRIBES_FORM && i < COUNT(of_messages); i++)
        if (strcmp(text, of_messages[i]) == 0)
            return true;
    return text_starts(text, "hdr_") || list_has(&check->known, text);
}

static bool check_template(struct check *check, const struct value *value)
{
    struct error why = { 0 };

    if (value_text(value) == NULL)
        return fail(check, "this must be a text");
    return template_check(value_text(value), is_known, check, &why) || fail(check, "%s", why.why);
}

static bool check_request(struct check *check, const struct value *value)
{
    static const char *const methods[] = { "GET ", "POST ", "PUT ", "PATCH ", "DELETE " };

    if (value->type != VALUE_TEXT)
        return fail(check, "this must be a text");
    for (size_t i = 0; i < COUNT(methods); i++)
        if (text_starts(value->text, methods[i]))
            return check_template(check, value);
    return fail(check, "this must be a method (GET, POST, PUT, PATCH, DELETE), a blank and an address");
}

static bool check_word(struct check *check, const struct value *value, const char *words)
{
    struct view rest = view_of(words), word = { 0 };

    while (value->type == VALUE_TEXT && view_cut(&rest, '|', &word))
        if (view_is(word, value->text))
            return true;
    return fail(check, "this must be one of %s", words);
}

/* Each text below is a template; names of members, too. */
static bool check_body(struct check *check, const struct value *value)
{
    struct error why = { 0 };

    if (value->type == VALUE_TEXT)
        return check_template(check, value);
    for (size_t i = 0; i < value->len; i++) {
        if (value->type == VALUE_OBJECT) {
            down(check, value->at[i].key);
            if (!template_check(value->at[i].key, is_known, check, &why))
                return fail(check, "%s", why.why);
        } else {
            down_at(check, i);
        }
        TRY(up(check, check_body(check, &value->at[i])));
    }
    return true;
}

static bool check_members(
    struct check *check, const struct value *value, bool (*each)(struct check *, const struct value *))
{
    if (value->type != VALUE_OBJECT)
        return fail(check, "this must be an object");
    for (size_t i = 0; i < value->len; i++) {
        down(check, value->at[i].key);
        TRY(up(check, each(check, &value->at[i])));
    }
    return true;
}

static bool check_elements(
    struct check *check, const struct value *value, bool (*each)(struct check *, const struct value *))
{
    if (value->type != VALUE_LIST)
        return fail(check, "this must be a list");
    for (size_t i = 0; i < value->len; i++) {
        down_at(check, i);
        TRY(up(check, each(check, &value->at[i])));
    }
    return true;
}

static bool check_text(struct check *check, const struct value *value)
{
    return value->type == VALUE_TEXT || fail(check, "this must be a text");
}

static bool check_texts(struct check *check, const struct value *value)
{
    return check_elements(check, value, check_text);
}

static bool check_scalar(struct check *check, const struct value *value)
{
    return value_text(value) != NULL || fail(check, "this must be a text or a number");
}

static bool check_template_or_list(struct check *check, const struct value *value)
{
    return value->type == VALUE_LIST ? check_elements(check, value, check_template) : check_template(check, value);
}

static bool check_number(struct check *check, const struct value *value)
{
    int64_t number;

    return (value->type == VALUE_NUMBER && value_number(value, &number) && number >= 0 && number <= 1000000) ||
           fail(check, "this must be a number from 0 to 1000000");
}

static bool check_truth(struct check *check, const struct value *value)
{
    return value->type == VALUE_TRUE || value->type == VALUE_FALSE || fail(check, "this must be true or false");
}

/* ---- objects ---- */

static bool check_object(struct check *check, const struct value *value, unsigned in);

static bool check_key(struct check *check, const struct value *value)
{
    return check_object(check, value, IN_KEY);
}

static bool check_predicate(struct check *check, const struct value *value)
{
    return value->type == VALUE_LIST ? check_elements(check, value, check_predicate)
                                     : check_object(check, value, IN_PREDICATE);
}

/* One alternative: key and template. */
static bool check_choice(struct check *check, const struct value *value)
{
    if (value->type != VALUE_LIST || value->len != 2)
        return fail(check, "this must be a list of a key and a template");
    return check_elements(check, value, check_template);
}

static bool check_choices(struct check *check, const struct value *value)
{
    return check_elements(check, value, check_choice);
}

static bool check_map(struct check *check, const struct value *value)
{
    if (value->type != VALUE_OBJECT || value_member_text(value, "from") == NULL)
        return fail(check, "this must be an object with 'from', the name of a variable");
    return check_members(check, value, check_template);
}

static bool check_root(struct check *check, const struct value *value)
{
    if (value->type != VALUE_OBJECT || value->len != 1)
        return fail(check, "this must be an object of one member, the root element");
    return check_body(check, value);
}

static bool check_many(struct check *check, const struct value *value, unsigned in)
{
    if (value->type != VALUE_LIST)
        return check_object(check, value, in);
    for (size_t i = 0; i < value->len; i++) {
        down_at(check, i);
        TRY(up(check, check_object(check, &value->at[i], in)));
    }
    return true;
}

static bool check_member(struct check *check, const struct value *value, const struct row *row)
{
    switch (row->kind) {
    case TEXT:
        return check_text(check, value);
    case TEMPLATE:
        return check_template(check, value);
    case NUMBER:
        return check_number(check, value);
    case TRUTH:
        return check_truth(check, value);
    case TEXTS:
        return check_elements(check, value, check_text);
    case REQUEST:
        return check_request(check, value);
    case WORD:
        return check_word(check, value, row->words);
    case PATHS_OF:
        return check_members(check, value, check_text);
    case TEMPLATES:
        return check_members(check, value, check_template);
    case FIELDS:
        return value->type == VALUE_OBJECT ? check_body(check, value) : fail(check, "this must be an object");
    case BODY:
        return check_body(check, value);
    case ROOT:
        return check_root(check, value);
    case WHERE:
        return check_members(check, value, check_template_or_list);
    case PREDICATE:
        return check_predicate(check, value);
    case ONE_OR_MORE:
        return value->type == VALUE_LIST ? check_elements(check, value, check_scalar) : check_scalar(check, value);
    case KEYS:
        return check_members(check, value, check_key);
    case NEED:
        return check_elements(check, value, check_texts);
    case PICK:
        return check_members(check, value, check_choices);
    case MAP:
        return check_members(check, value, check_map);
    case ONE:
        return check_object(check, value, row->object);
    case MANY:
        return check_many(check, value, row->object);
    }
    return false;
}

static const struct row *find_row(const char *key, unsigned in)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        if ((rows[i].in & in) != 0 && strcmp(rows[i].key, key) == 0)
            return &rows[i];
    return NULL;
}

/* What needs something else beside it. */
static bool check_whole(struct check *check, const struct value *value, unsigned in)
{
    static const char *const bodies[] = { "json", "form", "xml", "text" };
    size_t count = 0;

    for (size_t i = 0; i < COUNT(bodies) && (in & ANY_STEP) != 0; i++)
        count += value_member(value, bodies[i]) != NULL;
    if (count > 1)
        return fail(check, "a step has one body: one of json, form, xml and text");
    if (in == IN_EDIT && (value_member(value, "read") == NULL || value_member(value, "entry") == NULL ||
                             value_member(value, "write") == NULL))
        return fail(check, "'edit' needs 'read', 'entry' and 'write'");
    if (in == IN_EDIT && value_member(value, "blind") != NULL && value_truth(value_member(value, "whole")))
        return fail(check, "'blind' is for sets of one name: all others of the zone would be lost");
    if (in == IN_ZONE && value_member(value, "do") == NULL && value_member(value, "fixed") == NULL &&
        value_member(value, "of") == NULL)
        return fail(check, "'zone' needs 'do', 'of' or 'fixed'");
    if (in == IN_POLL && (value_member(value, "do") == NULL || value_member(value, "until") == NULL))
        return fail(check, "'poll' needs 'do' and 'until'");
    if (in == IN_HINT && (value_member(value, "when") == NULL || value_member(value, "next") == NULL))
        return fail(check, "a hint needs 'when' and 'next'");
    if (in == IN_SIGN && value_member(value, "alg") == NULL)
        return fail(check, "'sign' needs 'alg'");
    return true;
}

static bool check_object(struct check *check, const struct value *value, unsigned in)
{
    if (value->type != VALUE_OBJECT)
        return fail(check, "this must be an object");
    for (size_t i = 0; i < value->len; i++) {
        const struct value *member = &value->at[i];
        const struct row *row = find_row(member->key, in);

        if (member->key[0] == '#')
            continue;
        down(check, member->key);
        if (row == NULL)
            return fail(check, "there is no '%s' here", member->key);
        TRY(up(check, check_member(check, member, row)));
    }
    return check_whole(check, value, in);
}

/* ---- all of it ---- */

static void collect_names(const struct value *object, struct list *known)
{
    for (size_t i = 0; object->type == VALUE_OBJECT && i < object->len; i++)
        list_add(known, object->at[i].key);
}

/* Names of all variables that are made anywhere. */
static void collect(const struct value *value, struct list *known)
{
    static const char *const makers[] = { "keys", "get", "let", "set", "pick", "map" };

    for (size_t i = 0; i < value->len; i++) {
        const struct value *member = &value->at[i];

        for (size_t j = 0; j < COUNT(makers) && member->key != NULL; j++)
            if (strcmp(member->key, makers[j]) == 0)
                collect_names(member, known);
        if (member->key != NULL && (strcmp(member->key, "to") == 0 || strcmp(member->key, "many") == 0) &&
            member->type == VALUE_TEXT)
            list_add(known, member->text);
        collect(member, known);
    }
}

static bool name_is_good(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= 40 && name[0] != '-' && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static bool check_top(struct check *check, const struct value *top)
{
    static const char *const needed[] = { "name", "title", "ttl", "wait" };
    bool edits = value_member(top, "edit") != NULL;

    for (size_t i = 0; i < COUNT(needed); i++)
        if (value_member(top, needed[i]) == NULL)
            return fail(check, "'%s' is missing", needed[i]);
    if (!name_is_good(value_member_text(top, "name")))
        return fail(check, "the name must be of lower case letters, digits and dashes, at most 40");
    if (edits == (value_member(top, "add") != NULL && value_member(top, "del") != NULL))
        return fail(check, "either 'edit' or both 'add' and 'del' must be there");
    if (edits && value_member(top, "zone") == NULL && value_truth(value_walk(top, "edit.whole")))
        return fail(check, "'edit' of whole zones needs 'zone'");
    return true;
}

static bool check_form(struct check *check, const struct value *top)
{
    static const char *const needed[] = { "name", "title", "keys", "limit", "send" };

    for (size_t i = 0; i < COUNT(needed); i++)
        if (value_member(top, needed[i]) == NULL)
            return fail(check, "'%s' is missing", needed[i]);
    if (!name_is_good(value_member_text(top, "name")))
        return fail(check, "the name must be of lower case letters, digits and dashes, at most 40");
    return value_walk(top, "send.do") != NULL || fail(check, "'send' needs 'do'");
}

bool schema_check(
    enum description_kind kind, const struct value *description, struct view text, const char *name, struct error *err)
{
    AUTO(list_clear) struct list known = { 0 }, path = { 0 };
    struct check check = { .kind = kind, .text = text, .name = name, .err = err };
    bool result;

    collect(description, &known);
    check.known = known;
    result = kind == DESCRIBES_FORM ? check_object(&check, description, IN_FORM) && check_form(&check, description)
                                    : check_object(&check, description, IN_TOP) && check_top(&check, description);
    path = check.path;
    return result;
}
