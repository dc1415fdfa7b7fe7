// SPDX-License-Identifier: GPL-2.0-or-later
#include "context.hpp"

namespace memhotctl {

std::string Context::size(std::uint64_t bytes) const {
    return arguments_.flag("bytes") ? std::to_string(bytes) : memhot::human_size(bytes);
}

HostRequest Context::request() const {
    return {.root = arguments_.value("root"),
            .snapshot = arguments_.value("snapshot"),
            .kernel = arguments_.value("kernel"),
            .arch = arguments_.value("arch"),
            .page_size = arguments_.value("page-size")};
}

memhot::Result<memhot::Snapshot> Context::snapshot() {
    const HostRequest asked = request();
    auto snapshot = read_snapshot(asked);
    unreachable_ = !snapshot && asked.is_this_machine();
    return snapshot;
}

memhot::Result<Host> Context::host() {
    return snapshot().and_then([&](memhot::Snapshot&& read) { return make_host(std::move(read), request()); });
}

}   // namespace memhotctl
