// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/notify.hpp"

#include <systemd/sd-daemon.h>

#include "app/event_loop.hpp"

namespace memhot::app {

void notify_ready(const std::string& status) { ::sd_notify(0, ("READY=1\nSTATUS=" + status).c_str()); }
void notify_status(const std::string& status) { ::sd_notify(0, ("STATUS=" + status).c_str()); }
void notify_reloading() { ::sd_notify(0, ("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(EventLoop::now())).c_str()); }
void notify_stopping() { ::sd_notify(0, "STOPPING=1"); }

}   // namespace memhot::app
