#pragma once
/*
 * Tables and parser results as JSON, for the tests. Part of the build's own program `generate`, not of Evercert.
 */
#include "config/option.h"

/* {"verbs": [...], "options": [...]}: every row of both tables, hidden ones too. */
void generate_tables(const struct verb *const *verbs, struct buf *out);

/*
 * Reads the command line given as a JSON array of words (without the program's name), as `certbot` would, and does
 * nothing else. Appends one JSON object: "exit" (0, 1, 2 as the program would end), "message" (null when accepted),
 * "verb", "help", "version", "topic", and with exit 0 "saved": what a renewal file would hold, each value a list of
 * texts. False when `line` is no such array.
 */
MUST_USE bool generate_parse(const struct verb *const *verbs, struct view line, struct buf *out, struct error *err);
