// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "execute/clock.hpp"
#include "execute/target.hpp"

namespace memhot::execute {

namespace {

Attempt attempt_of(const Verdict& verdict) {
    if (verdict.outcome.accepted() || verdict.outcome.kind == Outcome::Kind::uncertain) return {};
    if (verdict.outcome.kind == Outcome::Kind::crash) return {EIO, "the kernel crashed"};
    return {verdict.outcome.error == 0 ? EINVAL : verdict.outcome.error, verdict.summary};
}

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> out;
    for (auto colon = text.find(':'); colon != std::string_view::npos; colon = text.find(':')) {
        out.push_back(text.substr(0, colon));
        text.remove_prefix(colon + 1);
    }
    out.push_back(text);
    return out;
}

Error bad_fault(std::string_view text) {
    return bad_input(fmt::format("fault \"{}\": expected EBUSY:SUBJECT:TIMES, EIO:SUBJECT, vanish:SUBJECT or "
                                 "slow:SUBJECT:MILLISECONDS",
                                 text));
}

}   // namespace

// "memory40" of ".../memory40/state". Of a command its device; of one that makes a device the region that it is made in,
// where one is named, else the command itself. Plans have options in their long form.
std::string subject_of(const Action& action) {
    if (const auto* write = std::get_if<WriteAction>(&action)) {
        const auto slash = write->path.rfind('/');
        const auto above = slash == std::string::npos || slash == 0 ? slash : write->path.rfind('/', slash - 1);
        return above == std::string::npos ? write->path : write->path.substr(above + 1, slash - above - 1);
    }
    if (const auto* save = std::get_if<SaveAction>(&action)) return save->device;
    constexpr std::string_view kRegion = "--region=";
    const auto& command = std::get<CommandLine>(action);
    std::string region;
    for (const auto& argument : command.arguments) {
        if (!argument.starts_with("-")) return argument;
        if (const auto equals = argument.find("=namespace"); equals != std::string::npos)
            return argument.substr(equals + 1);
        if (argument.starts_with(kRegion)) region = argument.substr(kRegion.size());
    }
    return region.empty() ? command.verb : region;
}

Result<Fault> parse_fault(std::string_view text) {
    const auto parts = split(text);
    if (parts.size() < 2 || parts[1].empty()) return bad_fault(text);
    const bool counted = parts[0] == "EBUSY" || parts[0] == "slow";
    if (parts.size() != (counted ? 3U : 2U)) return bad_fault(text);
    Fault fault;
    fault.subject = parts[1];
    if (counted) {
        const auto number = parse_number(parts[2]);
        if (!number || *number > 1'000'000'000) return bad_fault(text);
        fault.kind = parts[0] == "EBUSY" ? Fault::Kind::busy : Fault::Kind::slow;
        fault.times = static_cast<unsigned>(*number);
        fault.delay = *number * 1000;
        return fault;
    }
    if (parts[0] != "EIO" && parts[0] != "vanish") return bad_fault(text);
    fault.kind = parts[0] == "EIO" ? Fault::Kind::io : Fault::Kind::vanish;
    return fault;
}

Attempt SimulatedTarget::carry_out(const Action& action) {
    const std::string subject = subject_of(action);
    if (std::ranges::find(gone_, subject) != gone_.end()) return {ENOENT, subject + " has vanished"};
    for (auto& fault : faults_) {
        if (fault.subject != subject) continue;
        switch (fault.kind) {
            case Fault::Kind::busy:
                if (fault.times == 0) continue;
                --fault.times;
                return {EBUSY, "injected"};
            case Fault::Kind::io: return {EIO, "injected"};
            case Fault::Kind::vanish: gone_.push_back(subject); return {ENOENT, subject + " has vanished"};
            case Fault::Kind::slow: clock_.sleep(fault.delay); break;
        }
    }
    const Attempt attempt = attempt_of(host_.carry_out(action));
    if (attempt.ok()) taken_.push_back(to_string(action));
    return attempt;
}

Result<std::optional<std::string>> SimulatedTarget::look(const Fact& fact) {
    if (std::ranges::find(gone_, fact.name) != gone_.end()) return std::optional<std::string>("absent");
    return std::optional<std::string>(host_.value(fact.kind, fact.name));
}

}   // namespace memhot::execute
