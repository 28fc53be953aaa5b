#include "base/program.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/mem.h"

#define SYSTEM_PATH "/usr/sbin:/usr/local/bin:/usr/local/sbin"

static bool is_executable(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

char *program_find(const char *name, const char *directories)
{
    struct view rest = view_of(directories), dir;

    if (strchr(name, '/') != NULL)
        return is_executable(name) ? xstrdup(name) : NULL;
    while (view_cut(&rest, ':', &dir)) {
        AUTO(free) char *prefix = view_dup(dir.len > 0 ? dir : view_of("."));
        AUTO(free) char *path = file_join(prefix, name);

        if (is_executable(path))
            return TAKE(path);
    }
    return NULL;
}

char *program_directories(void)
{
    struct view rest = view_of(SYSTEM_PATH), dir;
    AUTO(buf_clear) struct buf path = BUF(SIZE_MAX);

    buf_put(&path, view_of(getenv("PATH")));
    while (view_cut(&rest, ':', &dir)) {
        AUTO(free) char *wanted = xprintf(":%.*s:", (int)dir.len, dir.at);
        AUTO(free) char *all = xprintf(":%s:", buf_text(&path));

        if (strstr(all, wanted) == NULL)
            buf_putf(&path, "%s%.*s", path.len > 0 ? ":" : "", (int)dir.len, dir.at);
    }
    return buf_take(&path);
}

/* ---- this program ---- */

static const char *called;

void program_is_called(const char *name)
{
    called = name;
}

char *program_of_call(const char *name, const char *directories)
{
    AUTO(free) char *path = name == NULL || name[0] == '\0' ? NULL : program_find(name, directories);

    return path == NULL ? NULL : realpath(path, NULL);
}

char *program_self(void)
{
    static const char *const links[] = { "/proc/self/exe" /* Linux */, "/proc/curproc/file" /* FreeBSD */,
        "/proc/curproc/exe" /* NetBSD */ };
    AUTO(free) char *directories = program_directories();

    for (size_t i = 0; i < COUNT(links); i++) {
        struct error unknown = { 0 };
        char *path = NULL;

        if (file_read_link(links[i], &path, &unknown))
            return path;
    }
    return program_of_call(called, directories);
}
