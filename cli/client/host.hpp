// SPDX-License-Identifier: GPL-2.0-or-later
//
// The host that a command speaks about, in process: this machine, a root directory or a snapshot, seen with its own
// kernel or with the one that --kernel, --arch and --page-size name.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "memhot/model.hpp"
#include "memhot/snapshot.hpp"

namespace memhotctl {

struct HostRequest {
    std::optional<std::string> root;
    std::optional<std::string> snapshot;
    std::optional<std::string> kernel;
    std::optional<std::string> arch;
    std::optional<std::string> page_size;
    std::optional<std::string> bus{};   // asked of the memhotd there

    [[nodiscard]] bool is_this_machine() const { return !snapshot && !bus && root.value_or("/") == "/"; }
    [[nodiscard]] bool asks_for_another_kernel() const { return kernel || arch || page_size; }
};

struct Host {
    memhot::Snapshot snapshot;
    bool this_machine = false;
    // What is absent says why: list and status go on without.
    std::shared_ptr<const memhot::KernelProfile> profile;
    std::optional<memhot::Error> no_profile;
    std::optional<memhot::Model> model;
    std::optional<memhot::Error> no_model;
    // What the what-if takes for granted, beside the model's own assumptions.
    std::vector<std::string> assumptions;

    [[nodiscard]] memhot::RangeUnits units() const;
    // The model, or why there is none, with the remedy where the kernel hides its addresses.
    [[nodiscard]] memhot::Result<const memhot::Model*> need_model() const;
    // Why /proc/iomem shows no addresses, and what to do about it.
    [[nodiscard]] std::string with_remedy(const std::string& why) const;
};

memhot::Result<memhot::Snapshot> read_snapshot(const HostRequest& request);
// The host of a snapshot, seen with the kernel that is asked for. An error only where that kernel cannot be had.
memhot::Result<Host> make_host(memhot::Snapshot snapshot, const HostRequest& request);

}   // namespace memhotctl
