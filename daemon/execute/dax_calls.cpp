// SPDX-License-Identifier: GPL-2.0-or-later
//
// What daxctl does to dax devices (daxctl/device.c), but for what comes behind a failure: a device that the wanted driver
// did not take goes back to the one it had. Blocks are online or offline by libdaxctl's idea of which belong to the
// device, which is right for devices of one range; plans write to each block instead.
#include <algorithm>
#include <array>
#include <cerrno>

#include "execute/nd_calls.hpp"

namespace memhot::execute {

namespace {

class Device {
public:
    Device(NdContext& context, const DaxRequest& request, daxctl_region* region, daxctl_dev* device)
        : context_(context), request_(request), region_(region), device_(device) {}

    // reconfig_mode_system_ram()
    Attempt system_ram() {
        if (daxctl_dev_get_memory(device_) == nullptr) {
            const bool bound = daxctl_dev_is_enabled(device_) != 0;
            if (auto off = bound ? disable() : Attempt{}; !off.ok()) return off;
            Attempt on = context_.answer(daxctl_dev_enable_ram(device_), "giving " + request_.device + " to kmem");
            if (!on.ok()) return bound ? back(on, daxctl_dev_enable_devdax(device_)) : on;
        }
        return request_.online ? online() : Attempt{};
    }

    // reconfig_mode_devdax(). kmem must not let go of online memory: up to 7.2 it leaks.
    Attempt devdax() {
        daxctl_memory* memory = daxctl_dev_get_memory(device_);
        if (memory != nullptr) {
            if (auto off = request_.force ? offline() : Attempt{}; !off.ok()) return off;
            const int blocks = daxctl_memory_is_online(memory);
            if (blocks > 0) return {EBUSY, request_.device + ": memory of it is online"};
            if (auto off = context_.answer(blocks, "asking for the memory of " + request_.device); !off.ok())
                return off;
        }
        const bool bound = daxctl_dev_is_enabled(device_) != 0;
        if (bound && memory == nullptr) return {};
        if (auto off = bound ? disable() : Attempt{}; !off.ok()) return off;
        Attempt on = enable();
        if (!on.ok() && memory != nullptr) return back(on, daxctl_dev_enable_ram(device_));
        return on;
    }

    Attempt resize() {
        if (request_.align && *request_.align != 0) {
            if (auto done = set_align(); !done.ok()) return done;
        }
        return request_.size ? set_size(*request_.size) : Attempt{};
    }

    Attempt online() {
        daxctl_memory* memory = daxctl_dev_get_memory(device_);
        if (memory == nullptr) return no_memory();
        return context_.answer(request_.movable ? daxctl_memory_online(memory)
                                                : daxctl_memory_online_no_movable(memory),
                               "onlining the memory of " + request_.device);
    }

    Attempt offline() {
        daxctl_memory* memory = daxctl_dev_get_memory(device_);
        if (memory == nullptr) return no_memory();
        return context_.answer(daxctl_memory_offline(memory), "offlining the memory of " + request_.device);
    }

    Attempt destroy() {
        if (daxctl_dev_is_enabled(device_) != 0) {
            if (!request_.force) return {EBUSY, request_.device + " is active: disable it first"};
            if (auto off = disable(); !off.ok()) return off;
        }
        if (auto done = set_size(0); !done.ok()) return done;
        return context_.answer(daxctl_region_destroy_dev(region_, device_), "destroying " + request_.device);
    }

    Attempt enable() {
        return context_.answer(daxctl_dev_enable_devdax(device_), "giving " + request_.device + " to device_dax");
    }
    Attempt disable() {
        return context_.answer(daxctl_dev_disable(device_), "taking " + request_.device + " from its driver");
    }

    // Behind daxctl_region_create_dev(); what fails gives the space back, the empty device stays as the next seed.
    Attempt fill() {
        if (auto done = resize(); !done.ok()) return done;
        Attempt done = daxctl_dev_is_enabled(device_) != 0 ? Attempt{} : enable();
        if (!done.ok()) daxctl_dev_set_size(device_, 0);
        return done;
    }

private:
    [[nodiscard]] Attempt no_memory() const { return {ENXIO, request_.device + " is not in mode system-ram"}; }
    Attempt set_size(unsigned long long size) {
        return context_.answer(daxctl_dev_set_size(device_, size), "setting the size of " + request_.device);
    }
    Attempt set_align() {
        return context_.answer(daxctl_dev_set_align(device_, *request_.align),
                               "setting the align of " + request_.device);
    }
    Attempt back(Attempt failed, int result) {
        const Attempt again = context_.answer(result, "giving it back to the driver it had");
        failed.changed = !again.ok();
        failed.text += again.ok() ? "; the driver it had drives it again" : "; " + again.text + " failed, too";
        return failed;
    }

    NdContext& context_;
    const DaxRequest& request_;
    daxctl_region* region_;
    daxctl_dev* device_;
};

struct Verb {
    DaxRequest::What what;
    Attempt (Device::*carry_out)();
};
constexpr std::array kVerbs{
    Verb{DaxRequest::What::system_ram, &Device::system_ram}, Verb{DaxRequest::What::devdax, &Device::devdax},
    Verb{DaxRequest::What::resize, &Device::resize},         Verb{DaxRequest::What::online, &Device::online},
    Verb{DaxRequest::What::offline, &Device::offline},       Verb{DaxRequest::What::create, &Device::fill},
    Verb{DaxRequest::What::destroy, &Device::destroy},       Verb{DaxRequest::What::enable, &Device::enable},
    Verb{DaxRequest::What::disable, &Device::disable},
};

}   // namespace

Attempt carry_out(NdContext& context, const DaxRequest& request) {
    if (request.what == DaxRequest::What::create) {
        const std::string name = "dax region " + std::to_string(request.region);
        daxctl_region* region = context.dax_region(request.region);
        if (region == nullptr) return {ENODEV, "there is no " + name};
        const auto made = context.answer(daxctl_region_create_dev(region), "creating a device in " + name);
        if (!made.ok()) return made;
    }
    daxctl_dev* device = context.dax_device(request.device);
    if (device == nullptr) return {ENODEV, "there is no " + request.device};
    Device subject(context, request, daxctl_dev_get_region(device), device);
    return (subject.*std::ranges::find(kVerbs, request.what, &Verb::what)->carry_out)();
}

}   // namespace memhot::execute
