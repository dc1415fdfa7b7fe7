// SPDX-License-Identifier: GPL-2.0-or-later
#include "events/source.hpp"

#include <libudev.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "log/log.hpp"

namespace memhot::events {

namespace {

// 8192 blocks come and go online in one burst, a message has a few hundred bytes, and the kernel counts more than those.
constexpr int kBuffer = 32 << 20;
constexpr std::array kSubsystems{"memory", "nd", "dax", "cxl", "node"};

struct FreeUdev {
    void operator()(udev* context) const { ::udev_unref(context); }
};
struct FreeMonitor {
    void operator()(udev_monitor* monitor) const { ::udev_monitor_unref(monitor); }
};
struct FreeDevice {
    void operator()(udev_device* device) const { ::udev_device_unref(device); }
};

std::string text_of(const char* text) { return text == nullptr ? std::string() : std::string(text); }

class Udev final : public EventSource {
public:
    Udev(std::unique_ptr<udev, FreeUdev> context, std::unique_ptr<udev_monitor, FreeMonitor> monitor)
        : context_(std::move(context)), monitor_(std::move(monitor)) {}

    [[nodiscard]] int descriptor() const override { return ::udev_monitor_get_fd(monitor_.get()); }

    Received receive(Event& event) override {
        // A message that is not for us (a sender that is not trusted, one the filter let through) is no answer either; a
        // few of them must not keep the loop.
        for (int i = 0; i < 64; ++i) {
            errno = 0;
            const std::unique_ptr<udev_device, FreeDevice> device(::udev_monitor_receive_device(monitor_.get()));
            if (device) {
                event.subsystem = text_of(::udev_device_get_subsystem(device.get()));
                event.action = text_of(::udev_device_get_action(device.get()));
                event.name = text_of(::udev_device_get_sysname(device.get()));
                return Received::event;
            }
            if (errno == ENOBUFS) return Received::lost;
            if (errno != EINTR && errno != ENODATA) return Received::nothing;
        }
        return Received::nothing;
    }

private:
    std::unique_ptr<udev, FreeUdev> context_;
    std::unique_ptr<udev_monitor, FreeMonitor> monitor_;
};

Error udev_error(const char* doing, int answer) {
    return {ErrorKind::io, std::string("listening to udev: ") + doing + ": " + std::strerror(-answer)};
}

}   // namespace

Result<std::unique_ptr<EventSource>> open_udev() {
    std::unique_ptr<udev, FreeUdev> context(::udev_new());
    if (!context) return udev_error("udev_new", -errno);
    std::unique_ptr<udev_monitor, FreeMonitor> monitor(::udev_monitor_new_from_netlink(context.get(), "udev"));
    if (!monitor) return udev_error("udev_monitor_new_from_netlink", -errno);
    for (const char* subsystem : kSubsystems) {
        const int answer = ::udev_monitor_filter_add_match_subsystem_devtype(monitor.get(), subsystem, nullptr);
        if (answer < 0) return udev_error(subsystem, answer);
    }
    // Without CAP_NET_ADMIN what the kernel allows everybody has to do: then more is lost and read again.
    if (const int answer = ::udev_monitor_set_receive_buffer_size(monitor.get(), kBuffer); answer < 0)
        log::say(log::Priority::debug,
                 std::string("the receive buffer of events stays small: ") + std::strerror(-answer));
    if (const int answer = ::udev_monitor_enable_receiving(monitor.get()); answer < 0)
        return udev_error("udev_monitor_enable_receiving", answer);
    return std::unique_ptr<EventSource>(std::make_unique<Udev>(std::move(context), std::move(monitor)));
}

}   // namespace memhot::events
