#include "rescue/machine_seen.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "ops/schedule_look.h"
#include "ops/unit_text.h"

#define PROCESSES_MAX 65536
#define FDS_MAX 65536 /* of one process */
#define SHOWN_MAX 4096
#define JOURNAL_MS 30000
#define JOURNAL_LINES "50000"

/* ---- about ---- */

static void put_file(struct buf *to, const char *title, const char *path)
{
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    struct error err = { 0 };

    if (file_read(path, &text, &err))
        buf_putf(to, "%s: %.*s\n", title, (int)view_trim(buf_view(&text)).len, view_trim(buf_view(&text)).at);
}

void seen_about(struct context *context, struct buf *to)
{
    const char *sudo = getenv("SUDO_USER");
    AUTO(free) char *shown = text_printable_dup(view_of(sudo == NULL ? "" : sudo), SHOWN_MAX, false);
    const struct settings *settings = context->settings;
    char now[CLOCK_TEXT_SIZE];
    struct utsname host;

    clock_format_rfc3339(clock_now(), now);
    buf_putf(
        to, "time: %s\nby: Evercert " EVERCERT_VERSION "\nuser: %u\nsudo from: %s\n", now, (unsigned)getuid(), shown);
    if (uname(&host) == 0)
        buf_putf(to, "host: %s\nsystem: %s %s %s %s\n", host.nodename, host.sysname, host.release, host.version,
            host.machine);
    put_file(to, "boot", "/proc/sys/kernel/random/boot_id");
    put_file(to, "seconds since boot", "/proc/uptime");
    put_file(to, "machine", "/etc/machine-id");
    buf_putf(to, "config-dir: %s\nwork-dir: %s\nlogs-dir: %s\n", settings->config_dir, settings->work_dir,
        settings->logs_dir);
}

/* ---- processes ---- */

/* Calls `each` for the number of every process. */
static void each_process(void (*each)(const char *pid, void *context), void *context)
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;
    size_t count = 0;

    while (dir != NULL && count < PROCESSES_MAX && (entry = readdir(dir)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0])) {
            each(entry->d_name, context);
            count++;
        }
    if (dir != NULL)
        (void)closedir(dir);
}

/* A file of one process, each of its zeros a blank; of the caller's. */
static char *text_of(const char *pid, const char *name)
{
    AUTO(free) char *path = xprintf("/proc/%s/%s", pid, name);
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    struct error err = { 0 };

    (void)!file_read(path, &text, &err);
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] == '\0')
            text.at[i] = ' ';
    return text_printable_dup(view_trim(buf_view(&text)), SHOWN_MAX, false);
}

static char *program_of(const char *pid)
{
    AUTO(free) char *path = xprintf("/proc/%s/exe", pid), *target = NULL;
    struct error err = { 0 };

    if (!file_read_link(path, &target, &err))
        return xstrdup("-");
    return text_printable_dup(view_of(target), SHOWN_MAX, false);
}

static void put_process(const char *pid, void *context)
{
    AUTO(free)
    char *path = xprintf("/proc/%s", pid), *stat_text = text_of(pid, "stat"), *words = text_of(pid, "cmdline");
    AUTO(free) char *program = program_of(pid), *name = text_of(pid, "comm");
    const char *behind = strrchr(stat_text, ')'); /* the name before it may have blanks */
    char state = '?', began[CLOCK_TEXT_SIZE];
    struct buf *to = context;
    unsigned parent = 0;
    struct stat st;

    if (stat(path, &st) != 0)
        return;
    if (behind != NULL)
        (void)sscanf(behind + 1, " %c %u", &state, &parent);
    clock_format_rfc3339(st.st_ctim.tv_sec, began);
    buf_putf(
        to, "%s\t%u\t%u\t%c\t%s\t%s\t%s\t%s\n", pid, parent, (unsigned)st.st_uid, state, began, name, program, words);
}

void seen_processes(struct buf *to)
{
    buf_put_text(to, "# number parent user state seen-since name program command\n");
    each_process(put_process, to);
}

/* ---- sockets ---- */

struct waiting { /* sockets that wait */
    struct {
        const char *table;
        char address[INET6_ADDRSTRLEN];
        unsigned port, user;
        uint64_t inode;
        struct list holders;
    } * at;
    size_t len;
};

/* Words of 32 bits in the machine's order. */
static void format_address(const char *hex, char out[static INET6_ADDRSTRLEN])
{
    uint32_t words[4] = { 0 };
    size_t len = strlen(hex) / 8;

    for (size_t i = 0; i < len && i < COUNT(words); i++) {
        char word[9] = "";

        memcpy(word, hex + 8 * i, 8);
        words[i] = (uint32_t)strtoul(word, NULL, 16);
    }
    if (inet_ntop(len == 4 ? AF_INET6 : AF_INET, words, out, INET6_ADDRSTRLEN) == NULL)
        (void)snprintf(out, INET6_ADDRSTRLEN, "?");
}

static void read_table(struct waiting *waiting, const char *table, unsigned state)
{
    AUTO(free) char *path = xprintf("/proc/net/%s", table);
    AUTO(fclose) FILE *file = fopen(path, "re");
    char line[512];

    while (file != NULL && waiting->len < PROCESSES_MAX && fgets(line, sizeof line, file) != NULL) {
        unsigned port, found, user;
        uint64_t inode;
        char hex[33];

        /* sl local:port remote:port state tx:rx timer:when retransmits uid timeout inode */
        if (sscanf(line, " %*u: %32[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*x:%*x %*x:%*x %*x %u %*u %" SCNu64, hex, &port,
                &found, &user, &inode) != 5 ||
            found != state)
            continue;
        waiting->at = xrealloc(waiting->at, waiting->len + 1, sizeof *waiting->at);
        memset(&waiting->at[waiting->len], 0, sizeof *waiting->at);
        waiting->at[waiting->len].table = table;
        waiting->at[waiting->len].port = port;
        waiting->at[waiting->len].user = user;
        waiting->at[waiting->len].inode = inode;
        format_address(hex, waiting->at[waiting->len++].address);
    }
}

static void hold(struct waiting *waiting, uint64_t inode, const char *pid)
{
    for (size_t i = 0; i < waiting->len; i++)
        if (waiting->at[i].inode == inode && inode != 0 && !list_has(&waiting->at[i].holders, pid))
            list_add(&waiting->at[i].holders, pid);
}

static void note_holder(const char *pid, void *context)
{
    AUTO(free) char *path = xprintf("/proc/%s/fd", pid);
    DIR *dir = opendir(path);
    struct dirent *entry;
    size_t count = 0;

    while (dir != NULL && count++ < FDS_MAX && (entry = readdir(dir)) != NULL) {
        char target[64];
        ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1);
        uint64_t inode;

        target[len > 0 ? len : 0] = '\0';
        if (sscanf(target, "socket:[%" SCNu64, &inode) == 1)
            hold(context, inode, pid);
    }
    if (dir != NULL)
        (void)closedir(dir);
}

void seen_sockets(struct buf *to)
{
    struct waiting waiting = { 0 };

    read_table(&waiting, "tcp", 0x0A); /* TCP_LISTEN */
    read_table(&waiting, "tcp6", 0x0A);
    read_table(&waiting, "udp", 0x07); /* not connected: TCP_CLOSE */
    read_table(&waiting, "udp6", 0x07);
    each_process(note_holder, &waiting);
    buf_put_text(to, "# kind address port user inode processes\n");
    for (size_t i = 0; i < waiting.len; i++) {
        AUTO(free) char *holders = list_join(&waiting.at[i].holders, ",");

        buf_putf(to, "%s\t%s\t%u\t%u\t%" PRIu64 "\t%s\n", waiting.at[i].table, waiting.at[i].address,
            waiting.at[i].port, waiting.at[i].user, waiting.at[i].inode, holders);
        list_clear(&waiting.at[i].holders);
    }
    free(waiting.at);
}

/* ---- schedule and journal ---- */

void seen_schedule(struct context *context, struct buf *to)
{
    AUTO(schedule_look_clear) struct schedule_look look = { 0 };
    struct error err = { 0 };

    if (!schedule_look(context->settings, context->store, NULL, &look, &err)) {
        buf_putf(to, "# not known: %s\n", err.why);
        return;
    }
    buf_put_text(to, "# where whose at-least-every-minutes command\n");
    for (size_t i = 0; i < look.renewers.len; i++) {
        const struct scheduled_entry *entry = &look.renewers.at[i];
        AUTO(free) char *command = unit_command(&entry->words, QUOTING_SHELL);

        buf_putf(to, "%s\t%s\t%lld\t%s\n", entry->where, entry->who == SCHEDULED_US ? "Evercert" : "Certbot",
            (long long)entry->interval_s / 60, command);
    }
    buf_putf(to, "# the daemon is %sat work for this store\n", look.daemon_runs ? "" : "not ");
}

/* One reading of it, by units or by who wrote. */
static bool put_journal(const char *path, const char *since, const char *by[], struct buf *to, struct error *err)
{
    AUTO(child_result_clear) struct child_result result = { 0 };
    char *argv[16] = { (char[]){ "journalctl" }, (char[]){ "-q" }, (char[]){ "--no-pager" }, (char[]){ "-o" },
        (char[]){ "short-iso" }, (char[]){ "-n" }, (char[]){ JOURNAL_LINES }, (char[]){ "--since" },
        (char *)(uintptr_t)since };
    const struct child_program program = { .path = path, .argv = argv, .limit_ms = JOURNAL_MS, .input = view_of("") };
    struct error why = { 0 };

    for (size_t i = 0; by[i] != NULL; i++)
        argv[9 + i] = (char *)(uintptr_t)by[i];
    if (!child_run(&program, &result, &why)) {
        if (why.kind == ERROR_CANCELED) {
            *err = why;
            return false;
        }
        buf_putf(to, "# not readable: %s\n", why.why);
        return true;
    }
    buf_put(to, buf_view(&result.out));
    if (result.status != 0 || result.err.len > 0)
        buf_putf(to, "# journalctl ended with %d: %s\n", result.status, buf_text(&result.err));
    if (result.out_dropped > 0)
        buf_putf(to, "# %zu further bytes are left out\n", result.out_dropped);
    return true;
}

bool seen_journal(int days, struct buf *to, struct error *err)
{
    static const char *const paths[] = { "/usr/bin/journalctl", "/bin/journalctl" };
    const char *units[] = { "-u", "evercert*", "-u", "certbot*", NULL }, *ours[] = { "-t", "evercert", NULL };
    AUTO(free) char *since = xprintf("@%lld", (long long)(clock_now() - (int64_t)days * 86400));

    for (size_t i = 0; i < COUNT(paths); i++)
        if (access(paths[i], X_OK) == 0) {
            buf_put_text(to, "# of the units evercert* and certbot*\n");
            TRY(put_journal(paths[i], since, units, to, err));
            buf_put_text(to, "# of evercert itself\n");
            return put_journal(paths[i], since, ours, to, err);
        }
    buf_put_text(to, "# this machine has no journalctl\n");
    return true;
}
