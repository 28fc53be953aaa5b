#include "apache/enhance.h"

#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "webconf/apache_edit.h"

/* ---- redirect ---- */

#define TARGET "https://%{SERVER_NAME}%{REQUEST_URI}"
#define FLAGS "[END,NE,R=permanent]"

static bool is_flags_of_certbot(const char *flags)
{
    static const char *const old[] = { "[L,QSA,R=permanent]", "[END,QSA,R=permanent]", "[L,NE,R=permanent]", FLAGS };

    for (size_t i = 0; i < COUNT(old); i++)
        if (strcmp(flags, old[i]) == 0)
            return true;
    return false;
}

static bool is_our_rule(const struct apache_node *node)
{
    return apache_node_is(node, "RewriteRule") && strcmp(apache_node_word(node, 1), "^") == 0 &&
           strcmp(apache_node_word(node, 2), TARGET) == 0 && is_flags_of_certbot(apache_node_word(node, 3));
}

/* "=www.example.com", "=[::1]", or a pattern of one label for a wildcard. Of the caller's. */
static char *condition_of(const char *name)
{
    AUTO(buf_clear) struct buf out = BUF(4096);

    if (!text_starts(name, "*."))
        return xprintf(strchr(name, ':') != NULL ? "=[%s]" : "=%s", name);
    buf_put_text(&out, "^[^.]+");
    for (const char *at = name + 1; *at != '\0'; at++) {
        if (*at == '.')
            buf_put_char(&out, '\\');
        buf_put_char(&out, *at);
    }
    buf_put_char(&out, '$');
    return buf_take(&out);
}

/* Conditions of rules that are there: "" for one that redirects whatever the name is. */
static void find_conditions(const struct apache_edit *edit, struct list *out)
{
    AUTO(list_clear) struct list conditions = { 0 };

    for (const struct apache_node *node = apache_edit_next(edit, NULL); node != NULL;
         node = apache_edit_next(edit, node)) {
        if (node->parent != edit->vhost)
            continue;
        if (apache_node_is(node, "RewriteCond")) {
            list_add(&conditions,
                strcmp(apache_node_word(node, 1), "%{SERVER_NAME}") == 0 ? apache_node_word(node, 2) : "?");
        } else if (apache_node_is(node, "RewriteRule")) {
            if (is_our_rule(node) && conditions.len == 0)
                list_add(out, "");
            else if (is_our_rule(node))
                list_add_all(out, &conditions);
            list_clear(&conditions);
        }
    }
}

static void update_flags(struct apache_edit *edit)
{
    for (const struct apache_node *rule = apache_edit_find(edit, NULL, "RewriteRule"); rule != NULL;
         rule = apache_edit_find(edit, rule, "RewriteRule"))
        if (is_our_rule(rule))
            apache_edit_word(edit, rule, 3, FLAGS);
}

/* "RewriteCond %{SERVER_NAME} =NAME [OR]" and its like; then the rule. */
static void make_lines(const struct list *conditions, struct list *lines)
{
    for (size_t i = 0; i < conditions->len; i++) {
        AUTO(free)
        char *line =
            xprintf("RewriteCond %%{SERVER_NAME} %s%s", conditions->at[i], i + 1 < conditions->len ? " [OR]" : "");

        list_add(lines, line);
    }
    list_add(lines, "RewriteRule ^ " TARGET " " FLAGS);
}

static void wanted_conditions(const struct list *names, const struct list *there, struct list *out)
{
    for (size_t i = 0; i < names->len && !list_has(there, ""); i++) {
        AUTO(free) char *condition = condition_of(names->at[i]);

        if (!list_has(there, condition) && !list_has(out, condition))
            list_add(out, condition);
    }
}

static const struct apache_node *first_rewriting(const struct apache_edit *edit)
{
    for (const struct apache_node *node = edit->vhost->child; node != NULL; node = node->next)
        if (apache_node_is(node, "RewriteCond") || apache_node_is(node, "RewriteRule"))
            return node;
    return NULL;
}

static bool engine_is_on(const struct apache_edit *edit)
{
    bool on = false;

    for (const struct apache_node *node = edit->vhost->child; node != NULL; node = node->next)
        if (apache_node_is(node, "RewriteEngine"))
            on = strcasecmp(apache_node_word(node, 1), "on") == 0;
    return on;
}

/* Without an engine that is on, rules that are there were never meant to work: the engine is turned on behind them. */
void apache_redirect(struct apache_edit *edit, const struct list *names)
{
    AUTO(list_clear) struct list there = { 0 }, conditions = { 0 }, lines = { 0 };
    const struct apache_node *before = engine_is_on(edit) ? first_rewriting(edit) : NULL;

    find_conditions(edit, &there);
    update_flags(edit);
    wanted_conditions(names, &there, &conditions);
    if (conditions.len == 0)
        return;
    if (!engine_is_on(edit))
        list_add(&lines, "RewriteEngine on");
    make_lines(&conditions, &lines);
    for (size_t i = 0; i < lines.len; i++) {
        if (before != NULL)
            apache_edit_before(edit, before, lines.at[i]);
        else
            apache_edit_append(edit, lines.at[i]);
    }
}

void apache_redirect_host_put(const struct apache_redirect_host *host, struct buf *out)
{
    AUTO(list_clear) struct list conditions = { 0 }, lines = { 0 }, none = { 0 };

    buf_put_text(out, "<VirtualHost");
    for (size_t i = 0; i < host->addresses->len; i++)
        buf_putf(out, " %s", host->addresses->at[i]);
    buf_put_text(out, ">\n");
    for (size_t i = 0; i < host->names->len; i++)
        buf_putf(out, "    %s %s\n", i == 0 && !text_starts(host->names->at[i], "*") ? "ServerName" : "ServerAlias",
            host->names->at[i]);
    wanted_conditions(host->names, &none, &conditions);
    buf_put_text(out, "    ServerSignature Off\n\n    RewriteEngine on\n");
    make_lines(&conditions, &lines);
    for (size_t i = 0; i < lines.len; i++)
        buf_putf(out, "    %s\n", lines.at[i]);
    buf_putf(out, "\n    ErrorLog %s/redirect.error.log\n    LogLevel warn\n</VirtualHost>\n", host->log_dir);
}

/* ---- headers ---- */

const struct apache_header apache_header_hsts = { "Strict-Transport-Security", "max-age=31536000", false, NULL };
const struct apache_header apache_header_uir = { "Content-Security-Policy", "upgrade-insecure-requests", true,
    "upgrade-insecure-requests" };
const struct apache_header apache_security_headers[APACHE_SECURITY_HEADERS] = {
    { "Strict-Transport-Security", "max-age=31536000; includeSubDomains", false, NULL },
    { "X-Content-Type-Options", "nosniff", false, NULL },
    { "X-Frame-Options", "DENY", false, NULL },
    { "X-XSS-Protection", "1; mode=block", false, NULL },
    { "Referrer-Policy", "strict-origin-when-cross-origin", false, NULL },
};

bool apache_is_header(const struct apache_node *node, const char *word)
{
    if (!apache_node_is(node, "Header"))
        return false;
    for (size_t i = 1; i < node->word_count; i++)
        if (strcasestr(apache_node_word(node, i), word) != NULL)
            return true;
    return false;
}

static bool has_header(const struct apache_edit *edit, const char *word)
{
    for (const struct apache_node *node = apache_edit_find(edit, NULL, "Header"); node != NULL;
         node = apache_edit_find(edit, node, "Header"))
        if (apache_is_header(node, word))
            return true;
    return false;
}

void apache_header_put(struct apache_edit *edit, const struct apache_header *header, bool has)
{
    AUTO(buf_clear) struct buf line = BUF(4096);
    bool other = has || has_header(edit, header->name);

    if (has_header(edit, header->word != NULL ? header->word : header->name) || (other && !header->joins))
        return;
    buf_putf(&line, "Header always %s %s ", other ? "add" : "set", header->name);
    if (strcmp(header->name, "Strict-Transport-Security") == 0) /* in quotes, as Certbot writes it and looks for it */
        buf_putf(&line, "\"%s\"", header->value);
    else
        apache_put_word(&line, view_of(header->value));
    apache_edit_append(edit, buf_text(&line));
}

void apache_staple(struct apache_edit *edit)
{
    const struct apache_node *node = apache_edit_find(edit, NULL, "SSLUseStapling");

    if (node == NULL)
        apache_edit_append(edit, "SSLUseStapling on");
    else if (strcasecmp(apache_node_word(node, 1), "on") != 0 && node->word_count > 1)
        apache_edit_word(edit, node, 1, "on");
}

void apache_put_for_ssl(struct view text, const struct list *lines, struct buf *out)
{
    AUTO(patch_clear) struct patch patch = { 0 };
    AUTO(free) char *joined = list_join(lines, "\n    ");
    AUTO(free) char *block = xprintf("<IfModule mod_ssl.c>\n    %s\n</IfModule>", joined);

    apache_append(&patch, text, NULL, block);
    patch_apply(&patch, text, out);
}

/* ---- --auto-hsts ---- */

#define MARK "# DO NOT REMOVE - Managed by Certbot, VirtualHost id: "

static const struct apache_node *mark_of(const struct apache_node *vhost)
{
    for (const struct apache_node *node = vhost->child; node != NULL; node = node->next)
        if (node->kind == APACHE_COMMENT && text_starts(apache_node_word(node, 0), MARK))
            return node;
    return NULL;
}

char *auto_hsts_id(const struct apache_node *vhost)
{
    const struct apache_node *mark = mark_of(vhost);

    return mark == NULL ? xstrdup("") : view_dup(view_trim(view_of(apache_node_word(mark, 0) + strlen(MARK))));
}

void auto_hsts_begin(struct apache_edit *edit, const char *id, int max_age)
{
    AUTO(free) char *mark = xprintf(MARK "%s", id);
    AUTO(free) char *line = xprintf("Header always set Strict-Transport-Security \"max-age=%d\"", max_age);

    if (mark_of(edit->vhost) == NULL)
        apache_edit_append(edit, mark);
    apache_edit_append(edit, line);
}

bool auto_hsts_set(struct apache_edit *edit, int max_age)
{
    AUTO(free) char *value = xprintf("max-age=%d", max_age);

    for (const struct apache_node *node = apache_edit_find(edit, NULL, "Header"); node != NULL;
         node = apache_edit_find(edit, node, "Header")) {
        size_t last = node->word_count - 1;

        if (!apache_is_header(node, "Strict-Transport-Security") ||
            !text_starts(apache_node_word(node, last), "max-age="))
            continue;
        if (strcmp(node->words[last].text, value) != 0) {
            AUTO(free) char *quoted = xprintf("\"%s\"", value);

            patch_replace(&edit->patch, node->words[last].start, node->words[last].end - node->words[last].start,
                view_of(quoted));
        }
        return true;
    }
    return false;
}

void auto_hsts_end(struct apache_edit *edit)
{
    const struct apache_node *mark = mark_of(edit->vhost);

    if (mark != NULL)
        apache_edit_remove(edit, mark);
}
