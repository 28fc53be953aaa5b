#include "webconf/apache_include.h"

#include <fnmatch.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#define DIRECTORIES_MAX 20 /* below each other, httpd's own bound */
#define PARTS_MAX 64       /* of a path with patterns */

/* Whether httpd takes it for a pattern. */
static bool is_pattern(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '*' || *text == '?')
            return true;
        if (*text == '\\' && *++text == '\0')
            return false;
        if (*text == '[' && strchr(text + 1, ']') != NULL)
            return true;
    }
    return false;
}

struct include { /* one that is being looked for */
    const char *path;
    bool optional;
    struct list *files;
    size_t dirs; /* that were listed */
};

static bool add_file(struct list *files, const char *path, struct error *err)
{
    if (files->len == APACHE_INCLUDE_FILES_MAX)
        return error_set(err, ERROR_PLUGIN, "more than %d files are included at one place", APACHE_INCLUDE_FILES_MAX);
    list_add(files, path);
    return true;
}

/* A pattern in each part of a path may mean all of a file system. */
static bool list_dir(struct include *include, const char *dir, struct list *names, struct error *err)
{
    if (include->dirs++ == APACHE_INCLUDE_DIRS_MAX)
        return error_set(err, ERROR_PLUGIN, "more than %d directories would be looked through for %s",
            APACHE_INCLUDE_DIRS_MAX, include->path);
    return file_list_dir(dir, names, err);
}

/* A file, or all that is below a directory. optional: it need not be there. */
static bool add_path(struct include *include, const char *path, bool optional, unsigned depth, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    struct stat st;
    bool there = stat(path, &st) == 0;

    if (!there || !S_ISDIR(st.st_mode))
        return (optional && !there) || add_file(include->files, path, err);
    if (depth == DIRECTORIES_MAX)
        return error_set(err, ERROR_PLUGIN, "directories are nested too deeply: %s", path);
    TRY(list_dir(include, path, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *below = file_join(path, names.at[i]);

        TRY(add_path(include, below, false, depth + 1, err));
    }
    return true;
}

static bool add_matches(struct include *include, const char *dir, const char *rest, unsigned parts, struct error *err);

/* The names in dir that match, each with what follows. */
static bool add_pattern(
    struct include *include, const char *dir, const char *pattern, const char *rest, unsigned parts, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    bool any = false;

    TRY(list_dir(include, dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *below = NULL;

        if (fnmatch(pattern, names.at[i], FNM_PERIOD) != 0)
            continue;
        below = file_join(dir, names.at[i]);
        if (rest != NULL && !file_is_dir(below))
            continue;
        any = true;
        TRY(rest != NULL ? add_matches(include, below, rest, parts + 1, err) : add_path(include, below, false, 0, err));
    }
    return any || include->optional || error_set(err, ERROR_PLUGIN, "no file matches %s in %s", pattern, dir);
}

/* rest: the path below dir, patterns in it. */
static bool add_matches(struct include *include, const char *dir, const char *rest, unsigned parts, struct error *err)
{
    size_t len = strcspn(rest, "/");
    AUTO(free) char *part = xstrndup(rest, len);
    AUTO(free) char *below = NULL;
    const char *next = rest + len + strspn(rest + len, "/");

    if (parts == PARTS_MAX)
        return error_set(err, ERROR_PLUGIN, "a path has too many parts: %s", dir);
    if (is_pattern(part))
        return add_pattern(include, dir, part, *next != '\0' ? next : NULL, parts, err);
    below = file_join(dir, part);
    return *next != '\0' ? add_matches(include, below, next, parts + 1, err)
                         : add_path(include, below, include->optional, 0, err);
}

bool apache_include_files(const char *path, bool optional, struct list *files, struct error *err)
{
    struct include include = { .path = path, .optional = optional, .files = files };
    bool ok = is_pattern(path) ? add_matches(&include, "/", path + strspn(path, "/"), 0, err)
                               : add_path(&include, path, optional, 0, err);

    return ok || error_as(err, ERROR_PLUGIN);
}

bool apache_directory_files(const char *dir, const char *pattern, struct list *files, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(file_list_dir(dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = NULL;
        struct stat st;

        if (pattern != NULL && fnmatch(pattern, names.at[i], FNM_PERIOD) != 0)
            continue;
        path = file_join(dir, names.at[i]);
        if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
            TRY(add_file(files, path, err));
    }
    return true;
}

char *apache_absolute(const char *root, const char *path)
{
    AUTO(free) char *joined = NULL;

    if (path[0] == '/')
        return file_absolute(path);
    joined = file_join(root, path);
    return file_absolute(joined);
}
