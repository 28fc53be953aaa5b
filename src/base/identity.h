#pragma once
/*
 * What a file has one of, whatever its names are: its device and inode.
 */
#include <sys/stat.h>

#define IDENTITY_SIZE 34

/* "DEVICE:INODE", hexadecimal. */
void identity_of(const struct stat *st, char out[static IDENTITY_SIZE]);
