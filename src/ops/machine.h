#pragma once
/*
 * The machine that is looked at and changed: this one, or what lies below a directory that stands for it (an image, a
 * test's). Knows where its programs are and which system it is; nothing of schedules.
 */
#include "base/bytes.h"

struct machine {
    const char *root;   /* "": this machine; else the directory that stands for /, in which nothing runs */
    const char *system; /* as uname says: "Linux", "FreeBSD" ... */
    const char *search; /* directories of programs, with colons between */
    const char *self;   /* the path of this program, as it is to be called there */
};

/* root: as above; NULL: "". *out borrows it; the rest is the caller's, for machine_clear. */
MUST_USE bool machine_open(const char *root, struct machine *out, struct error *err);
void machine_clear(struct machine *machine);
static inline void machine_clear_at(struct machine *machine)
{
    machine_clear(machine);
}

/* The path that stands for `path` there, of the caller's. */
char *machine_path(const struct machine *machine, const char *path) __attribute__((returns_nonnull));
bool machine_has_dir(const struct machine *machine, const char *path);
bool machine_is_this(const struct machine *machine);
/* Whether a program of that name is installed there. */
bool machine_has_program(const struct machine *machine, const char *name);
/* systemd is process 1, by the directory that it makes for this question (sd_booted(3)). */
bool machine_has_systemd(const struct machine *machine);
/* A number that tells this machine from others, and stays. */
uint64_t machine_number(const struct machine *machine);
/* Runs a program of this machine with these arguments (ended by NULL, the first is its name), a minute at most. Does
 * nothing below a root. ERROR_STORE with what it said when it fails. */
MUST_USE bool machine_run(const struct machine *machine, const char *const *argv, struct error *err);
