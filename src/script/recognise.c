#include "script/recognise.h"

#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#define WORDS 4

/* What a script of a protocol cannot do without, and where these words are no rare ones, its client's name. */
static const struct {
    const char *name;
    const char *words[WORDS]; /* in lines that are no comments */
    const char *says;         /* anywhere, in upper or lower case; NULL: no need */
} kinds[SCRIPT_KINDS] = {
    [SCRIPT_ACME_SH] = { "acme.sh", { NULL }, NULL },
    [SCRIPT_DEHYDRATED] = { "dehydrated", { "deploy_challenge", "clean_challenge" }, NULL },
    [SCRIPT_LEGO] = { "lego", { "present", "cleanup" }, "lego" },
    [SCRIPT_UACME] = { "uacme", { "begin", "failed", "dns-01" }, "uacme" },
    [SCRIPT_CERTBOT] = { "certbot", { "CERTBOT_VALIDATION" }, NULL },
};

const char *script_kind_name(enum script_kind kind)
{
    return kinds[kind].name;
}

bool script_kind_find(const char *name, enum script_kind *out)
{
    for (size_t i = 0; i < SCRIPT_KINDS; i++)
        if (text_equal(kinds[i].name, name)) {
            *out = (enum script_kind)i;
            return true;
        }
    return false;
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool line_has_word(struct view line, const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; i + len <= line.len; i++)
        if (memcmp(line.at + i, word, len) == 0 && (i == 0 || !is_word_byte(line.at[i - 1])) &&
            (i + len == line.len || !is_word_byte(line.at[i + len])))
            return true;
    return false;
}

static bool has_word(struct view text, const char *word)
{
    struct view line;

    while (view_cut(&text, '\n', &line)) {
        line = view_trim(line);
        if (!view_starts(line, "#") && line_has_word(line, word))
            return true;
    }
    return false;
}

static bool says(struct view text, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i + len <= text.len; i++)
        if (strncasecmp(text.at + i, name, len) == 0)
            return true;
    return false;
}

static bool looks_like(struct view text, size_t kind)
{
    for (size_t i = 0; i < WORDS && kinds[kind].words[i] != NULL; i++)
        if (!has_word(text, kinds[kind].words[i]))
            return false;
    return kinds[kind].words[0] != NULL && (kinds[kind].says == NULL || says(text, kinds[kind].says));
}

/* "NAME()" or "function NAME": how a shell's function begins. */
static bool defines(struct view text, const char *name)
{
    struct view line;

    while (view_cut(&text, '\n', &line)) {
        line = view_trim(line);
        if (view_starts(line, "function "))
            line = view_trim((struct view){ line.at + strlen("function "), line.len - strlen("function ") });
        if (!view_starts(line, name))
            continue;
        line = view_trim((struct view){ line.at + strlen(name), line.len - strlen(name) });
        if (view_starts(line, "(") || view_starts(line, "{"))
            return true;
    }
    return false;
}

char *script_acme_name(const char *path, struct view text)
{
    const char *base = file_basename(path);
    AUTO(free) char *name = NULL, *function = NULL;

    if (!text_starts(base, "dns_") || !text_ends(base, ".sh"))
        return NULL;
    name = xstrndup(base, strlen(base) - strlen(".sh"));
    for (const char *at = name; *at != '\0'; at++)
        if (!is_word_byte(*at))
            return NULL;
    function = xprintf("%s_add", name);
    return defines(text, function) ? TAKE(name) : NULL;
}

bool script_recognise(const char *path, struct view text, enum script_kind *out)
{
    AUTO(free) char *acme = NULL;
    size_t found = SCRIPT_KINDS;

    if (view_has(text, '\0'))
        return false;
    acme = script_acme_name(path, text);
    if (acme != NULL) {
        *out = SCRIPT_ACME_SH;
        return true;
    }
    for (size_t i = 0; i < SCRIPT_KINDS; i++) {
        if (!looks_like(text, i))
            continue;
        if (found != SCRIPT_KINDS)
            return false;
        found = i;
    }
    if (found == SCRIPT_KINDS)
        return false;
    *out = (enum script_kind)found;
    return true;
}
