// SPDX-License-Identifier: GPL-2.0-or-later
//
// Namespaces created, reconfigured, destroyed, enabled and disabled in ndctl's own order (ndctl/namespace.c
// setup_namespace, namespace_prep_reconfig, namespace_destroy), but for what comes behind a failure: ndctl leaves a
// namespace raw whose info block it has zeroed; here it gets back what it was.
#include <linux/ndctl.h>
#include <uuid/uuid.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>

#include "execute/nd_calls.hpp"

namespace memhot::execute {

namespace {

struct Uuid {
    uuid_t bytes{};
};

Uuid uuid_of(const std::optional<std::string>& text) {
    Uuid uuid;
    if (!text || uuid_parse(text->c_str(), uuid.bytes) != 0) uuid_generate(uuid.bytes);
    return uuid;
}

// What a reconfiguration takes away, kept until it has succeeded.
struct Before {
    bool labelled = false;
    Uuid uuid;
    std::string alt_name;
    unsigned long long size = 0;
    ndctl_namespace_mode mode = NDCTL_NS_MODE_RAW;
    std::string info;   // empty: there was none
    bool active = false;
};

ndctl_namespace_mode mode_for(NamespaceMode mode) {
    switch (mode) {
        case NamespaceMode::fsdax: return NDCTL_NS_MODE_FSDAX;
        case NamespaceMode::devdax: return NDCTL_NS_MODE_DEVDAX;
        case NamespaceMode::sector: return NDCTL_NS_MODE_SECTOR;
        case NamespaceMode::raw: break;
    }
    return NDCTL_NS_MODE_RAW;
}

struct Call {
    std::string what;
    std::function<int()> make;
};

Attempt one_after_the_other(NdContext& context, const std::vector<Call>& calls) {
    for (const auto& call : calls) {
        if (auto done = context.answer(call.make(), call.what); !done.ok()) return done;
    }
    return {};
}

class Namespace {
public:
    Namespace(NdContext& context, const NamespaceRequest& request, ndctl_region* region, ndctl_namespace* ns)
        : context_(context), request_(request), region_(region), ns_(ns) {}

    Attempt create() {
        if (ndctl_namespace_is_configuration_idle(ns_) == 0) return {EAGAIN, request_.name + " is not idle any more"};
        Attempt done = set_up();
        if (!done.ok() && request_.labelled) {
            ndctl_namespace_set_enforce_mode(ns_, NDCTL_NS_MODE_RAW);
            ndctl_namespace_delete(ns_);
        }
        return done;
    }

    Attempt reconfigure() {
        Before before;
        if (auto ready = prepare(before); !ready.ok()) return ready;
        if (request_.init_labels) {
            Attempt labelled = init_labels(context_, region_);
            ns_ = NdContext::find(region_, request_.name);
            if (ns_ == nullptr) return {ENODEV, request_.name + " is gone: " + labelled.text};
            if (!labelled.ok()) return put_back(before, labelled);
            // What was there before is now outside of any namespace.
            return set_up();
        }
        Attempt done = set_up();
        return done.ok() ? done : put_back(before, done);
    }

    Attempt destroy() {
        Before before;
        if (auto ready = prepare(before); !ready.ok()) return ready;
        if (!request_.labelled) return {};
        const Attempt done = context_.answer(ndctl_namespace_delete(ns_), "deleting " + request_.name);
        return done.ok() ? done : put_back(before, done);
    }

    Attempt enable() { return context_.answer(ndctl_namespace_enable(ns_), "enabling " + request_.name); }
    Attempt disable() { return context_.answer(ndctl_namespace_disable_safe(ns_), "disabling " + request_.name); }

private:
    // namespace_prep_reconfig()
    Attempt prepare(Before& before) {
        before.active = ndctl_namespace_is_active(ns_);
        if (ndctl_region_get_ro(region_) > 0) return {ENXIO, request_.region + " is read-only"};
        if (before.active && !request_.force) return {EBUSY, request_.name + " is active: disable it first"};
        before.mode = ndctl_namespace_get_enforce_mode(ns_);
        before.size = ndctl_namespace_get_size(ns_);
        before.labelled = request_.labelled && !request_.init_labels;
        ndctl_namespace_get_uuid(ns_, before.uuid.bytes);
        if (const char* name = ndctl_namespace_get_alt_name(ns_)) before.alt_name = name;
        if (auto off = disable(); !off.ok()) return off;
        ndctl_namespace_set_enforce_mode(ns_, NDCTL_NS_MODE_RAW);
        const Attempt zeroed = before.size == 0 ? Attempt{} : zero_info_block(before);
        return zeroed.ok() ? zeroed : put_back(before, zeroed);
    }

    // Where nothing can be read, there is nothing that a driver would find: ndctl goes on, too.
    Attempt zero_info_block(Before& before) {
        std::string bytes;
        if (!read_info_block(context_, ns_, bytes).ok()) return {};
        if (std::ranges::all_of(bytes, [](char c) { return c == 0; })) return {};
        before.info = bytes;
        return write_info_block(context_, ns_, std::string(bytes.size(), '\0'));
    }

    Attempt set_up() {
        using enum NamespaceRequest::Instance;
        if (auto done = set_label(); !done.ok()) return done;
        if (auto done = set_sector_size(); !done.ok()) return done;
        // Not checked: kernels before 4.13 have no holder_class, and it only keeps others from taking the namespace.
        ndctl_namespace_set_enforce_mode(ns_, mode_for(request_.mode));
        switch (request_.instance) {
            case pfn: return set_up_pfn();
            case dax: return set_up_dax();
            case btt: return set_up_btt();
            case none: break;
        }
        return enable();
    }

    Attempt set_label() {
        if (ndctl_namespace_get_type(ns_) == ND_DEVICE_NAMESPACE_IO) return {};
        Uuid uuid = uuid_of(request_.uuid);
        const std::string& name = request_.name;
        std::vector<Call> calls;
        calls.push_back({"setting the uuid of " + name, [&] { return ndctl_namespace_set_uuid(ns_, uuid.bytes); }});
        if (request_.alt_name) {
            calls.push_back({"setting the name of " + name,
                             [&] { return ndctl_namespace_set_alt_name(ns_, request_.alt_name->c_str()); }});
        }
        calls.push_back({"setting the size of " + name, [&] { return ndctl_namespace_set_size(ns_, request_.size); }});
        return one_after_the_other(context_, calls);
    }

    // A btt has a sector size of its own; labels before version 1.2 have none.
    Attempt set_sector_size() {
        if (request_.sector_size == 0) return {};
        const auto wanted = static_cast<unsigned>(request_.sector_size);
        const int sizes = ndctl_namespace_get_num_sector_sizes(ns_);
        for (int i = 0; i < sizes; ++i) {
            if (ndctl_namespace_get_supported_sector_size(ns_, i) != wanted) continue;
            return context_.answer(ndctl_namespace_set_sector_size(ns_, wanted),
                                   "setting the sector size of " + request_.name);
        }
        const bool needless = request_.mode == NamespaceMode::sector || wanted == 512;
        return needless ? Attempt{} : Attempt{EINVAL, request_.name + " has no such sector size"};
    }

    [[nodiscard]] ndctl_pfn_loc location() const {
        return request_.map_in_ram ? NDCTL_PFN_LOC_RAM : NDCTL_PFN_LOC_PMEM;
    }

    Attempt set_up_pfn() {
        ndctl_pfn* pfn = ndctl_region_get_pfn_seed(region_);
        if (pfn == nullptr) return {ENXIO, request_.region + " has no idle pfn device"};
        const std::string name = ndctl_pfn_get_devname(pfn);
        Uuid uuid = uuid_of({});
        Attempt done = one_after_the_other(
            context_, {{"setting the uuid of " + name, [&] { return ndctl_pfn_set_uuid(pfn, uuid.bytes); }},
                       {"setting the map of " + name, [&] { return ndctl_pfn_set_location(pfn, location()); }},
                       {"setting the align of " + name,
                        [&] { return ndctl_pfn_has_align(pfn) != 0 ? ndctl_pfn_set_align(pfn, request_.align) : 0; }},
                       {"giving " + request_.name + " to " + name, [&] { return ndctl_pfn_set_namespace(pfn, ns_); }},
                       {"enabling " + name, [&] { return ndctl_pfn_enable(pfn); }}});
        if (!done.ok()) ndctl_pfn_set_namespace(pfn, nullptr);
        return done;
    }

    Attempt set_up_dax() {
        ndctl_dax* dax = ndctl_region_get_dax_seed(region_);
        if (dax == nullptr) return {ENXIO, request_.region + " has no idle dax device"};
        const std::string name = ndctl_dax_get_devname(dax);
        Uuid uuid = uuid_of({});
        Attempt done = one_after_the_other(
            context_, {{"setting the uuid of " + name, [&] { return ndctl_dax_set_uuid(dax, uuid.bytes); }},
                       {"setting the map of " + name, [&] { return ndctl_dax_set_location(dax, location()); }},
                       {"setting the align of " + name, [&] { return ndctl_dax_set_align(dax, request_.align); }},
                       {"giving " + request_.name + " to " + name, [&] { return ndctl_dax_set_namespace(dax, ns_); }},
                       {"enabling " + name, [&] { return ndctl_dax_enable(dax); }}});
        if (!done.ok()) ndctl_dax_set_namespace(dax, nullptr);
        return done;
    }

    Attempt set_up_btt() {
        ndctl_btt* btt = ndctl_region_get_btt_seed(region_);
        if (btt == nullptr) return {ENXIO, request_.region + " has no idle btt device"};
        const std::string name = ndctl_btt_get_devname(btt);
        const auto sector = static_cast<unsigned>(request_.sector_size);
        Uuid uuid = uuid_of({});
        Attempt done = one_after_the_other(
            context_, {{"setting the uuid of " + name, [&] { return ndctl_btt_set_uuid(btt, uuid.bytes); }},
                       {"setting the sector size of " + name, [&] { return ndctl_btt_set_sector_size(btt, sector); }},
                       {"giving " + request_.name + " to " + name, [&] { return ndctl_btt_set_namespace(btt, ns_); }},
                       {"enabling " + name, [&] { return ndctl_btt_enable(btt); }}});
        // ndctl leaves the namespace claimed, and nobody can delete it then.
        if (!done.ok()) ndctl_btt_set_namespace(btt, nullptr);
        return done;
    }

    // As before the first call; the answer says whether that was possible.
    Attempt put_back(Before& before, Attempt failed) {
        std::vector<Call> calls;
        const std::string& name = request_.name;
        if (before.labelled && before.size != 0) {
            calls.push_back({"uuid of " + name, [&] { return ndctl_namespace_set_uuid(ns_, before.uuid.bytes); }});
            calls.push_back(
                {"name of " + name, [&] { return ndctl_namespace_set_alt_name(ns_, before.alt_name.c_str()); }});
            if (ndctl_namespace_get_size(ns_) != before.size) {
                calls.push_back({"size of " + name, [&] { return ndctl_namespace_set_size(ns_, before.size); }});
            }
        }
        ndctl_namespace_set_enforce_mode(ns_, before.mode);
        Attempt back = one_after_the_other(context_, calls);
        if (back.ok() && !before.info.empty()) back = write_info_block(context_, ns_, before.info);
        if (back.ok() && before.active) back = enable();
        failed.changed = !back.ok();
        failed.text +=
            back.ok() ? "; what was there is put back" : "; putting back what was there failed, too: " + back.text;
        return failed;
    }

    NdContext& context_;
    const NamespaceRequest& request_;
    ndctl_region* region_;
    ndctl_namespace* ns_;
};

struct Verb {
    NamespaceRequest::What what;
    Attempt (Namespace::*carry_out)();
};
constexpr std::array kVerbs{
    Verb{NamespaceRequest::What::create, &Namespace::create},
    Verb{NamespaceRequest::What::reconfigure, &Namespace::reconfigure},
    Verb{NamespaceRequest::What::destroy, &Namespace::destroy},
    Verb{NamespaceRequest::What::enable, &Namespace::enable},
    Verb{NamespaceRequest::What::disable, &Namespace::disable},
};

}   // namespace

Attempt carry_out(NdContext& context, const NamespaceRequest& request) {
    ndctl_region* region = context.region(request.region);
    if (region == nullptr) return {ENODEV, "there is no " + request.region};
    ndctl_namespace* ns = NdContext::find(region, request.name);
    if (ns == nullptr) return {ENODEV, "there is no " + request.name};
    Namespace subject(context, request, region, ns);
    const Attempt done = (subject.*std::ranges::find(kVerbs, request.what, &Verb::what)->carry_out)();
    // Devices come and go asynchronously; what is looked at next must be settled.
    ndctl_bus_wait_probe(ndctl_region_get_bus(region));
    return done;
}

}   // namespace memhot::execute
