/* SPDX-License-Identifier: MIT */
/* System calls that fail when a test says so: faults.c stands in front of the C library's
 * functions, which the code under test calls by their usual names. Linked with a unit program;
 * or alone a library for LD_PRELOAD, where the environment says where to read what fails. */
#ifndef TESTS_UNIT_FAULTS_H
#define TESTS_UNIT_FAULTS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* In place of an errno: the call does a part of what it was asked for. */
#define FAULT_SHORT (-1)

/* In place of a number: each of them fails. */
#define FAULT_EACH UINT_MAX

/* A call that can fail, and how: errors end with 0. */
struct fault_call {
    const char *name; /* as the C library's function is known: "openat" */
    int errors[8];
};

/* How many there are, and each of them. */
size_t fault_calls(void);
const struct fault_call *fault_call(size_t i);
size_t fault_call_named(const char *name);

/* From now on count calls; the nth of `call` (1 is the next one) fails so, once. nth 0: none. */
void faults_begin(size_t call, unsigned nth, int error);

/* No more. True: the call was met. */
bool faults_end(void);

/* How often a call was made between the two. */
unsigned fault_count(size_t call);

/* This thread's calls are not counted and do not fail: it is a test's own. */
void faults_spare(bool spared);

#endif
