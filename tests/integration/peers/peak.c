/*
 * peak FILE PROGRAM ARGUMENT...
 *
 * Runs the program, writes into FILE how many KiB of memory it, or one of the processes that it has waited for, had at
 * the most, and ends as it has ended. Who starts a program from a large process is counted into the program's memory by
 * the kernel: this one is small.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct rusage usage;
    int status = 0;
    pid_t pid = argc < 3 ? -1 : fork();
    FILE *file;

    if (pid == 0) {
        (void)execv(argv[2], argv + 2);
        _exit(127);
    }
    (void)signal(SIGINT, SIG_IGN); /* a whole group may get it */
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
        return 126;
    file = fopen(argv[1], "w");
    if (file == NULL || fprintf(file, "%ld\n", usage.ru_maxrss) < 0 || fclose(file) != 0)
        return 126;
    if (!WIFSIGNALED(status))
        return WEXITSTATUS(status);
    (void)signal(WTERMSIG(status), SIG_DFL);
    (void)raise(WTERMSIG(status));
    return 126;
}
