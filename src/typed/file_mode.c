#include "typed/file_mode.h"

#include <string.h>
#include <sys/stat.h>

bool file_mode_parse(const char *text, mode_t *out, const char **why)
{
    size_t len = strlen(text);
    mode_t mode = 0;

    if (len < 3 || len > 4 || strspn(text, "01234567") != len) {
        *why = "must be an octal mode of three or four digits, such as 640";
        return false;
    }
    for (const char *at = text; *at != '\0'; at++)
        mode = mode * 8 + (mode_t)(*at - '0');
    if ((mode & ~(mode_t)0777) != 0)
        *why = "must not have set-id or sticky bits (the first of four digits is 0)";
    else if ((mode & S_IWOTH) != 0)
        *why = "must not let everybody write";
    else if ((mode & S_IRUSR) == 0)
        *why = "must let the owner read";
    else {
        *out = mode;
        return true;
    }
    return false;
}
