#pragma once
/*
 * The lines of one file of the trail, one after the other; also of one that was compressed. Memory is that of two
 * lines, however long the file is.
 */
#include "base/bytes.h"

struct audit_reader;

/* "audit.log.1.gz": the program that expands it, by its suffix, NULL for a plain file. */
const char *audit_expander(const char *path);

/* ERROR_STORE when it cannot be opened, or expanded as there is no such program here. *out is the caller's. */
MUST_USE bool audit_reader_open(const char *path, struct audit_reader **out, struct error *err);
/* The lines that a descriptor gives, which is taken over; name is for messages. Never fails. */
struct audit_reader *audit_reader_of(int fd, const char *name) __attribute__((returns_nonnull));
/* The lines that a program prints, whose exit status has to be 0. argv ends with NULL; without a slash its first word
 * is looked for among the programs of the system. */
MUST_USE bool audit_reader_run(char *const *argv, struct audit_reader **out, struct error *err);
void audit_reader_close(struct audit_reader *reader); /* NULL is fine */
DEFINE_AUTO(struct audit_reader, audit_reader_close)

/* Goes on with the first line that begins in the last `size` bytes of a plain file; line numbers count from there. */
MUST_USE bool audit_reader_to_end(struct audit_reader *reader, int64_t size, struct error *err);

/* From now on reading does not end when the user interrupts: for a writer, who still has acts to tell. */
void audit_reader_go_on(struct audit_reader *reader);

struct audit_raw {
    uint64_t number; /* of the line in its file, from 1 */
    struct view all; /* with its line feed, if it has one: the last line may lack it; borrowed until the next call */
    bool too_long;   /* longer than any line of the trail: all is its beginning */
    bool at_end;     /* there is no further line: nothing else is set */
};

/* The next line. ERROR_STORE when reading or expanding fails, ERROR_CANCELED when the user interrupts. */
MUST_USE bool audit_reader_next(struct audit_reader *reader, struct audit_raw *out, struct error *err);
