/*
 * Names in archive/NAME, of both layouts: by them alone it is decided what is live, superseded, or to be removed. So
 * each is of one kind at most, and what is taken for ours is what we would have written.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "disk/certbot_versions.h"
#include "disk/version_dir.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_id(struct view id)
{
    if (id.len < sizeof "20261122T052357Z-" || memchr(id.at, '/', id.len) != NULL ||
        memchr(id.at, '.', id.len) != NULL || !version_id_is(id))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(free) char *name = xstrndup((const char *)data, size);
    bool is_id = version_id_is(view_of(name)), is_leftover = version_is_leftover(name), is_next, is_file;
    struct version_file file = { 0 };
    struct view id = { 0 };

    is_next = version_is_next(name, &id);
    is_file = version_parse(name, &file);
    if (is_id + is_leftover + is_next + is_file + version_has_file(name) > 1)
        abort();
    if (is_id)
        check_id(view_of(name));
    if (is_next) {
        AUTO(free) char *again = xprintf("%.*s.next", (int)id.len, id.at);

        check_id(id);
        if (strcmp(again, name) != 0)
            abort();
    } else if (id.at != NULL) {
        abort(); /* changed without success */
    }
    if (is_leftover && (name[0] != '.' || !(text_ends(name, ".new") || text_ends(name, ".gone"))))
        abort();
    if (is_file) {
        AUTO(free) char *again = version_path("", file.kind, file.version);

        if (file.version == 0 || strcmp(again, name) != 0)
            abort();
    }
    return 0;
}
