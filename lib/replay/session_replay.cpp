// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Replays ndctl sessions: each command behind set-up is predicted, compared and adopted.
#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "nvdimm/command.hpp"
#include "nvdimm/kernel_log.hpp"
#include "replay/message_log.hpp"
#include "replay/session_host.hpp"

namespace memhot {

namespace {

using Json = nlohmann::ordered_json;

Json answer_json(int exit, const std::string& error, const std::optional<std::string>& mode,
                 const std::optional<std::uint64_t>& size, const std::optional<std::uint64_t>& align,
                 const std::optional<std::string>& map) {
    Json json{{"exit", exit}};
    if (!error.empty()) json["error"] = error;
    if (mode) json["mode"] = *mode;
    if (size) json["size"] = *size;
    if (align) json["align"] = *align;
    if (map) json["map"] = *map;
    return json;
}

template <class T>
bool same_where_recorded(const std::optional<T>& predicted, const std::optional<T>& recorded) {
    return !recorded || predicted == recorded;
}

std::string disagreement(const CommandAnswer& predicted, const SessionStep& recorded) {
    const bool failed = recorded.exit != 0;
    if (predicted.uncertain && failed) {
        return recorded.error.ends_with("Device or resource busy") ? "" : "errno is not in the set";
    }
    if ((predicted.exit != 0) != failed) return "exit";
    if (failed) return predicted.error == recorded.error ? "" : "error text";
    if (!same_where_recorded(predicted.mode, recorded.mode)) return "mode";
    if (!same_where_recorded(predicted.size, recorded.size)) return "size";
    if (!same_where_recorded(predicted.align, recorded.align)) return "align";
    if (!same_where_recorded(predicted.map, recorded.map)) return "map";
    return {};
}

class SessionReplay {
public:
    SessionReplay(const Session& session, NdBus bus, ReplayReport& report)
        : session_(session), bus_(std::move(bus)), report_(report) {}

    Status run(std::size_t first) {
        for (std::size_t i = first; i < session_.steps.size(); ++i) {
            if (auto taken = take(i, session_.steps[i]); !taken) return taken;
        }
        return Done{};
    }

private:
    Status take(std::size_t index, const SessionStep& step) {
        bool agreed = true;
        bus_.log.clear();
        if (step.command) agreed = take_command(index, step);
        if (step.write) write_to_sysfs(step);
        take_messages(step);
        if (!step.after) return Done{};
        ++report_.observations;
        auto differences = compare_bus(bus_, *step.after);
        if (differences.empty()) ++report_.observations_agreed;
        for (auto& one : differences) {
            report_.disagreements.push_back(
                {index, "after", std::move(one.predicted), std::move(one.recorded), std::move(one.why)});
        }
        if (agreed && differences.empty()) return Done{};
        auto again = bus_of(session_.kernel, *step.after, bus_.media);
        if (!again) return std::move(again).error();
        bus_ = *std::move(again);
        bus_.model.said(said_once_);
        return Done{};
    }

    bool take_command(std::size_t index, const SessionStep& step) {
        NdBus trial = bus_;
        const CommandAnswer predicted = run_command(trial, split_command(*step.command));
        const std::string why = disagreement(predicted, step);
        ++report_.operations;
        const bool went_the_other_way = predicted.uncertain && step.exit != 0;
        if (went_the_other_way) {
            offline_until(predicted, step);
        } else {
            bus_ = std::move(trial);
            bus_.log = predicted.log;
        }
        if (why.empty()) {
            ++report_.agreed;
            report_.rules.set(static_cast<std::size_t>(predicted.rule));
            if (predicted.uncertain) ++report_.uncertain;
            return true;
        }
        report_.disagreements.push_back(
            {index, *step.command,
             answer_json(predicted.exit, predicted.error, predicted.mode, predicted.size, predicted.align,
                         predicted.map)
                 .dump(),
             answer_json(step.exit, step.error, step.mode, step.size, step.align, step.map).dump(), why});
        return false;
    }

    // The recorded answer says at which block daxctl gave up; those that it took before stay offline.
    void offline_until(const CommandAnswer& predicted, const SessionStep& step) {
        bus_.log.assign(predicted.log.begin(),
                        predicted.log.begin() + static_cast<std::ptrdiff_t>(predicted.certain_log));
        if (!step.stuck_block) return;
        for (const std::uint64_t number : predicted.offline_order) {
            const op::SetState offline{number, "offline"};
            if (number == *step.stuck_block) {
                carry_out(bus_, offline, Outcome::refuse(RuleId::offline_unmovable, EBUSY));
                break;
            }
            carry_out(bus_, offline, Outcome::accept(RuleId::none));
        }
    }

    // Only region align is ever written; what the kernel answered is not judged here.
    void write_to_sysfs(const SessionStep& step) { write_attribute(bus_, *step.write, step.value); }

    // How many pages all zones have above their watermarks shows nowhere but in the log.
    void take_messages(const SessionStep& step) {
        std::ranges::copy_if(bus_.log, std::back_inserter(said_once_), [](const auto& line) { return line.once >= 0; });
        for (const auto& line : log_.take(bus_.log, step.messages)) {
            if (const auto pages = total_pages_of(line)) bus_.model.learn_total_pages(*pages);
        }
    }

    const Session& session_;
    NdBus bus_;
    ReplayReport& report_;
    MessageLog log_{report_};
    std::vector<KernelMessage> said_once_;
};

}   // namespace

Status replay_session(const Session& session, ReplayReport& report) {
    const auto start =
        std::ranges::find_if(session.steps, [](const SessionStep& step) { return step.after.has_value(); });
    if (start == session.steps.end()) return bad_input("no step has an \"after\": the start state is missing");
    auto bus = bus_of(session.kernel, *start->after, {});
    if (!bus) return std::move(bus).error();
    report.id = session.id;
    report.kernel = session.kernel.release;
    report.arch = session.kernel.arch;
    const auto first = static_cast<std::size_t>(start - session.steps.begin()) + 1;
    return SessionReplay(session, *std::move(bus), report).run(first);
}

}   // namespace memhot
