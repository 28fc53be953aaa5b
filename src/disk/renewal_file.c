#include "disk/renewal_file.h"

#include "base/file.h"

bool renewal_file_read(const char *path, struct conf **out, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(CONF_MAX);

    TRY(file_read(path, &text, err));
    return conf_read(buf_view(&text), path, out, err);
}

char *renewal_file_path(const struct conf *conf, const char *key)
{
    const char *path = conf_get(conf, "", key);

    return path == NULL || path[0] == '\0' ? NULL : file_absolute(path);
}
