#include "backup/name.h"

#include <string.h>

#include "base/clock.h"

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
    (void)snprintf(out, BACKUP_NAME_SIZE, "%s-%04u%s%s" ENDING "%s", date, name->serial,
        name->reason[0] == '\0' ? "" : ".", name->reason, name->sealed ? SEALED : "");
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

/* What stands behind the serial: the reason, and whether it is sealed. */
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
    char again[BACKUP_NAME_SIZE];
    int serial;

    if (strnlen(text, BACKUP_NAME_SIZE) >= BACKUP_NAME_SIZE || strlen(text) < DATE_LEN + 1 + SERIAL_LEN ||
        !read_date(text, &name.made) || text[DATE_LEN] != '-' || !digits(text + DATE_LEN + 1, SERIAL_LEN, &serial) ||
        serial < 1 || !read_rest(text + DATE_LEN + 1 + SERIAL_LEN, &name))
        return false;
    name.serial = (unsigned)serial;
    backup_name_format(&name, again);
    if (strcmp(again, text) != 0)
        return false;
    *out = name;
    return true;
}
