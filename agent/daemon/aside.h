/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Long steps (a million addresses take seconds to compile and to load) in a
 * thread of their own, while the manager goes on with what cannot wait: events,
 * and the service manager's watchdog.  Requests wait.
 */
#pragma once

struct manager;

/* Call fn(arg) aside; returns when it has returned. */
void manager_aside(struct manager *m, void (*fn)(void *arg), void *arg);
