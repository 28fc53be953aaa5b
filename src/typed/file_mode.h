#pragma once
/*
 * The modes that --key-mode and --cert-mode take, and renewal files keep. Knows text only.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "base/auto.h"

/* Reads three octal digits, or four with a zero in front: "640", "0640". Refused is what no file of ours may have:
 * set-id and sticky bits, writing for everybody, and what the owner could not read. On failure *why is a part of a
 * sentence, valid for ever: "must be ...". */
MUST_USE bool file_mode_parse(const char *text, mode_t *out, const char **why);
