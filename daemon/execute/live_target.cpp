// SPDX-License-Identifier: GPL-2.0-or-later
#include "execute/live_target.hpp"

#include <cerrno>

#include "execute/nd_calls.hpp"
#include "execute/saved_file.hpp"
#include "memhot/snapshot.hpp"

namespace memhot::execute {

namespace {

Attempt not_tried(const Verdict& verdict) {
    const Outcome& outcome = verdict.outcome;
    return {outcome.error == 0 ? EINVAL : outcome.error, "not tried: " + verdict.operation + ": " + verdict.summary};
}

int errno_for(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::not_permitted: return EACCES;
        case ErrorKind::not_found: return ENODEV;
        case ErrorKind::unsupported: return EOPNOTSUPP;
        default: return EINVAL;
    }
}

}   // namespace

Attempt run_command(const CommandLine& command) {
    const auto snapshot = read_host("/");
    if (!snapshot) return {errno_for(snapshot.error().kind()), snapshot.error().message()};
    const auto resolved = resolve(*snapshot, command);
    if (!resolved) return {errno_for(resolved.error().kind()), resolved.error().message()};
    const auto kind = resolved->verdict.outcome.kind;
    if (kind == Outcome::Kind::refused || kind == Outcome::Kind::crash) return not_tried(resolved->verdict);
    if (resolved->namespaces.empty() && resolved->devices.empty()) {
        return {ENODEV, to_string(command) + ": there is no such device"};
    }
    NdContext context;
    for (const auto& request : resolved->namespaces) {
        if (auto done = execute::carry_out(context, request); !done.ok()) return done;
    }
    for (const auto& request : resolved->devices) {
        if (auto done = execute::carry_out(context, request); !done.ok()) return done;
    }
    return {};
}

Attempt LiveTarget::save(const SaveAction& action) const {
    NdContext context;
    std::string bytes;
    if (action.what == SaveAction::What::labels) {
        ndctl_dimm* dimm = context.dimm(action.device);
        if (dimm == nullptr) return {ENODEV, "there is no " + action.device};
        const Attempt read = read_labels(context, dimm, bytes);
        return read.ok() ? save_file(save_directory_, action.device + ".labels", bytes) : read;
    }
    ndctl_namespace* ns = context.find(action.device);
    if (ns == nullptr) return {ENODEV, "there is no " + action.device};
    const Attempt read = read_info_block(context, ns, bytes);
    return read.ok() ? save_file(save_directory_, action.device + ".info", bytes) : read;
}

// Only the first bytes: labels change with every namespace of the region.
std::optional<bool> LiveTarget::holds_saved(const SaveAction& action) {
    if (action.what != SaveAction::What::info_block) return std::nullopt;
    NdContext context;
    std::string bytes;
    ndctl_namespace* ns = context.find(action.device);
    if (ns == nullptr || !read_info_block(context, ns, bytes).ok()) return std::nullopt;
    return is_saved(save_directory_, action.device + ".info", bytes);
}

Attempt LiveTarget::carry_out(const Action& action) {
    files_.look_anew();
    if (const auto* command = std::get_if<CommandLine>(&action)) return run_command(*command);
    if (const auto* what = std::get_if<SaveAction>(&action)) return save(*what);
    return files_.carry_out(action);
}

Result<std::optional<std::string>> LiveTarget::look(const Fact& fact) { return files_.look(fact); }

void LiveTarget::look_anew() { files_.look_anew(); }

}   // namespace memhot::execute
