/*
 * evercert-archive: started by evercert, with an archive on one side and members as frames on the other.
 */
#include <locale.h>
#include <string.h>

#include "archive/program.h"
#include "base/sanitizer.h"

#if SANITIZED_ADDRESS
/* The search for leaks stops the process with ptrace, which the lock-in forbids. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
#endif

enum { EXIT_FAILED = 1, EXIT_BY_HAND = 64 };

int main(int argc, char **argv)
{
    bool packs = argc == 2 && strcmp(argv[1], "pack") == 0;
    struct error err = { 0 };

    if (!packs && (argc != 2 || strcmp(argv[1], "unpack") != 0)) {
        (void)fputs("evercert-archive is started by evercert (evercert backup); it does nothing on its own\n", stderr);
        return EXIT_BY_HAND;
    }
    (void)setlocale(LC_CTYPE, "C.UTF-8"); /* names are bytes, which libarchive wants to be of some character set */
    if (!lock_in(&err) || !(packs ? pack(&err) : unpack(&err))) {
        (void)fprintf(stderr, "%s\n", err.why);
        return EXIT_FAILED;
    }
    return 0;
}
