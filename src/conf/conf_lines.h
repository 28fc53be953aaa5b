#pragma once
/*
 * The lines of a conf document and how they are found. For conf.c and conf_read.c only.
 *
 * The document is an array of lines, each keeping its bytes, so that unchanged lines are written as they were. Sections
 * are numbers; a table of hashes finds (section, key) and catches what is there twice.
 */
#include "conf/conf.h"
#include "conf/conf_value.h"

#define NOWHERE UINT32_MAX

enum line_kind { LINE_OTHER, LINE_SECTION, LINE_PAIR }; /* other: blank or comment */

struct line {
    struct view raw;   /* with its line feed; in the text of the document, or in own */
    struct view key;   /* without quotes */
    struct view value; /* LINE_PAIR: as conf_value_scan found it */
    char *own;         /* memory of raw when the line is not of the text that was read */
    char *text;        /* decoded and interpolated value, made when first asked for */
    uint32_t section;  /* LINE_PAIR: that it stands in; LINE_SECTION: its own number */
    enum line_kind line_kind;
    enum conf_kind value_kind;
};

struct section {
    struct view name;
    char *own; /* memory of name when the section is not of the text that was read */
    uint32_t parent;
    unsigned depth; /* 0 is the top */
};

struct conf {
    char *text;
    size_t text_len, mark_len; /* mark: UTF-8's byte order mark in front */
    struct line *lines;
    size_t count, size;
    struct section *sections; /* [0] is the top; a removed section stays as an entry that is not found */
    size_t section_count, section_size;
    uint32_t *slots; /* index of a line or NOWHERE; NULL when lines have moved */
    size_t slot_count;
};

/* The section that a line stands in. */
uint32_t lines_place(const struct conf *conf, const struct line *line);
/* Index of a line, NOWHERE when absent. */
uint32_t lines_find(const struct conf *conf, uint32_t section, enum line_kind kind, struct view key);
/* The number of a section by its path, NOWHERE when there is none. */
uint32_t lines_find_section(const struct conf *conf, const char *path);
/* The slot where a key of a section is or would be; while reading. */
uint32_t *lines_slot(const struct conf *conf, uint32_t section, enum line_kind kind, struct view key);
/* An empty table for so many lines. */
void lines_make_slots(struct conf *conf, size_t lines);

/* Call with every change: lines may move, and a value may be part of another by interpolation. */
void lines_forget(struct conf *conf);
/* An empty line in front of the one at `at`; pointers to lines die. */
struct line *lines_insert(struct conf *conf, size_t at);
void lines_remove(struct conf *conf, size_t at);
uint32_t lines_add_section(struct conf *conf, struct view name, uint32_t parent);

/* Reads "key = value" into line, whose raw reaches at most to end: key, value and the length of raw. NULL, or
 * what is wrong. */
const char *line_scan_pair(struct line *line, const char *end);
