// SPDX-License-Identifier: GPL-2.0-or-later
//
// The label areas of DIMMs.
#include <linux/ndctl.h>

#include <cerrno>
#include <memory>

#include "execute/nd_calls.hpp"

namespace memhot::execute {

namespace {

struct Unref {
    void operator()(ndctl_cmd* command) const { ndctl_cmd_unref(command); }
};
using Command = std::unique_ptr<ndctl_cmd, Unref>;

std::string name_of(ndctl_dimm* dimm) { return ndctl_dimm_get_devname(dimm); }

bool takes_labels(ndctl_dimm* dimm) {
    for (const int command : {ND_CMD_GET_CONFIG_SIZE, ND_CMD_GET_CONFIG_DATA, ND_CMD_SET_CONFIG_DATA}) {
        if (ndctl_dimm_is_cmd_supported(dimm, command) == 0) return false;
    }
    return true;
}

// Whether the kernel has taken the labels: it keeps one free for updates (enable_labels of ndctl/namespace.c).
bool understood(ndctl_dimm* dimm, int labels) {
    return static_cast<unsigned long>(labels) == ndctl_dimm_get_available_labels(dimm) + 1;
}

Attempt init_dimm(NdContext& context, ndctl_dimm* dimm, ndctl_namespace_version version, bool& taken) {
    const Command index(ndctl_dimm_read_label_index(dimm));
    if (!index) return {ENXIO, "reading the label index of " + name_of(dimm)};
    const int labels = ndctl_dimm_init_labels(dimm, version);
    if (auto done = context.answer(labels, "initialising the labels of " + name_of(dimm)); !done.ok()) return done;
    ndctl_dimm_disable(dimm);
    const Attempt enabled = context.answer(ndctl_dimm_enable(dimm), "enabling " + name_of(dimm));
    taken = understood(dimm, labels);
    return enabled;
}

Attempt init_dimms(NdContext& context, ndctl_region* region, ndctl_namespace_version version, bool& all_taken) {
    all_taken = true;
    ndctl_dimm* dimm = nullptr;
    ndctl_dimm_foreach_in_region(region, dimm) {
        bool taken = false;
        if (auto done = init_dimm(context, dimm, version, taken); !done.ok()) return done;
        all_taken = all_taken && taken;
    }
    return {};
}

// A DIMM that another region uses must keep its labels.
Attempt init_idle(NdContext& context, ndctl_region* region) {
    ndctl_dimm* dimm = nullptr;
    ndctl_dimm_foreach_in_region(region, dimm) {
        if (ndctl_dimm_is_active(dimm) != 0) return {EBUSY, name_of(dimm) + " is active in another region"};
    }
    bool taken = false;
    Attempt done = init_dimms(context, region, NDCTL_NS_VERSION_1_2, taken);
    if (done.ok() && !taken) done = init_dimms(context, region, NDCTL_NS_VERSION_1_1, taken);
    return done;
}

}   // namespace

Attempt read_labels(NdContext& context, ndctl_dimm* dimm, std::string& bytes) {
    const Command command(ndctl_dimm_read_labels(dimm));
    if (!command) return context.answer(-ENXIO, "reading the labels of " + name_of(dimm));
    const ssize_t size = ndctl_cmd_cfg_read_get_size(command.get());
    if (size <= 0) return {EIO, "reading the labels of " + name_of(dimm) + ": there are none"};
    bytes.resize(static_cast<std::size_t>(size));
    const ssize_t got = ndctl_cmd_cfg_read_get_data(command.get(), bytes.data(), static_cast<unsigned>(size), 0);
    return got == size ? Attempt{} : Attempt{EIO, "short read of the labels of " + name_of(dimm)};
}

Attempt init_labels(NdContext& context, ndctl_region* region) {
    ndctl_dimm* dimm = nullptr;
    ndctl_dimm_foreach_in_region(region, dimm) {
        if (!takes_labels(dimm)) return {EOPNOTSUPP, name_of(dimm) + " takes no labels"};
    }
    const std::string name = ndctl_region_get_devname(region);
    if (auto off = context.answer(ndctl_region_disable_invalidate(region), "disabling " + name); !off.ok()) return off;
    const Attempt done = init_idle(context, region);
    const Attempt enabled = context.answer(ndctl_region_enable(region), "enabling " + name);
    return done.ok() ? enabled : done;
}

}   // namespace memhot::execute
