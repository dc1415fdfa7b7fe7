// SPDX-License-Identifier: GPL-2.0-or-later
#include "context.hpp"

#include "client/bus.hpp"
#include "output/text.hpp"

namespace memhotctl {

std::string Context::size(std::uint64_t bytes) const {
    return arguments_.flag("bytes") ? std::to_string(bytes) : memhot::human_size(bytes);
}

HostRequest Context::request() const {
    return {.root = arguments_.value("root"),
            .snapshot = arguments_.value("snapshot"),
            .kernel = arguments_.value("kernel"),
            .arch = arguments_.value("arch"),
            .page_size = arguments_.value("page-size"),
            .bus = daemon_ ? std::optional<std::string>("local") : arguments_.value("host")};
}

namespace {

// Neither /proc nor /sys is there: what remains is what uname() says.
bool shows_nothing(const memhot::Snapshot& snapshot) {
    return !snapshot.memory_block_size && !snapshot.iomem && snapshot.zones.empty() && snapshot.cmdline.empty();
}

}   // namespace

memhot::Result<memhot::Snapshot> Context::snapshot() {
    const HostRequest asked = request();
    if (asked.bus) return told(snapshot_from_bus(*asked.bus, may_ask()));
    auto snapshot = read_snapshot(asked);
    unreachable_ = asked.is_this_machine() && (!snapshot || shows_nothing(*snapshot));
    if (!snapshot || asked.snapshot || !shows_nothing(*snapshot)) return snapshot;
    return unreachable_ ? memhot::bad_input("this machine shows nothing of its memory, expected /proc and /sys mounted")
                        : memhot::bad_input("--root " + in_quotes(*asked.root) +
                                            ": no host there, expected a directory with the "
                                            "files of its proc and sys");
}

memhot::Result<Host> Context::host() {
    return snapshot().and_then([&](memhot::Snapshot&& read) { return make_host(std::move(read), request()); });
}

}   // namespace memhotctl
