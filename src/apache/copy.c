#include "apache/copy.h"

#include <ctype.h>
#include <regex.h>
#include <strings.h>

#include "apache/edit.h"
#include "apache/model.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

char *apache_copy_path(const char *real, const char *dir, const char *extension)
{
    AUTO(free) char *path = dir != NULL ? file_join(dir, file_basename(real)) : xstrdup(real);

    if (text_ends(path, ".conf"))
        path[strlen(path) - strlen(".conf")] = '\0';
    return xprintf("%s%s", path, extension);
}

/* ---- addresses ---- */

/* An address with that port. What is no address to us (a variable) keeps what stands in front of its port. */
static char *with_port(const char *text, int port)
{
    AUTO(buf_clear) struct buf out = BUF(4096);
    struct apache_address address;

    if (apache_address_read(text, false, &address)) {
        apache_address_put(&address, port, &out);
        free(address.host);
    } else {
        const char *colon = strrchr(text, ':');

        buf_putf(&out, "%.*s:%d", (int)(colon != NULL ? (size_t)(colon - text) : strlen(text)), text, port);
    }
    return buf_take(&out);
}

static void change_addresses(struct apache_edit *edit, int port)
{
    const struct apache_node *vhost = edit->vhost;
    AUTO(list_clear) struct list seen = { 0 };

    for (size_t i = 1; i < vhost->word_count; i++) {
        AUTO(free) char *address = with_port(vhost->words[i].text, port);

        if (list_has(&seen, address)) { /* *:80 *:8080 */
            size_t start = vhost->words[i - 1].end;

            patch_replace(&edit->patch, start, vhost->words[i].end - start, view_of(""));
            continue;
        }
        list_add(&seen, address);
        apache_edit_word(edit, vhost, i, address);
    }
}

void apache_leave_addresses(struct apache_edit *edit, int port, int other_port)
{
    const struct apache_node *vhost = edit->vhost;

    for (size_t i = 1; i < vhost->word_count; i++) {
        struct apache_address address;
        size_t start = vhost->words[i - 1].end;

        if (!apache_address_read(vhost->words[i].text, false, &address))
            continue;
        if (address.port == port || address.port == other_port)
            patch_replace(&edit->patch, start, vhost->words[i].end - start, view_of(""));
        free(address.host);
    }
}

/* ---- what is not copied ---- */

static bool has_flag(const char *flags, char flag)
{
    struct view rest = view_of(flags), word;

    if (rest.len >= 2 && rest.at[0] == '[')
        rest = (struct view){ rest.at + 1, rest.len - 2 };
    while (view_cut(&rest, ',', &word)) {
        word = view_trim(word);
        if (word.len == 1 && (word.at[0] | 0x20) == flag)
            return true;
    }
    return false;
}

static bool leads_to_https(const char *target)
{
    return strncasecmp(target, "https://", 8) == 0;
}

static void put_remark(struct apache_edit *edit, const struct apache_node *before)
{
    apache_edit_before(edit, before, "# Rules that lead from http to https are comments here: this host speaks TLS,");
    apache_edit_before(edit, before, "# and they would lead to where the client is already.");
}

/* The rule goes, and the conditions in front of it, which are its own. */
static bool drop_rewrites(struct apache_edit *edit)
{
    bool any = false;

    for (const struct apache_node *rule = apache_edit_find(edit, NULL, "RewriteRule"), *from = NULL; rule != NULL;
         from = rule, rule = apache_edit_find(edit, rule, "RewriteRule")) {
        const struct apache_node *cond;

        if (!leads_to_https(apache_node_word(rule, 2)) || has_flag(apache_node_word(rule, 3), 'p'))
            continue;
        cond = apache_edit_find(edit, from, "RewriteCond");
        if (!any)
            put_remark(edit, cond != NULL && cond->start < rule->start ? cond : rule);
        any = true;
        for (; cond != NULL && cond->start < rule->start; cond = apache_edit_find(edit, cond, "RewriteCond"))
            apache_edit_comment_out(edit, cond);
        apache_edit_comment_out(edit, rule);
    }
    return any;
}

/* The target of Redirect, RedirectMatch and their like; NULL when it is none of them. *from: what is redirected. */
static const char *redirect_target(const struct apache_node *node, const char **from, bool *is_pattern)
{
    bool match = apache_node_is(node, "RedirectMatch"), plain = apache_node_is(node, "Redirect");
    bool other = apache_node_is(node, "RedirectPermanent") || apache_node_is(node, "RedirectTemp");
    size_t last = node->word_count - 1;

    *is_pattern = match;
    if ((!match && !plain && !other) || last < 1)
        return NULL;
    *from = last >= 2 ? apache_node_word(node, last - 1) : "/"; /* in a <Location>: all of it */
    return apache_node_word(node, last);
}

/* Whether the pattern of a RedirectMatch may match the path that it leads to. What only PCRE knows is not decided. */
static bool may_match(const char *pattern, const char *path)
{
    regex_t regex;
    bool match;

    for (const char *at = pattern; *at != '\0'; at++)
        if (*at == '\\' && isalnum((unsigned char)at[1]))
            return true;
    if (strchr(path, '$') != NULL || regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return true;
    match = regexec(&regex, path, 0, NULL, 0) == 0;
    regfree(&regex);
    return match;
}

/* Whether it leads to a place from where it would lead on again: at a name of the host's, and behind where it begins.
 */
static bool leads_to_itself(const struct apache_node *node, const struct list *names)
{
    const char *from, *target, *host, *path;
    AUTO(free) char *own = NULL, *name = NULL;
    bool pattern;

    target = redirect_target(node, &from, &pattern);
    if (target == NULL || !leads_to_https(target))
        return false;
    host = target + 8;
    path = host + strcspn(host, "/?#$");
    own = xstrndup(host, (size_t)(path - host));
    name = apache_name_of(own);
    if (strchr(own, '%') == NULL && !list_has(names, name)) /* %{HTTP_HOST} is its own name */
        return false;
    path = *path == '\0' ? "/" : path;
    return pattern ? may_match(from, path) : text_starts(path, from);
}

static bool drop_redirects(struct apache_edit *edit, const struct list *names)
{
    bool any = false;

    for (const struct apache_node *node = apache_edit_next(edit, NULL); node != NULL;
         node = apache_edit_next(edit, node)) {
        if (!leads_to_itself(node, names))
            continue;
        apache_edit_comment_out(edit, node);
        any = true;
    }
    return any;
}

static bool drop_once_in_server(struct apache_edit *edit)
{
    static const char *const names[] = { "WSGIDaemonProcess", "FastCgiServer", "FastCgiExternalServer" };
    bool any = false;

    for (const struct apache_node *node = apache_edit_next(edit, NULL); node != NULL;
         node = apache_edit_next(edit, node))
        for (size_t i = 0; i < COUNT(names); i++)
            if (apache_node_is(node, names[i])) {
                apache_edit_comment_out(edit, node);
                any = true;
            }
    return any;
}

/* ---- the copy ---- */

/* The line of a node, as it is, with that line end. */
static void put_lines(struct view text, size_t start, size_t end, const char *line_end, struct buf *out)
{
    buf_put(out, (struct view){ text.at + start, end - start });
    if (end == start || text.at[end - 1] != '\n')
        buf_put_text(out, line_end);
}

/* A section that holds or not as a whole, and so can have definitions: <IfDefine>, <IfModule> and their like. */
static bool is_condition(const struct apache_node *node)
{
    return node->kind == APACHE_SECTION && !node->raw && strncasecmp(apache_node_word(node, 0), "If", 2) == 0 &&
           strlen(apache_node_word(node, 0)) > 2;
}

static bool is_definition(const struct apache_node *node)
{
    return node->kind == APACHE_DIRECTIVE && apache_node_is(node, "Define");
}

static bool has_definitions(const struct apache_node *section)
{
    for (const struct apache_node *node = section->child; node != NULL; node = node->next)
        if (is_definition(node) || (is_condition(node) && has_definitions(node)))
            return true;
    return false;
}

/* Those of a series of nodes that stand in front of the host, within their conditions. */
static void put_definitions(
    const struct apache_edit *edit, const struct apache_node *node, const char *line_end, struct buf *out)
{
    for (; node != NULL && node->start < edit->vhost->start; node = node->next) {
        if (is_definition(node)) {
            put_lines(edit->text, node->begin, node->behind, line_end, out);
        } else if (is_condition(node) && has_definitions(node)) {
            put_lines(edit->text, node->begin, node->open, line_end, out);
            put_definitions(edit, node->child, line_end, out);
            put_lines(edit->text, node->close, node->behind, line_end, out);
        }
    }
}

static bool is_within_host(const struct apache_node *node)
{
    for (node = node->parent; node != NULL; node = node->parent)
        if (apache_node_is(node, "VirtualHost"))
            return true;
    return false;
}

/* Whether something stands in front of the host that can define what it uses, and that cannot be copied. */
static bool needs_original(const struct apache_edit *edit)
{
    static const char *const names[] = { "Include", "IncludeOptional", "Macro", "Use" };

    for (const struct apache_node *node = apache_tree_first(edit->tree);
         node != NULL && node->start < edit->vhost->start; node = apache_node_after(node))
        for (size_t i = 0; i < COUNT(names); i++)
            if (apache_node_is(node, names[i]) && !is_within_host(node))
                return true;
    return false;
}

bool apache_copy_text(struct view text, const char *name, size_t ordinal, const struct apache_copy *copy,
    struct apache_copied *copied, struct buf *out, struct error *err)
{
    AUTO(apache_edit_close) struct apache_edit edit = { 0 }, inner = { 0 };
    AUTO(buf_clear) struct buf host = BUF(APACHE_EDIT_MAX);
    const char *line_end;

    TRY(apache_edit_open(text, name, ordinal, &edit, err));
    line_end = text_line_end_at(text, edit.vhost->start);
    put_lines(text, edit.vhost->begin, edit.vhost->behind, line_end, &host);
    TRY(apache_edit_open(buf_view(&host), name, 0, &inner, err));
    change_addresses(&inner, copy->port);
    copied->rewrites = drop_rewrites(&inner);
    copied->redirects = drop_redirects(&inner, copy->names);
    copied->once_in_server = drop_once_in_server(&inner);
    copied->needs_original = needs_original(&edit);
    buf_putf(out, "<IfModule mod_ssl.c>%s", line_end);
    put_definitions(&edit, apache_tree_first(edit.tree), line_end, out);
    apache_edit_put(&inner, out);
    buf_putf(out, "</IfModule>%s", line_end);
    return !out->failed || error_set(err, ERROR_PLUGIN, "%s is too large to be copied", name);
}
