#include "ops/machine.h"

#include <sys/utsname.h>

#include "base/child.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/program.h"
#include "base/text.h"

#define RUN_MAX_MS 60000
#define ID_MAX 4096
#define ARGUMENTS_MAX 8
#define SAID_MAX 2000

bool machine_open(const char *root, struct machine *out, struct error *err)
{
    struct machine machine = { .root = root == NULL ? "" : root };
    struct utsname system;

    if (uname(&system) != 0)
        return error_errno(err, ERROR_INTERNAL, "cannot tell which system this is");
    machine.self = program_self();
    if (machine.self == NULL)
        return error_set(err, ERROR_INTERNAL,
            "cannot tell where this program lies: /proc is not mounted, and it was not "
            "called by a name that is found");
    machine.system = xstrdup(system.sysname);
    machine.search = program_directories();
    *out = machine;
    return true;
}

void machine_clear(struct machine *machine)
{
    free((char *)machine->system);
    free((char *)machine->search);
    free((char *)machine->self);
    *machine = (struct machine){ 0 };
}

bool machine_is_this(const struct machine *machine)
{
    return machine->root[0] == '\0';
}

char *machine_path(const struct machine *machine, const char *path)
{
    return xprintf("%s%s", machine->root, path);
}

bool machine_has_dir(const struct machine *machine, const char *path)
{
    AUTO(free) char *whole = machine_path(machine, path);

    return file_is_dir(whole);
}

bool machine_has_program(const struct machine *machine, const char *name)
{
    struct view rest = view_of(machine->search), dir;
    bool found = false;

    while (!found && view_cut(&rest, ':', &dir)) {
        AUTO(free) char *at = xprintf("%s%.*s/%s", machine->root, (int)dir.len, dir.at, name);

        found = dir.len > 0 && access(at, X_OK) == 0;
    }
    return found;
}

bool machine_has_systemd(const struct machine *machine)
{
    return machine_has_dir(machine, "/run/systemd/system");
}

uint64_t machine_number(const struct machine *machine)
{
    static const char *const files[] = { "/etc/machine-id", "/var/lib/dbus/machine-id", "/etc/hostid",
        "/etc/hostname" };
    char name[256] = "";

    for (size_t i = 0; i < COUNT(files); i++) {
        AUTO(free) char *path = machine_path(machine, files[i]);
        AUTO(buf_clear) struct buf text = BUF(ID_MAX);
        struct error ignored = { 0 };

        if (file_read(path, &text, &ignored) && text.len > 0)
            return view_hash(buf_view(&text), HASH_START);
    }
    if (gethostname(name, sizeof name - 1) != 0)
        return 0;
    return view_hash(view_of(name), HASH_START);
}

bool machine_run(const struct machine *machine, const char *const *argv, struct error *err)
{
    AUTO(child_result_clear) struct child_result result = { 0 };
    AUTO(free) char *path = NULL;
    char *arguments[ARGUMENTS_MAX] = { NULL };

    if (!machine_is_this(machine))
        return true;
    path = program_find(argv[0], machine->search);
    if (path == NULL)
        return error_set(err, ERROR_STORE, "there is no program %s", argv[0]);
    for (size_t i = 0; argv[i] != NULL && i + 1 < COUNT(arguments); i++)
        arguments[i] = (char *)argv[i];
    TRY(child_run(&(struct child_program){ .path = path, .argv = arguments, .limit_ms = RUN_MAX_MS }, &result, err));
    if (result.status != 0) {
        AUTO(free) char *said = text_printable_dup(view_trim(buf_view(&result.err)), SAID_MAX, false);

        return error_set(
            err, ERROR_STORE, "`%s %s` failed (%d): %s", argv[0], argv[1] == NULL ? "" : argv[1], result.status, said);
    }
    return true;
}
