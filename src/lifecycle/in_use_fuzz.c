/*
 * Configurations of servers. The first line is the path that is looked for; the lines found are those that a slow and
 * simple search finds.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "lifecycle/in_use.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_named(struct view line, struct view path)
{
    static const char more[] = "-._0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    for (size_t at = 0; at + path.len <= line.len; at++)
        if (memcmp(line.at + at, path.at, path.len) == 0 &&
            (at + path.len == line.len || memchr(more, line.at[at + path.len], sizeof more - 1) == NULL))
            return true;
    return false;
}

static bool is_comment(struct view line)
{
    line = view_trim(line);
    return line.len > 0 &&
           (line.at[0] == '#' || line.at[0] == ';' || (line.at[0] == '/' && line.len > 1 && line.at[1] == '/'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view text = { (const char *)data, size }, first, line;
    AUTO(free) char *path = NULL;
    struct in_use_lines lines = { 0 };
    bool more;

    if (size == 0 || !view_cut(&text, '\n', &first) || memchr(first.at, '\0', first.len) != NULL || first.len == 0)
        return 0;
    path = view_dup(first);
    lines.rest = text;
    more = in_use_next(&lines, (const char *const[]){ path, NULL });
    for (size_t number = 1; view_cut(&text, '\n', &line); number++) {
        bool wanted = is_named(line, first) && !is_comment(line);

        if (wanted != (more && lines.number == number))
            abort();
        if (wanted)
            more = in_use_next(&lines, (const char *const[]){ NULL, path });
    }
    if (more)
        abort();
    return 0;
}
