#include "backup/name.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "crypto/hash.h"

#define DATE_LEN 16 /* 20261122T002912Z */
#define SERIAL_LEN 4
#define ENDING ".tar.gz"
#define SEALED ".cms"

bool backup_reason_is_valid(const char *reason)
{
    size_t len = strlen(reason);

    return len > 0 && len <= BACKUP_MAX_REASON && strspn(reason, "abcdefghijklmnopqrstuvwxyz-") == len;
}

void backup_name_format(const struct backup_name *name, char out[static BACKUP_NAME_SIZE])
{
    char date[CLOCK_TEXT_SIZE];

    clock_format_compact(name->made, date);
    (void)snprintf(out, BACKUP_NAME_SIZE, "%s-%04u%s%s%s%s" ENDING "%s", date, name->serial,
        name->store[0] == '\0' ? "" : "-", name->store, name->reason[0] == '\0' ? "" : ".", name->reason,
        name->sealed ? SEALED : "");
}

static bool digits(const char *text, size_t len, int *out)
{
    *out = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *out = *out * 10 + text[i] - '0';
    }
    return true;
}

/* That the date is one of the calendar is seen by writing it again (backup_name_parse). */
static bool read_date(const char *text, int64_t *out)
{
    int year, month, day, hour, minute, second;

    if (!digits(text, 4, &year) || !digits(text + 4, 2, &month) || !digits(text + 6, 2, &day) || text[8] != 'T' ||
        !digits(text + 9, 2, &hour) || !digits(text + 11, 2, &minute) || !digits(text + 13, 2, &second) ||
        text[15] != 'Z' || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    *out = clock_from_date(year, month, day, hour, minute, second);
    return true;
}

/* Moves *rest behind "-STORE", where it is there. */
static void read_store(const char **rest, struct backup_name *out)
{
    if ((*rest)[0] != '-' || strspn(*rest + 1, "0123456789abcdef") != BACKUP_STORE_LEN)
        return;
    memcpy(out->store, *rest + 1, BACKUP_STORE_LEN);
    *rest += 1 + BACKUP_STORE_LEN;
}

/* What stands behind the store: the reason, and whether it is sealed. */
static bool read_rest(const char *rest, struct backup_name *out)
{
    const char *ending = strstr(rest, ENDING);
    size_t len = ending == NULL ? 0 : (size_t)(ending - rest);

    if (ending == NULL || len > sizeof out->reason)
        return false;
    out->sealed = strcmp(ending + strlen(ENDING), SEALED) == 0;
    if (len > 0) {
        memcpy(out->reason, rest + 1, len - 1);
        out->reason[len - 1] = '\0';
    }
    return len == 0 || (rest[0] == '.' && backup_reason_is_valid(out->reason));
}

bool backup_name_parse(const char *text, struct backup_name *out)
{
    struct backup_name name = { 0 };
    const char *rest;
    char again[BACKUP_NAME_SIZE];
    int serial;

    if (strnlen(text, BACKUP_NAME_SIZE) >= BACKUP_NAME_SIZE || strlen(text) < DATE_LEN + 1 + SERIAL_LEN ||
        !read_date(text, &name.made) || text[DATE_LEN] != '-' || !digits(text + DATE_LEN + 1, SERIAL_LEN, &serial) ||
        serial < 1)
        return false;
    rest = text + DATE_LEN + 1 + SERIAL_LEN;
    read_store(&rest, &name);
    if (!read_rest(rest, &name))
        return false;
    name.serial = (unsigned)serial;
    backup_name_format(&name, again);
    if (strcmp(again, text) != 0)
        return false;
    *out = name;
    return true;
}

bool backup_name_store(const char *config_dir, char out[static BACKUP_STORE_LEN + 1], struct error *err)
{
    AUTO(hash_free) struct hash *hash = NULL;
    AUTO(free) char *real = realpath(config_dir, NULL);
    char hex[HASH_HEX_SIZE];

    if (real == NULL) /* one that is not there yet has no backup either */
        real = file_absolute(config_dir);
    TRY(hash_new(&hash, err));
    TRY(hash_put(hash, view_of(real), err));
    TRY(hash_end(hash, hex, err));
    (void)snprintf(out, BACKUP_STORE_LEN + 1, "%.*s", BACKUP_STORE_LEN, hex);
    return true;
}
