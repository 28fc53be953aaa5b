#include "disk/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "disk/remove.h"

struct view issued_part(const struct issued *issued, enum kind kind)
{
    switch (kind) {
    case KIND_CERT:
        return issued->cert;
    case KIND_PRIVKEY:
        return issued->privkey;
    case KIND_CHAIN:
        return issued->chain;
    case KIND_FULLCHAIN:
        return issued->fullchain;
    case KIND_COUNT:
        break;
    }
    return view_of("");
}

/* ---- directories ---- */

bool layout_is_taken(const char *path)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };
    struct stat st;

    if (lstat(path, &st) != 0)
        return errno != ENOENT;
    return !S_ISDIR(st.st_mode) || !file_list_dir(path, &names, &err) || names.len > 0;
}

const char *layout_taken(const struct lineage *lineage)
{
    if (layout_is_taken(lineage->archive_dir))
        return lineage->archive_dir;
    return layout_is_taken(lineage->live_dir) ? lineage->live_dir : NULL;
}

bool layout_make_dir(const char *path, mode_t mode, struct undo *undo, struct error *err)
{
    if (mkdir(path, mode) == 0) {
        undo_add(undo, path);
        return true;
    }
    return (errno == EEXIST && !layout_is_taken(path)) || file_error(err, "create the directory", path);
}

/* ---- README ---- */

#define CERTBOTS_README "This directory contains your keys and certificates." /* how it begins */

static const char readme_text[] =
    "%scert.pem       the certificate alone\n"
    "%schain.pem      the certificates of the issuers, for servers that want them apart\n"
    "%sfullchain.pem  certificate and issuers, in the order in which most servers want them\n"
    "%sprivkey.pem    the private key; whoever can read it can pose as this server\n"
    "\n"
    "Let your servers read the files by these paths: they lead to the newest version after each renewal.\n"
    "Please do not move, rename or replace them. Renewal fails when they are not where it left them; to be\n"
    "rid of a certificate, use the command `delete`, and to have it under another name, obtain one with\n"
    "--cert-name.\n";

bool layout_write_readme(const char *dir, const char *prefix, struct undo *undo, struct error *err)
{
    AUTO(free) char *path = file_join(dir, "README");
    AUTO(free) char *text = xprintf(readme_text, prefix, prefix, prefix, prefix);

    if (file_exists(path))
        return true;
    if (!file_create(path, view_of(text), FILE_PUBLIC, err))
        return err->sys == EEXIST; /* another thread was first */
    if (undo != NULL)
        undo_add(undo, path);
    return true;
}

bool layout_remove_readme(const char *dir, struct error *err)
{
    AUTO(free) char *path = file_join(dir, "README"), *own = xprintf(readme_text, "", "", "", "");
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    struct error unreadable = { 0 };

    if (file_is_link(path) || !file_read(path, &text, &unreadable))
        return true;
    if (strcmp(buf_text(&text), own) != 0 && !text_starts(buf_text(&text), CERTBOTS_README))
        return true;
    return file_remove(path, err);
}
