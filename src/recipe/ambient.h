#pragma once
/*
 * Steps that ask what surrounds the machine for credentials: the metadata servers of clouds, and those that give
 * containers theirs. They are at addresses of this machine or of its link, by http, and answer at once or not at all.
 */
#include "recipe/request.h"

#define AMBIENT_MS 1500 /* for one answer: machines that are elsewhere wait so long, once in a run */

/* What the user can do where nobody answers: the step's "ambient"; NULL: it is no such step. */
const char *ambient_advice(const struct value *step);
/* "169.254.169.254:80": where the server of an http address is, past any proxy; NULL for https. Of the caller's. */
char *ambient_place(const char *url);
/* Says that nobody answered, in place of the network's error, whose words it keeps. False. */
bool ambient_fail(const char *url, struct error *err);
