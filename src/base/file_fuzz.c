/* Paths as configurations and links spell them: what is made of them stays where it was said to be. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_absolute(const char *path)
{
    AUTO(free) char *whole = file_absolute(path), *again = file_absolute(whole), *ended = xprintf("%s/", whole);

    if (whole[0] != '/' || strstr(whole, "//") != NULL || strstr(ended, "/./") != NULL || strstr(ended, "/../") != NULL)
        abort();
    if (strcmp(whole, again) != 0)
        abort();
}

static void check_beside(const char *path)
{
    AUTO(free)
    char *beside = file_beside(path, "convert.was"), *dir = file_dirname(path), *its_dir = file_dirname(beside);
    const char *base = file_basename(path), *name = file_basename(beside);

    if (strcmp(dir, its_dir) != 0 || strcmp(name, base) == 0 || name[0] != '.' || !text_ends(name, ".convert.was"))
        abort();
    if (strlen(base) <= 255 && strlen(name) > 255)
        abort(); /* would be too long where its neighbour is not */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(free) char *path = xstrndup((const char *)data, size), *dir = file_dirname(path), *joined = NULL;

    check_absolute(path);
    check_beside(path);
    joined = file_join(dir, file_basename(path));
    if (strcmp(file_basename(joined), file_basename(path)) != 0)
        abort();
    return 0;
}
