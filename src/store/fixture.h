#pragma once
/*
 * What the tests of this room share: two certificates of one issuer for the same names, and a store in the
 * test's directory.
 * Included by test programs only, once each.
 */
#include <fcntl.h>

#include "base/acl.h"
#include "base/test.h"
#include "store/lineage_create.h"

__attribute__((unused)) static const char pem_a[] = "-----BEGIN CERTIFICATE-----\n"
                                                    "MIIBazCCARGgAwIBAgICGgEwCgYIKoZIzj0EAwIwEjEQMA4GA1UEAwwHVGVzdCBD\n"
                                                    "QTAgFw0yNjExMjIwMjQ0MDVaGA8yMTI2MTAyOTAyNDQwNVowADBZMBMGByqGSM49\n"
                                                    "AgEGCCqGSM49AwEHA0IABB929DdJEO0FcECs3xtHkByXzcRj/o15YdqekpFhptXa\n"
                                                    "fODtUhJOhqXKOHZwYmdyZlyKYN96yNBSeea2E3ODDbGjZzBlMCMGA1UdEQQcMBqC\n"
                                                    "CWEuZXhhbXBsZYINd3d3LmEuZXhhbXBsZTAfBgNVHSMEGDAWgBTRDuglh1+25ZqX\n"
                                                    "ikO83xL89elroTAdBgNVHQ4EFgQUJ4teR/3cgaBXcNP4o74KtCZla80wCgYIKoZI\n"
                                                    "zj0EAwIDSAAwRQIhAM4q1HmiumHIpQl3rRbvZ8u4XKEbGe/A6Lr4NRkdzJt3AiAw\n"
                                                    "iHaCA11n5QTSD0L5YKeqc1UsJCDJYo2ceZzRze8EAg==\n"
                                                    "-----END CERTIFICATE-----\n";
__attribute__((unused)) static const char key_a[] = "-----BEGIN PRIVATE KEY-----\n"
                                                    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgC5LyeeKS0E539E8e\n"
                                                    "NzzhMLxK8mIaqChOcnpOiQqcIZqhRANCAAQfdvQ3SRDtBXBArN8bR5Acl83EY/6N\n"
                                                    "eWHanpKRYabV2nzg7VISToalyjh2cGJncmZcimDfesjQUnnmthNzgw2x\n"
                                                    "-----END PRIVATE KEY-----\n";
__attribute__((unused)) static const char pem_b[] = "-----BEGIN CERTIFICATE-----\n"
                                                    "MIIBbDCCARGgAwIBAgICGgIwCgYIKoZIzj0EAwIwEjEQMA4GA1UEAwwHVGVzdCBD\n"
                                                    "QTAgFw0yNjExMjIwMjQ0MDVaGA8yMTI2MTAyOTAyNDQwNVowADBZMBMGByqGSM49\n"
                                                    "AgEGCCqGSM49AwEHA0IABPUat6fqQhLmxg5BEd5WJMY+faWDg5VYa2c6+w9ZVAN2\n"
                                                    "Bw9TPHuiY3kfWINU3Gr6l1q/Trlh0fv6SNQjLwHHvKujZzBlMCMGA1UdEQQcMBqC\n"
                                                    "CWEuZXhhbXBsZYINd3d3LmEuZXhhbXBsZTAfBgNVHSMEGDAWgBTRDuglh1+25ZqX\n"
                                                    "ikO83xL89elroTAdBgNVHQ4EFgQUrJ2bMScL7nXxg95ALS/46wlS054wCgYIKoZI\n"
                                                    "zj0EAwIDSQAwRgIhAPKKEyCKGOdnoApMO6AOjrTFtZ4XtYOWOXV5h5gUuGLTAiEA\n"
                                                    "/ot0oKaQLwrc5MpfY1uykzh41cMTJ3fO1vqFq+1FOoI=\n"
                                                    "-----END CERTIFICATE-----\n";
__attribute__((unused)) static const char key_b[] = "-----BEGIN PRIVATE KEY-----\n"
                                                    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgdEZXfnJdKGxcqbEh\n"
                                                    "UP8C7gd43dXdArUwhgK6cQkvuFWhRANCAAT1Gren6kIS5sYOQRHeViTGPn2lg4OV\n"
                                                    "WGtnOvsPWVQDdgcPUzx7omN5H1iDVNxq+pdav065YdH7+kjUIy8Bx7yr\n"
                                                    "-----END PRIVATE KEY-----\n";
__attribute__((unused)) static const char pem_ca[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBejCCASGgAwIBAgIUeS9ojbYlWiXr4nm7OKDEV3nzrZwwCgYIKoZIzj0EAwIw\n"
    "EjEQMA4GA1UEAwwHVGVzdCBDQTAgFw0yNjExMjIwMjQ0MDVaGA8yMTI2MTAyOTAy\n"
    "NDQwNVowEjEQMA4GA1UEAwwHVGVzdCBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEH\n"
    "A0IABKgpih9sg87gAvsfmr+DT5tt8leeq3Jr26ksKTTbbMmaWQaFkBc0VyBSUGmr\n"
    "brah1HDTIMhUKcKxB/mZDG5kTT6jUzBRMB8GA1UdIwQYMBaAFNEO6CWHX7blmpeK\n"
    "Q7zfEvz16WuhMA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0OBBYEFNEO6CWHX7blmpeK\n"
    "Q7zfEvz16WuhMAoGCCqGSM49BAMCA0cAMEQCIGilbK1uFxIwY44B4ILw0oJtjfWv\n"
    "b582Uf4b1Glg6cszAiBIH8pHUoCFdbD6DqzAE/+I40y0Ytum5qTiYtryAR5P/w==\n"
    "-----END CERTIFICATE-----\n";
__attribute__((unused)) static const char pem_other_ca[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBfTCCASOgAwIBAgIUG7Kl2ha+aw0wQvdD8ou9Rg9fIHEwCgYIKoZIzj0EAwIw\n"
    "EzERMA8GA1UEAwwIT3RoZXIgQ0EwIBcNMjYxMTIyMDI0NDA1WhgPMjEyNjEwMjkw\n"
    "MjQ0MDVaMBMxETAPBgNVBAMMCE90aGVyIENBMFkwEwYHKoZIzj0CAQYIKoZIzj0D\n"
    "AQcDQgAEqTeGP5N1B3ubWjTie0/MQkMjj6Td30h2zJakgdclWeBUzIl0pTQvJUEt\n"
    "TuX1lW8x90bzqIHi+hvtM+I9Nba7vKNTMFEwHQYDVR0OBBYEFEPBW51e1e1Jvk4w\n"
    "nmKNEEmaUzFwMB8GA1UdIwQYMBaAFEPBW51e1e1Jvk4wnmKNEEmaUzFwMA8GA1Ud\n"
    "EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgUyP2kiUUONCjFn0nXoI1YJDU\n"
    "lhezlzP/mKs7RyLkXL0CIQDjgsNfIqnDeV9GNyVJ2nbhtWoh4NUmFO7T9kvtKGwC\n"
    "Cg==\n"
    "-----END CERTIFICATE-----\n";

/* Serial numbers, as struct cert has them. */
#define SERIAL_A "1a01"
#define SERIAL_B "1a02"

/* What a CA would have issued: 'a' or 'b'. The texts live as long as the program. */
__attribute__((unused)) static struct issued issued_of(char which)
{
    static char fullchain[2][4096];
    bool a = which == 'a';
    const char *cert = a ? pem_a : pem_b;

    (void)snprintf(fullchain[a], sizeof fullchain[a], "%s%s", cert, pem_ca);
    return (struct issued){ .cert = view_of(cert),
        .chain = view_of(pem_ca),
        .fullchain = view_of(fullchain[a]),
        .privkey = view_of(a ? key_a : key_b) };
}

/* Settings whose directories lie in the test's directory, of the caller's. */
__attribute__((unused)) static struct settings *settings_here(void)
{
    struct settings *settings = settings_new(&voice_certbot); /* Certbot's layout */

    free(settings->config_dir);
    free(settings->work_dir);
    free(settings->logs_dir);
    settings->config_dir = test_path("conf");
    settings->work_dir = test_path("work");
    settings->logs_dir = test_path("logs");
    xreplace(&settings->authenticator, "standalone");
    SETTING_MARK(settings, authenticator, ORIGIN_COMMAND_LINE);
    return settings;
}

/* The same for a layout, with more than one version to be kept. */
__attribute__((unused)) static struct settings *settings_of(const char *layout)
{
    struct settings *settings = settings_here();

    xreplace(&settings->store_layout, layout);
    SETTING_MARK(settings, store_layout, ORIGIN_COMMAND_LINE);
    settings->history_keep = 3;
    return settings;
}

#define OVER_LAYOUTS(layout)                                                                                           \
    for (const char *const *layout = (const char *const[]){ "certbot", "versioned", NULL }; *layout != NULL; layout++)

__attribute__((unused)) static struct store *store_here(const struct settings *settings)
{
    struct error err = { 0 };
    struct store *store = NULL;

    if (!store_open(settings, STORE_CREATE, &store, &err))
        fail_msg("store_open: %s", err.why);
    return store;
}

/* Makes lineage NAME with certificate 'a' and frees it. */
__attribute__((unused)) static void make_lineage(struct store *store, const struct settings *settings, const char *name)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct issued issued = issued_of('a');
    struct error err = { 0 };

    if (!lineage_create(store, name, &issued, settings, &lineage, &err))
        fail_msg("lineage_create %s: %s: %s", name, err.what, err.why);
}

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
