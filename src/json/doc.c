/*
 * JSON reading: jansson checks and splits the text, a tree of our own names each value.
 *
 * Knows where a value stands in its document, so that an error can say it; knows nothing of what documents
 * mean.
 */
#include "json/doc.h"

#include <jansson.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#define DEPTH_MAX 32
#define URL_MAX 2048
#define PATH_MAX_BYTES 256
#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* RFC 8259 section 8.1: a reader may pass over one */

/* A value of jansson's and its path. Children of one value lie side by side. */
struct node {
    const struct doc *doc;
    const struct node *parent; /* NULL for the root */
    const char *key;           /* inside an object, borrowed from jansson */
    json_t *value;
    struct node *children;
    size_t count;
};

struct doc {
    char *name;
    json_t *json;
    struct node root;
};

/* ---- memory: documents hold account keys and EAB answers, so whatever jansson gives back is wiped ---- */

union block {
    size_t size;
    max_align_t align;
};

static void *block_new(size_t size)
{
    union block *block;

    if (size > SIZE_MAX - sizeof *block || (block = malloc(sizeof *block + size)) == NULL)
        return NULL;
    block->size = size;
    return block + 1;
}

static void block_free(void *at)
{
    union block *block = at;

    if (block == NULL)
        return;
    block--;
    wipe(block, sizeof *block + block->size);
    free(block);
}

static void use_blocks(void)
{
    json_set_alloc_funcs(block_new, block_free);
}

/* ---- reading ---- */

/* jansson goes down 2048 levels by recursion; we stop long before. False when text nests deeper than
 * DEPTH_MAX. */
static bool depth_is_fine(struct view text)
{
    bool in_string = false;
    int depth = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];

        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > DEPTH_MAX)
                return false;
        } else if (c == ']' || c == '}') {
            depth--;
        }
    }
    return true;
}

/* Lays the tree over jansson's value. Goes down at most DEPTH_MAX levels. */
static void node_fill(struct node *node)
{
    struct node *child;
    const char *key = NULL;
    json_t *value = NULL;
    size_t index;

    node->count = json_is_object(node->value) ? json_object_size(node->value) : json_array_size(node->value);
    if (node->count == 0)
        return;
    child = node->children = xcalloc(node->count, sizeof *node->children);
    if (json_is_object(node->value)) {
        json_object_foreach(node->value, key, value) *child++ =
            (struct node){ .doc = node->doc, .parent = node, .key = key, .value = value };
    } else {
        json_array_foreach(node->value, index, value) *child++ =
            (struct node){ .doc = node->doc, .parent = node, .value = value };
    }
    for (size_t i = 0; i < node->count; i++)
        node_fill(&node->children[i]);
}

static void node_clear(struct node *node)
{
    for (size_t i = 0; i < node->count; i++)
        node_clear(&node->children[i]);
    free(node->children);
}

/* jansson's reason without the piece of text it ends in: that may be a secret. */
static bool fail_syntax(const char *name, const json_error_t *reason, struct error *err)
{
    const char *near = strstr(reason->text, " near '");
    int len = near == NULL ? (int)strlen(reason->text) : (int)(near - reason->text);

    return error_set(err, ERROR_CONFIG, "%s is not valid JSON: %.*s (line %d, column %d)", name, len, reason->text,
        reason->line, reason->column);
}

bool doc_read(struct view text, const char *name, struct doc **out, struct error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    AUTO(doc_free) struct doc *doc = xcalloc(1, sizeof *doc);
    json_error_t reason;

    (void)pthread_once(&once, use_blocks);
    if (text.len > DOC_MAX)
        return error_set(err, ERROR_CONFIG, "%s is larger than %d bytes", name, DOC_MAX);
    if (!depth_is_fine(text))
        return error_set(
            err, ERROR_CONFIG, "%s is not valid JSON for us: nested deeper than %d levels", name, DEPTH_MAX);
    if (view_starts(text, BYTE_ORDER_MARK))
        text = (struct view){ text.at + sizeof BYTE_ORDER_MARK - 1, text.len - (sizeof BYTE_ORDER_MARK - 1) };
    doc->json = json_loadb(text.len == 0 ? "" : text.at, text.len, JSON_DECODE_ANY, &reason);
    if (doc->json == NULL)
        return fail_syntax(name, &reason, err);
    doc->name = xstrdup(name);
    doc->root = (struct node){ .doc = doc, .value = doc->json };
    node_fill(&doc->root);
    *out = TAKE(doc);
    return true;
}

void doc_free(struct doc *doc)
{
    if (doc == NULL)
        return;
    node_clear(&doc->root);
    json_decref(doc->json);
    free(doc->name);
    free(doc);
}

const struct node *doc_root(const struct doc *doc)
{
    return &doc->root;
}

/* ---- looking ---- */

bool node_is_object(const struct node *node)
{
    return node != NULL && json_is_object(node->value);
}

bool node_is_array(const struct node *node)
{
    return node != NULL && json_is_array(node->value);
}

bool node_is_string(const struct node *node)
{
    return node != NULL && json_is_string(node->value);
}

const struct node *node_member(const struct node *node, const char *name)
{
    if (!node_is_object(node))
        return NULL;
    for (size_t i = 0; i < node->count; i++) {
        if (strcmp(node->children[i].key, name) == 0)
            return json_is_null(node->children[i].value) ? NULL : &node->children[i];
    }
    return NULL;
}

size_t node_count(const struct node *node)
{
    return node_is_array(node) ? node->count : 0;
}

const struct node *node_at(const struct node *node, size_t index)
{
    return index < node_count(node) ? &node->children[index] : NULL;
}

const char *node_text(const struct node *node)
{
    return node_is_string(node) ? json_string_value(node->value) : NULL;
}

bool node_is_true(const struct node *node)
{
    return node != NULL && json_is_true(node->value);
}

bool node_number(const struct node *node, int64_t *out)
{
    if (node == NULL || !json_is_integer(node->value))
        return false;
    *out = json_integer_value(node->value);
    return true;
}

bool node_whole_number(const struct node *node, int64_t *out)
{
    double number = node != NULL ? json_number_value(node->value) : 0;

    if (node == NULL || !json_is_number(node->value) || number < -9e15 || number > 9e15)
        return false;
    *out = (int64_t)number;
    return true;
}

static int put_part(const char *part, size_t len, void *to)
{
    buf_put(to, (struct view){ part, len });
    return 0;
}

void node_put(const struct node *node, struct buf *to)
{
    (void)json_dump_callback(node->value, put_part, to, JSON_COMPACT | JSON_ENCODE_ANY);
}

bool node_each(const struct node *object, size_t index, const char **name, const struct node **value)
{
    if (!node_is_object(object) || index >= object->count)
        return false;
    *name = object->children[index].key;
    *value = &object->children[index];
    return true;
}

/* ---- getting, with a reason when it cannot be ---- */

/* Writes the way to a node: "identifiers[1].value"; "" for the root. */
static void put_path(struct buf *path, const struct node *node)
{
    if (node == NULL || node->parent == NULL)
        return;
    put_path(path, node->parent);
    if (node->key == NULL)
        buf_putf(path, "[%zu]", (size_t)(node - node->parent->children));
    else
        buf_putf(path, "%s%s", path->len > 0 ? "." : "", node->key);
}

/* Fails for the member `name` of a node, or for the node itself when name is NULL. */
static bool fail_at(struct error *err, const struct node *node, const char *name, const char *reason)
{
    AUTO(buf_clear) struct buf path = BUF(PATH_MAX_BYTES);
    const char *document = node == NULL ? "document" : node->doc->name;

    put_path(&path, node);
    if (name != NULL)
        buf_putf(&path, "%s%s", path.len > 0 ? "." : "", name);
    if (path.len == 0)
        return error_set(err, ERROR_CONFIG, "%s: the document %s", document, reason);
    return error_set(err, ERROR_CONFIG, "%s: member '%s' %s", document, buf_text(&path), reason);
}

/* Finds a member that may be absent (*out NULL then); the object itself has to be one. */
static bool find_member(const struct node *object, const char *name, const struct node **out, struct error *err)
{
    if (!node_is_object(object))
        return fail_at(err, object, NULL, "is not an object");
    *out = node_member(object, name);
    return true;
}

bool node_get_text_or_null(const struct node *object, const char *name, char **out, struct error *err)
{
    const struct node *member = NULL;

    TRY(find_member(object, name, &member, err));
    if (member != NULL && !node_is_string(member))
        return fail_at(err, member, NULL, "is not a string");
    *out = xstrdup_or_null(node_text(member));
    return true;
}

bool node_get_text(const struct node *object, const char *name, char **out, struct error *err)
{
    AUTO(free) char *text = NULL;

    TRY(node_get_text_or_null(object, name, &text, err));
    if (text == NULL)
        return fail_at(err, object, name, "is missing");
    *out = TAKE(text);
    return true;
}

/* Collects an array of strings, each passing check when there is one. */
static bool get_list(const struct node *object, const char *name, bool needed,
    bool (*check)(const struct node *, struct error *), struct list *out, struct error *err)
{
    AUTO(list_clear) struct list list = { 0 };
    const struct node *member = NULL;

    TRY(find_member(object, name, &member, err));
    if (member == NULL && needed)
        return fail_at(err, object, name, "is missing");
    if (member != NULL && !node_is_array(member))
        return fail_at(err, member, NULL, "is not an array");
    for (size_t i = 0; i < node_count(member); i++) {
        const struct node *element = node_at(member, i);

        if (!node_is_string(element))
            return fail_at(err, element, NULL, "is not a string");
        if (check != NULL)
            TRY(check(element, err));
        list_add(&list, node_text(element));
    }
    *out = list;
    list = (struct list){ 0 };
    return true;
}

bool node_get_texts_or_none(const struct node *object, const char *name, struct list *out, struct error *err)
{
    return get_list(object, name, false, NULL, out, err);
}

bool node_get_bool_or(const struct node *object, const char *name, bool otherwise, bool *out, struct error *err)
{
    const struct node *member = NULL;

    TRY(find_member(object, name, &member, err));
    if (member != NULL && !json_is_boolean(member->value))
        return fail_at(err, member, NULL, "is not true or false");
    *out = member == NULL ? otherwise : node_is_true(member);
    return true;
}

bool node_get_time_or_zero(const struct node *object, const char *name, int64_t *out, struct error *err)
{
    const struct node *member = NULL;
    int64_t at = 0;

    TRY(find_member(object, name, &member, err));
    if (member != NULL && !node_is_string(member))
        return fail_at(err, member, NULL, "is not a string");
    if (member != NULL && !clock_parse_rfc3339(view_of(node_text(member)), &at))
        return fail_at(err, member, NULL, "is not a date and time as in RFC 3339");
    *out = at;
    return true;
}

bool node_get_choice(
    const struct node *object, const char *name, const char *const *choices, int *out, struct error *err)
{
    AUTO(free) char *text = NULL;
    AUTO(free) char *shown = NULL;
    AUTO(free) char *reason = NULL;

    TRY(node_get_text(object, name, &text, err));
    for (int i = 0; choices[i] != NULL; i++) {
        if (strcmp(text, choices[i]) == 0) {
            *out = i;
            return true;
        }
    }
    shown = text_printable_dup(view_of(text), 80, false);
    reason = xprintf("has an unknown value, '%s'", shown);
    return fail_at(err, object, name, reason);
}

/* RFC 3986: visible ASCII only, http or https, a host, and nothing before it that could pass for the host. What is
 * wrong with it; NULL when nothing is. */
static const char *url_fault(const char *url)
{
    const char *host;
    size_t len = strlen(url);

    if (len > URL_MAX)
        return "is a URL of more than 2048 bytes";
    if (strncmp(url, "https://", 8) == 0)
        host = url + 8;
    else if (strncmp(url, "http://", 7) == 0)
        host = url + 7;
    else
        return "is not an https URL";
    for (size_t i = 0; i < len; i++) {
        if (url[i] <= 0x20 || url[i] >= 0x7f || strchr("\\\"<>^`{|}", url[i]) != NULL)
            return "is not a valid URL";
    }
    len = strcspn(host, "/?#");
    return len == 0 || host[0] == ':' || memchr(host, '@', len) != NULL ? "is not a URL with a plain host" : NULL;
}

static bool url_check(const struct node *node, struct error *err)
{
    const char *fault = url_fault(node_text(node));

    return fault == NULL || fail_at(err, node, NULL, fault);
}

const char *node_url(const struct node *node)
{
    const char *url = node_text(node);

    return url != NULL && url_fault(url) == NULL ? url : NULL;
}

bool node_get_url_or_null(const struct node *object, const char *name, char **out, struct error *err)
{
    AUTO(free) char *url = NULL;

    TRY(node_get_text_or_null(object, name, &url, err));
    if (url != NULL)
        TRY(url_check(node_member(object, name), err));
    *out = TAKE(url);
    return true;
}

bool node_get_url(const struct node *object, const char *name, char **out, struct error *err)
{
    AUTO(free) char *url = NULL;

    TRY(node_get_url_or_null(object, name, &url, err));
    if (url == NULL)
        return fail_at(err, object, name, "is missing");
    *out = TAKE(url);
    return true;
}

bool node_get_urls(const struct node *object, const char *name, struct list *out, struct error *err)
{
    return get_list(object, name, true, url_check, out, err);
}
