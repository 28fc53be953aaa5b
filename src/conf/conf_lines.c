#include "conf/conf_lines.h"

#include <string.h>

#include "base/mem.h"

static uint64_t hash_of(uint32_t section, enum line_kind kind, struct view key)
{
    uint64_t hash = view_hash(key, HASH_START ^ (section * (uint64_t)2654435761u) ^ (uint64_t)kind);

    return hash ^ hash >> 32;
}

uint32_t lines_place(const struct conf *conf, const struct line *line)
{
    return line->line_kind == LINE_SECTION ? conf->sections[line->section].parent : line->section;
}

uint32_t *lines_slot(const struct conf *conf, uint32_t section, enum line_kind kind, struct view key)
{
    size_t i = (size_t)hash_of(section, kind, key) & (conf->slot_count - 1);

    while (conf->slots[i] != NOWHERE) {
        const struct line *line = &conf->lines[conf->slots[i]];

        if (line->line_kind == kind && lines_place(conf, line) == section && view_equal(line->key, key))
            break;
        i = (i + 1) & (conf->slot_count - 1);
    }
    return &conf->slots[i];
}

void lines_make_slots(struct conf *conf, size_t lines)
{
    conf->slot_count = 16;
    while (conf->slot_count < 2 * lines)
        conf->slot_count *= 2;
    conf->slots = xrealloc(conf->slots, conf->slot_count, sizeof *conf->slots);
    memset(conf->slots, 0xff, conf->slot_count * sizeof *conf->slots); /* NOWHERE */
}

/* Fills the table again if lines have moved: the document stays the same for the reader. */
uint32_t lines_find(const struct conf *at, uint32_t section, enum line_kind kind, struct view key)
{
    struct conf *conf = (struct conf *)at;

    if (conf->slots == NULL) {
        lines_make_slots(conf, conf->count);
        for (size_t i = 0; i < conf->count; i++) {
            const struct line *line = &conf->lines[i];

            if (line->line_kind != LINE_OTHER)
                *lines_slot(conf, lines_place(conf, line), line->line_kind, line->key) = (uint32_t)i;
        }
    }
    return *lines_slot(conf, section, kind, key);
}

uint32_t lines_find_section(const struct conf *conf, const char *path)
{
    struct view rest = view_of(path), name;
    uint32_t section = 0;

    while (path[0] != '\0' && section != NOWHERE && view_cut(&rest, '/', &name)) {
        uint32_t line = lines_find(conf, section, LINE_SECTION, name);

        section = line == NOWHERE ? NOWHERE : conf->lines[line].section;
    }
    return section;
}

/* ---- changing ---- */

void lines_forget(struct conf *conf)
{
    free(conf->slots);
    conf->slots = NULL;
    for (size_t i = 0; i < conf->count; i++) {
        wipe_free(conf->lines[i].text);
        conf->lines[i].text = NULL;
    }
}

struct line *lines_insert(struct conf *conf, size_t at)
{
    if (conf->count == conf->size) {
        conf->size = conf->size < 8 ? 16 : conf->size * 2;
        conf->lines = xrealloc(conf->lines, conf->size, sizeof *conf->lines);
    }
    memmove(&conf->lines[at + 1], &conf->lines[at], (conf->count - at) * sizeof *conf->lines);
    conf->count++;
    conf->lines[at] = (struct line){ 0 };
    return &conf->lines[at];
}

void lines_remove(struct conf *conf, size_t at)
{
    wipe_free(conf->lines[at].own);
    wipe_free(conf->lines[at].text);
    conf->count--;
    memmove(&conf->lines[at], &conf->lines[at + 1], (conf->count - at) * sizeof *conf->lines);
}

uint32_t lines_add_section(struct conf *conf, struct view name, uint32_t parent)
{
    if (conf->section_count == conf->section_size) {
        conf->section_size = conf->section_size == 0 ? 4 : conf->section_size * 2;
        conf->sections = xrealloc(conf->sections, conf->section_size, sizeof *conf->sections);
    }
    conf->sections[conf->section_count] = (struct section){
        .name = name, .parent = parent, .depth = conf->section_count == 0 ? 0 : conf->sections[parent].depth + 1
    };
    return (uint32_t)conf->section_count++;
}

struct conf *conf_new(void)
{
    struct conf *conf = xcalloc(1, sizeof *conf);

    (void)lines_add_section(conf, (struct view){ "", 0 }, 0);
    return conf;
}

void conf_free(struct conf *conf)
{
    if (conf == NULL)
        return;
    for (size_t i = 0; i < conf->count; i++) {
        wipe_free(conf->lines[i].own);
        wipe_free(conf->lines[i].text);
    }
    if (conf->text != NULL)
        wipe(conf->text, conf->text_len); /* the same syntax holds credentials of DNS services */
    for (size_t i = 0; i < conf->section_count; i++)
        free(conf->sections[i].own);
    free(conf->text);
    free(conf->lines);
    free(conf->sections);
    free(conf->slots);
    free(conf);
}
