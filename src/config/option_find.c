#include "config/option_find.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define NEAR 3 /* edits between a name and the one that the user may have meant */

size_t option_count(void)
{
    size_t count = 0;

    while (options[count].names[0] != NULL)
        count++;
    return count;
}

const struct option *option_find(const char *long_name)
{
    for (const struct option *option = options; option->names[0] != NULL; option++) {
        for (size_t i = 0; i < COUNT(option->names) && option->names[i] != NULL; i++) {
            if (strcmp(option->names[i], long_name) == 0)
                return option;
        }
    }
    return NULL;
}

const struct option *option_find_short(char letter)
{
    for (const struct option *option = options; option->names[0] != NULL; option++) {
        if (letter != '\0' && option->shorts != NULL && strchr(option->shorts, letter) != NULL)
            return option;
    }
    return NULL;
}

bool option_takes_value(const struct option *option)
{
    return option->value != NULL;
}

bool option_is_list(const struct option *option)
{
    return option->type == OPTION_LIST || option->type == OPTION_REPEAT || option->type == OPTION_PLUGIN;
}

const struct option *option_resolve(struct view name, struct error *err)
{
    AUTO(buf_clear) struct buf all = BUF(4096);
    AUTO(free) char *prefix = view_dup(name);
    const struct option *exact = option_find(prefix), *found = NULL, *certbots = NULL;
    size_t count = 0, certbots_count = 0;

    if (exact != NULL || name.len == 0)
        return exact;
    for (const struct option *option = options; option->names[0] != NULL; option++) {
        for (size_t i = 0; i < COUNT(option->names) && option->names[i] != NULL; i++) {
            if (!text_starts(option->names[i], prefix))
                continue;
            buf_putf(&all, "%s--%s", count++ > 0 ? ", " : "", option->names[i]);
            found = option;
            if (!option->ours) {
                certbots = option;
                certbots_count++;
            }
        }
    }
    if (count == 1 || count == 0)
        return found;
    if (certbots_count == 1) /* an option of ours must not make a prefix ambiguous that Certbot takes */
        return certbots;
    (void)error_set(err, ERROR_USAGE, "ambiguous option: --%s could match %s", prefix, buf_text(&all));
    return NULL;
}

const char *option_suggest(struct view name)
{
    AUTO(free) char *text = view_dup(name);
    const char *best = NULL;
    size_t best_distance = NEAR + 1;

    for (char *at = text; *at != '\0'; at++) {
        if (*at == '_')
            *at = '-';
    }
    if (strlen(text) < 2 * NEAR)
        best_distance = 2; /* of a short name everything is near */
    for (const struct option *option = options; option->names[0] != NULL; option++) {
        for (size_t i = 0; i < COUNT(option->names) && option->names[i] != NULL; i++) {
            size_t distance = text_distance(option->names[i], text);

            if (distance < best_distance && option->topic != TOPIC_HIDDEN) {
                best = option->names[i];
                best_distance = distance;
            }
        }
    }
    return best;
}
