// SPDX-License-Identifier: GPL-2.0-or-later
#include "execute/nd_context.hpp"

#include <syslog.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace memhot::execute {

namespace {

void keep(void* where, const char* format, va_list arguments) {
    if (where == nullptr) return;
    char line[512];
    if (std::vsnprintf(line, sizeof line, format, arguments) < 0) return;
    auto& text = *static_cast<std::string*>(where);
    if (!text.empty()) text += "; ";
    text += line;
    while (!text.empty() && text.back() == '\n') text.pop_back();
}

void keep_nd(ndctl_ctx* context, int, const char*, int, const char*, const char* format, va_list arguments) {
    keep(ndctl_get_userdata(context), format, arguments);
}

void keep_dax(daxctl_ctx* context, int, const char*, int, const char*, const char* format, va_list arguments) {
    keep(daxctl_get_userdata(context), format, arguments);
}

}   // namespace

NdContext::NdContext() {
    if (ndctl_new(&nd_) != 0) nd_ = nullptr;
    if (nd_ != nullptr) {
        ndctl_set_userdata(nd_, &logged_);
        ndctl_set_log_fn(nd_, keep_nd);
        ndctl_set_log_priority(nd_, LOG_ERR);
    }
    if (daxctl_new(&dax_) != 0) dax_ = nullptr;
    if (dax_ != nullptr) {
        daxctl_set_userdata(dax_, &logged_);
        daxctl_set_log_fn(dax_, keep_dax);
        daxctl_set_log_priority(dax_, LOG_ERR);
    }
}

NdContext::~NdContext() {
    if (nd_ != nullptr) ndctl_unref(nd_);
    if (dax_ != nullptr) daxctl_unref(dax_);
}

ndctl_region* NdContext::region(const std::string& name) const {
    if (nd_ == nullptr) return nullptr;
    ndctl_bus* bus = nullptr;
    ndctl_bus_foreach(nd_, bus) {
        ndctl_region* region = nullptr;
        ndctl_region_foreach(bus, region) {
            if (name == ndctl_region_get_devname(region)) return region;
        }
    }
    return nullptr;
}

ndctl_namespace* NdContext::find(ndctl_region* region, const std::string& name) {
    ndctl_namespace* ns = nullptr;
    ndctl_namespace_foreach(region, ns) {
        if (name == ndctl_namespace_get_devname(ns)) return ns;
    }
    return nullptr;
}

ndctl_namespace* NdContext::find(const std::string& name) const {
    if (nd_ == nullptr) return nullptr;
    ndctl_bus* bus = nullptr;
    ndctl_bus_foreach(nd_, bus) {
        ndctl_region* region = nullptr;
        ndctl_region_foreach(bus, region) {
            if (ndctl_namespace* ns = find(region, name)) return ns;
        }
    }
    return nullptr;
}

ndctl_dimm* NdContext::dimm(const std::string& name) const {
    if (nd_ == nullptr) return nullptr;
    ndctl_bus* bus = nullptr;
    ndctl_bus_foreach(nd_, bus) {
        ndctl_dimm* dimm = nullptr;
        ndctl_dimm_foreach(bus, dimm) {
            if (name == ndctl_dimm_get_devname(dimm)) return dimm;
        }
    }
    return nullptr;
}

daxctl_region* NdContext::dax_region(int id) const {
    if (dax_ == nullptr) return nullptr;
    daxctl_region* region = nullptr;
    daxctl_region_foreach(dax_, region) {
        if (daxctl_region_get_id(region) == id) return region;
    }
    return nullptr;
}

daxctl_dev* NdContext::dax_device(const std::string& name) const {
    if (dax_ == nullptr) return nullptr;
    daxctl_region* region = nullptr;
    daxctl_region_foreach(dax_, region) {
        daxctl_dev* device = nullptr;
        daxctl_dev_foreach(region, device) {
            if (name == daxctl_dev_get_devname(device)) return device;
        }
    }
    return nullptr;
}

Attempt NdContext::answer(int result, const std::string& call) {
    const std::string logged = std::exchange(logged_, {});
    if (result >= 0) return {};
    return {std::abs(result), logged.empty() ? call : call + " (" + logged + ")"};
}

}   // namespace memhot::execute
