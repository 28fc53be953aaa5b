#include "webconf/apache_read.h"

#include <regex.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"

struct condition {
    const char *word;
    bool negated;
};

/* "!word", or "!" and the word behind it; a '!' in quotes is a part of the word. */
static struct condition read_condition(const struct apache_item *item)
{
    struct condition condition = { apache_item_word(item, 1), false };

    if (condition.word[0] != '!' || item->words[1].quoted)
        return condition;
    condition.negated = true;
    if (*++condition.word == '\0')
        condition.word = apache_item_word(item, 2);
    return condition;
}

static bool module_is_loaded(struct apache_conf *conf, const struct condition *condition)
{
    AUTO(free) char *identifier = apache_module_identifier(condition->word);

    return known_has(&conf->state->modules, view_of(identifier));
}

static bool is_defined(struct apache_conf *conf, const struct condition *condition)
{
    return known_has(&conf->state->variables, view_of(condition->word));
}

static bool file_is_there(struct apache_conf *conf, const struct condition *condition)
{
    AUTO(free) char *path = apache_conf_path(conf, condition->word);

    return file_exists(path);
}

static bool always(struct apache_conf *conf, const struct condition *condition)
{
    (void)conf;
    (void)condition;
    return true;
}

/* ---- IfVersion [[!]operator] version ---- */

static bool matches(const unsigned *version, const char *pattern, size_t len)
{
    AUTO(free) char *text = xprintf("%u.%u.%u", version[0], version[1], version[2]);
    AUTO(free) char *expression = xstrndup(pattern, len);
    regex_t regex;
    bool found;

    if (regcomp(&regex, expression, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    found = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return found;
}

/* Less than 0, 0 or more: ours against the other one, of which missing parts are 0. */
static int compare(const unsigned *version, const char *other)
{
    struct view rest = view_of(other), part;
    uint64_t number;

    for (size_t i = 0; i < 3; i++) {
        number = 0;
        if (view_cut(&rest, '.', &part) && !view_to_number(part, 0, UINT32_MAX, &number))
            number = 0;
        if (version[i] != number)
            return version[i] < number ? -1 : 1;
    }
    return 0;
}

static bool version_holds(const unsigned *version, const char *operator, const char * other)
{
    size_t len = strlen(other);
    int order;

    if (operator[0] == '~')
        return matches(version, other, len);
    if (len > 1 && other[0] == '/' && other[len - 1] == '/')
        return matches(version, other + 1, len - 2);
    order = compare(version, other);
    switch (operator[0]) {
    case '<':
        return order < 0 || (order == 0 && operator[1] == '=');
    case '>':
        return order > 0 || (order == 0 && operator[1] == '=');
    default:
        return order == 0;
    }
}

static bool version_is(struct apache_conf *conf, const struct apache_item *item)
{
    const char *first = apache_item_word(item, 1), *second = apache_item_word(item, 2);
    const unsigned *version = conf->state->source.facts->version;
    bool negated = first[0] == '!';

    if (second[0] == '\0')
        return version_holds(version, "=", first);
    return version_holds(version, first + negated, second) != negated;
}

/* ---- all of them ---- */

static const struct {
    const char *name;
    bool (*holds)(struct apache_conf *conf, const struct condition *condition);
} conditions[] = {
    { "IfModule", module_is_loaded },
    { "IfDefine", is_defined },
    { "IfFile", file_is_there },
    { "IfDirective", always },
    { "IfSection", always },
};

bool apache_condition_holds(struct apache_conf *conf, const struct apache_item *item, bool *holds)
{
    struct condition condition = read_condition(item);

    if (apache_item_is(item, "IfVersion")) {
        *holds = version_is(conf, item);
        return true;
    }
    for (size_t i = 0; i < COUNT(conditions); i++)
        if (apache_item_is(item, conditions[i].name)) {
            *holds = conditions[i].holds(conf, &condition) != condition.negated;
            return true;
        }
    return false;
}
