#pragma once
/*
 * For tests that work with files: paths below a configuration directory in the test's directory, and what is there.
 * Included by test programs only, once each.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/acl.h"
#include "base/test.h"

/* A path below the configuration directory, in one of a few buffers that take turns. */
__attribute__((unused)) PRINTF(1, 2) static const char *at(const char *format, ...)
{
    static char paths[8][4096];
    static unsigned turn;
    char *to = paths[turn++ % COUNT(paths)], below[2048];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(below, sizeof below, format, args);
    va_end(args);
    (void)snprintf(to, sizeof paths[0], "%.1024s/conf/%s", test_dir(), below);
    return to;
}

/* Whether the test's directory is on a file system with access control lists; says so when it is not. */
__attribute__((unused)) static bool has_lists(void)
{
    AUTO(close) int fd = open(test_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct error err = { 0 };

    if (acl_close_new(fd, "test", &err) && acl_open_new(fd, "test", &err))
        return true;
    (void)fprintf(stderr, "skipped: no access control lists here\n");
    return false;
}

__attribute__((unused)) static mode_t mode_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? st.st_mode & 07777 : (mode_t)-1;
}

/* The text of a link, "" when it is none; valid until the next call. */
__attribute__((unused)) static const char *link_text(const char *path)
{
    static char text[4096];
    ssize_t len = readlink(path, text, sizeof text - 1);

    text[len > 0 ? len : 0] = '\0';
    return text;
}

__attribute__((unused)) static void write_text(const char *path, const char *text)
{
    struct error err = { 0 };

    if (!file_replace(path, view_of(text), FILE_PUBLIC, &err))
        fail_msg("%s", err.why);
}

/* The content of a file, of the caller's; NULL when it cannot be read. */
__attribute__((unused)) static char *read_text(const char *path)
{
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    struct error err = { 0 };

    return file_read(path, &text, &err) ? buf_take(&text) : NULL;
}

/* The names in a directory with blanks between them, of the caller's. */
__attribute__((unused)) static char *names_in(const char *path)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    if (!file_list_dir(path, &names, &err))
        fail_msg("%s", err.why);
    return list_join(&names, " ");
}
