#include "webconf/apache_facts.h"

#include "base/mem.h"
#include "base/text.h"

#define ENTRIES_MAX 65536 /* of each list */

/* Cuts a prefix off; false when the line begins otherwise. */
static bool cut_prefix(struct view *line, const char *prefix)
{
    size_t len = strlen(prefix);

    if (!view_starts(*line, prefix))
        return false;
    line->at += len;
    line->len -= len;
    return true;
}

/* The text in the first pair of double quotes. */
static struct view in_quotes(struct view line)
{
    struct view rest = line, before, text = { "", 0 };

    if (view_cut(&rest, '"', &before) && rest.at != NULL)
        (void)view_cut(&rest, '"', &text);
    return text;
}

static void set(char **to, struct view text)
{
    if (text.len == 0)
        return;
    free(*to);
    *to = view_dup(text);
}

static void add(struct list *to, struct view text)
{
    if (to->len < ENTRIES_MAX && text.len > 0)
        list_add_view(to, text);
}

static bool read_settings(struct apache_facts *facts, struct view line)
{
    if (cut_prefix(&line, "ServerRoot: "))
        set(&facts->server_root, in_quotes(line));
    else if (cut_prefix(&line, "Main ErrorLog: "))
        set(&facts->error_log, in_quotes(line));
    else if (cut_prefix(&line, "PidFile: "))
        set(&facts->pid_file, in_quotes(line));
    else if (cut_prefix(&line, "User: "))
        set(&facts->user, in_quotes(line));
    else if (cut_prefix(&line, "Group: "))
        set(&facts->group, in_quotes(line));
    else if (cut_prefix(&line, "Define: "))
        add(&facts->defines, line);
    else
        return false;
    return true;
}

/* " ssl_module (shared)" */
static bool read_module(struct apache_facts *facts, struct view line)
{
    struct view name;

    if (!cut_prefix(&line, " ") || view_starts(line, " ") || !view_cut(&line, ' ', &name) || line.at == NULL ||
        !view_starts(line, "("))
        return false;
    add(&facts->modules, name);
    if (view_starts(line, "(static)"))
        add(&facts->built_in, name);
    return true;
}

/* "Server version: Apache/2.4.62 (Debian)" */
static bool read_version(struct apache_facts *facts, struct view line)
{
    struct view product, part, number_text;
    unsigned version[3] = { 0, 0, 0 };
    uint64_t number;

    if (!cut_prefix(&line, "Server version: "))
        return false;
    line = view_trim(line);
    if (!view_cut(&line, '/', &product) || line.at == NULL || !view_cut(&line, ' ', &number_text))
        return true;
    for (size_t i = 0; i < COUNT(version) && view_cut(&number_text, '.', &part); i++)
        if (view_to_number(part, 0, 99999, &number))
            version[i] = (unsigned)number;
    memcpy(facts->version, version, sizeof version);
    return true;
}

bool apache_facts_read(struct apache_facts *facts, struct view output)
{
    struct view line;
    bool any = false;

    while (view_cut(&output, '\n', &line)) {
        if (line.len > 0 && line.at[line.len - 1] == '\r')
            line.len--;
        if (read_settings(facts, line) || read_module(facts, line) || read_version(facts, line))
            any = true;
    }
    return any;
}

/* ---- envvars ---- */

static const char *environment_value(const struct apache_facts *facts, struct view name)
{
    for (size_t i = 0; i < facts->environment.len; i++) {
        const char *entry = facts->environment.at[i];

        if (strncmp(entry, name.at, name.len) == 0 && entry[name.len] == '=')
            return entry + name.len + 1;
    }
    return NULL;
}

static bool is_name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '_';
}

/* Reads $NAME or ${NAME} at the beginning of *text and puts its value, empty when it has none. */
static bool put_variable(const struct apache_facts *facts, struct view *text, struct buf *out)
{
    bool braces = text->len > 1 && text->at[1] == '{';
    size_t start = braces ? 2 : 1, end = start;
    const char *value;

    while (end < text->len && is_name_byte(text->at[end]))
        end++;
    if (end == start || (braces && (end == text->len || text->at[end] != '}')))
        return false;
    value = environment_value(facts, (struct view){ text->at + start, end - start });
    if (value != NULL)
        buf_put_text(out, value);
    end += braces;
    text->at += end;
    text->len -= end;
    return true;
}

/* A value of a shell variable, without its quotes; false when that would take a shell. */
static bool read_value(const struct apache_facts *facts, struct view text, struct buf *out)
{
    char quote = '\0';

    while (text.len > 0) {
        char byte = text.at[0];

        if (byte == '$' && quote != '\'') {
            TRY(put_variable(facts, &text, out));
            continue;
        }
        if (quote == '\0' && (byte == ' ' || byte == '\t' || byte == '#'))
            return true;
        if (quote != '\'' && strchr("`\\", byte) != NULL)
            return false;
        if (quote == '\0' && strchr(";&|<>()*?[~", byte) != NULL)
            return false;
        if (byte == quote)
            quote = '\0';
        else if (quote == '\0' && (byte == '"' || byte == '\''))
            quote = byte;
        else
            buf_put_char(out, byte);
        text.at++;
        text.len--;
    }
    return quote == '\0' && !out->failed;
}

void apache_facts_read_environment(struct apache_facts *facts, struct view script)
{
    struct view line, name;

    while (view_cut(&script, '\n', &line)) {
        AUTO(buf_clear) struct buf entry = BUF(4096);
        size_t i = 0;

        line = view_trim(line);
        if (cut_prefix(&line, "export "))
            line = view_trim(line);
        if (!view_cut(&line, '=', &name) || line.at == NULL || name.len == 0)
            continue;
        while (i < name.len && is_name_byte(name.at[i]))
            i++;
        if (i < name.len || environment_value(facts, name) != NULL)
            continue;
        buf_put(&entry, name);
        buf_put_char(&entry, '=');
        if (read_value(facts, line, &entry))
            add(&facts->environment, buf_view(&entry));
    }
}

/* ---- modules ---- */

/* Those whose source file is not "mod_X.c" for "X_module". */
static const char *const sources[][2] = {
    { "core.c", "core_module" },
    { "http_core.c", "http_module" },
    { "event.c", "mpm_event_module" },
    { "worker.c", "mpm_worker_module" },
    { "prefork.c", "mpm_prefork_module" },
    { "util_ldap.c", "ldap_module" },
    { "sapi_apache2.c", "php_module" },
    { "mod_evasive.c", "evasive20_module" },
};

char *apache_module_identifier(const char *name)
{
    size_t len = strlen(name);
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; i < COUNT(sources); i++)
        if (strcmp(name, sources[i][0]) == 0)
            return xstrdup(sources[i][1]);
    if (dot == NULL || len < 5 || strncmp(name, "mod_", 4) != 0)
        return xstrdup(name);
    return xprintf("%.*s_module", (int)(dot - name - 4), name + 4);
}

bool apache_facts_has_module(const struct apache_facts *facts, const char *name)
{
    AUTO(free) char *identifier = apache_module_identifier(name);

    return list_has(&facts->modules, identifier);
}

void apache_facts_clear(struct apache_facts *facts)
{
    free(facts->server_root);
    free(facts->pid_file);
    free(facts->error_log);
    free(facts->user);
    free(facts->group);
    list_clear(&facts->defines);
    list_clear(&facts->modules);
    list_clear(&facts->built_in);
    list_clear(&facts->environment);
    *facts = (struct apache_facts){ 0 };
}
