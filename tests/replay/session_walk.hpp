// SPDX-License-Identifier: GPL-2.0-or-later
//
// A walk through a recorded ndctl and daxctl session with the mirrored nvdimm bus beside it.
#pragma once

#include <nlohmann/json.hpp>

#include "nvdimm/command.hpp"
#include "replay/recordings.hpp"
#include "replay/session_host.hpp"

namespace memhot::test {

class SessionWalk {
public:
    explicit SessionWalk(const std::string& file) {
        auto text = read_file_or_xz(file, 256 * kMiB);
        if (!text) throw std::runtime_error(file + ": " + text.error().message());
        json_ = nlohmann::json::parse(*text);
        auto session = parse_session(*text);
        if (!session) throw std::runtime_error(file + ": " + session.error().message());
        session_ = *std::move(session);
    }

    // Calls visit(bus before the step, the step, what is predicted of it) for each command and each write behind set-up.
    template <class Visit>
    void each_step(Visit&& visit) const {
        const auto start =
            std::ranges::find_if(session_.steps, [](const SessionStep& step) { return step.after.has_value(); });
        auto bus = bus_of(session_.kernel, *start->after, {});
        if (!bus) throw std::runtime_error(bus.error().message());
        for (auto step = start + 1; step != session_.steps.end(); ++step) {
            if (!step->command && !step->write) continue;
            NdBus trial = *bus;
            const CommandAnswer answer = run_command(trial, command_of(*step));
            visit(std::as_const(*bus), *step, answer);
            if (!answer.uncertain || step->exit == 0) *bus = std::move(trial);
        }
    }

    // Calls visit(bus before the command, answer, recorded step, its JSON) for each command behind set-up.
    template <class Visit>
    void each_command(Visit&& visit) const {
        each_step([&](const NdBus& bus, const SessionStep& step, const CommandAnswer& answer) {
            if (step.command) visit(bus, answer, step, json_["steps"][index_of(step)]);
        });
    }

    static CommandLine command_of(const SessionStep& step) {
        return step.write ? CommandLine{"write", *step.write, {step.value}} : split_command(*step.command);
    }

    [[nodiscard]] const Session& session() const { return session_; }

private:
    [[nodiscard]] std::size_t index_of(const SessionStep& step) const {
        return static_cast<std::size_t>(&step - session_.steps.data());
    }

    nlohmann::json json_;
    Session session_;
};

}   // namespace memhot::test
