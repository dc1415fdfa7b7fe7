// SPDX-License-Identifier: GPL-2.0-or-later
//
// What systemd is told about the state of the service (sd_notify(3)).
#pragma once

#include <string>

namespace memhot::app {

void notify_ready(const std::string& status);
void notify_status(const std::string& status);
// With MONOTONIC_USEC, as Type=notify-reload wants it; notify_ready() ends it.
void notify_reloading();
void notify_stopping();

}   // namespace memhot::app
