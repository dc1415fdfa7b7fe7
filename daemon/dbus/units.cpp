// SPDX-License-Identifier: GPL-2.0-or-later
#include "dbus/units.hpp"

#include <fmt/format.h>

#include <cstdint>

#include "log/log.hpp"

namespace memhot::bus {

namespace {

constexpr const char* kManager = "org.freedesktop.systemd1.Manager";

void say_failed(const std::string& unit, const std::string& text) {
    log::say(log::Priority::error, text, &log::kUnitFailed, {{"MEMHOT_UNIT", unit}});
}

}   // namespace

// systemd tells who asked for a job of its end, also without Subscribe() (bus_job_track_sender, send_removed_signal): so
// nothing of other units wakes the daemon.
void Units::listen() {
    systemd_ = compat::make_proxy(connection_, "org.freedesktop.systemd1", "/org/freedesktop/systemd1");
    systemd_->uponSignal("JobRemoved")
        .onInterface(kManager)
        .call([this](const std::uint32_t&, const sdbus::ObjectPath& job, const std::string&,
                     const std::string& result) { job_removed(job, result); });
    compat::finish_registration(*systemd_);
}

void Units::start(const std::string& unit) {
    if (!systemd_) listen();
    systemd_->callMethodAsync("StartUnit")
        .onInterface(kManager)
        .withArguments(unit, std::string("replace"))
        .uponReplyInvoke([this, unit](compat::ReplyError given, const sdbus::ObjectPath& job) {
            if (const auto* error = compat::error_of(given)) {
                say_failed(unit, unit + " cannot be started: " + error->getMessage());
            } else {
                jobs_[job] = unit;
            }
        });
}

void Units::job_removed(const std::string& job, const std::string& result) {
    const auto found = jobs_.extract(job);
    if (!found) return;   // somebody else's
    const std::string& unit = found.mapped();
    if (result == "done" || result == "skipped") return log::info(fmt::format("{} was started: {}", unit, result));
    say_failed(unit, fmt::format("{} did not start: systemd says \"{}\"; look at it with `systemctl status {}` and "
                                 "`journalctl -u {}`",
                                 unit, result, unit, unit));
}

}   // namespace memhot::bus
