// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/policies.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "client/blocks.hpp"
#include "client/things.hpp"
#include "output/text.hpp"

namespace memhotctl {

namespace policy = memhot::policy;
using memhot::Result;

namespace {

// Blocks of a snapshot without sysfs are those of the model.
memhot::Snapshot with_blocks(const Host& host) {
    memhot::Snapshot snapshot = host.snapshot;
    if (snapshot.blocks) return snapshot;
    std::vector<memhot::BlockRecord> records;
    for (const auto& block : blocks_of(host)) {
        records.push_back({block.number, block.state, block.zones, std::nullopt, block.node});
    }
    if (!records.empty()) snapshot.blocks = std::move(records);
    return snapshot;
}

class Asker {
public:
    Asker(const PolicyFiles& files, const policy::Host& host) : files_(files), host_(host) {
        if (!memhot::config::has_errors(files.settings.problems))
            options_.override_owners = files.settings.settings.override_owners;
    }

    void device(const memhot::DaxDeviceRecord& device) {
        add(policy::dax_subject(host_, device));
        for (const auto& block : memhot::dax_blocks(host_.snapshot, device)) blocks_.insert(block.number);
    }
    void ns(const memhot::NamespaceRecord& ns) { add(policy::namespace_subject(host_, ns)); }
    void block(std::uint64_t number) {
        blocks_.insert(number);
        add(policy::block_subject(host_, number));
    }
    void blocks_of_devices() {
        for (const auto number : std::set<std::uint64_t>(blocks_)) add(policy::block_subject(host_, number));
    }

    PolicyAnswer finish() {
        answer_.plan = policy::plan_device(files_.policies.policies, host_, {blocks_.begin(), blocks_.end()}, options_);
        return std::move(answer_);
    }

private:
    void add(policy::Subject subject) {
        auto decision = policy::decide(files_.policies.policies, subject, host_, options_);
        if (!answer_.things.empty() && joins(answer_.things.back(), subject, decision)) {
            ++answer_.things.back().count;
            answer_.things.back().last_block = subject.block;
            return;
        }
        answer_.things.push_back({1, subject.block, std::move(subject), std::move(decision)});
    }

    static bool joins(const DecidedThing& last, const policy::Subject& subject, const policy::Decision& decision) {
        using Kind = policy::Subject::Kind;
        return last.subject.kind == Kind::block && subject.kind == Kind::block &&
               last.last_block + 1 == subject.block && last.subject.dax == subject.dax &&
               last.subject.node == subject.node && last.subject.sources == subject.sources &&
               last.decision.policy == decision.policy && last.decision.action == decision.action &&
               last.decision.place == decision.place && same_but_name(last, subject, decision);
    }
    // An uncertain decision names its subject.
    static bool same_but_name(const DecidedThing& last, const policy::Subject& subject,
                              const policy::Decision& decision) {
        std::string text = decision.text;
        if (const auto at = text.find(subject.name); at != std::string::npos)
            text.replace(at, subject.name.size(), last.subject.name);
        return text == last.decision.text || decision.action == policy::Action::uncertain;
    }

    const PolicyFiles& files_;
    const policy::Host& host_;
    policy::DecideOptions options_;
    std::set<std::uint64_t> blocks_;
    PolicyAnswer answer_;
};

memhot::Error no_such_block(std::string_view text) {
    return memhot::bad_input(
        fmt::format("{}: this host has no such memory block, and no dax device would bring it", in_quotes(text)));
}

memhot::Status ask_blocks(Asker& asker, const Host& host, const policy::Host& view, const std::string& text) {
    const auto thing = find_thing(host, text);
    if (!thing) return thing.error();
    const std::uint64_t size = host.units().block_size;
    bool found = false;
    const auto asks = [&](std::uint64_t number) {
        return std::ranges::any_of(thing->ranges, [&](const memhot::Range& range) {
            return range.overlaps({number * size, number * size + (size - 1)});
        });
    };
    std::set<std::uint64_t> numbers;
    for (const auto& block : view.snapshot.blocks.value_or(std::vector<memhot::BlockRecord>{})) {
        if (size != 0 && asks(block.number)) numbers.insert(block.number);
    }
    for (const auto& [number, _] : view.dax_of_block) {
        if (size != 0 && asks(number)) numbers.insert(number);
    }
    for (const auto number : numbers) {
        asker.block(number);
        found = true;
    }
    if (!found) return no_such_block(text);
    return memhot::Done{};
}

}   // namespace

PolicyFiles read_policies(const PolicyRequest& request) {
    PolicyFiles files;
    // a directory that is named is one of this machine
    files.policies =
        request.directory ? policy::load_policies("/", request.directory) : policy::load_policies(request.root);
    if (!request.with_settings) return files;
    files.settings = memhot::config::load_settings(request.root);
    if (!request.with_knobs) return files;
    const auto directory = request.root + files.settings.settings.state_directory;
    auto own = memhot::journal::read_own_knobs(directory, memhot::journal::boot_id(request.root));
    if (own) files.own_knobs = *std::move(own);   // else they look like somebody else's, as to whoever may not read
    return files;
}

Result<PolicyAnswer> ask_policies(const PolicyFiles& files, const Host& host, const std::optional<std::string>& thing) {
    const auto snapshot = with_blocks(host);
    const policy::Host view(snapshot, files.own_knobs);
    Asker asker(files, view);
    if (thing) {
        if (const auto* device = view.nd.dax_device(*thing)) {
            asker.device(*device);
            asker.blocks_of_devices();
        } else if (const auto* ns = view.nd.find_namespace(*thing)) {
            asker.ns(*ns);
        } else if (auto asked = ask_blocks(asker, host, view, *thing); !asked) {
            return std::move(asked).error();
        }
        return asker.finish();
    }
    for (const auto& ns : view.nd.namespaces) {
        if (ns.size.value_or(0) != 0) asker.ns(ns);   // the others are seeds
    }
    for (const auto& device : view.nd.dax_devices) asker.device(device);
    std::set<std::uint64_t> numbers;
    for (const auto& block : snapshot.blocks.value_or(std::vector<memhot::BlockRecord>{})) numbers.insert(block.number);
    for (const auto& [number, _] : view.dax_of_block) numbers.insert(number);
    for (const auto number : numbers) asker.block(number);
    return asker.finish();
}

}   // namespace memhotctl
