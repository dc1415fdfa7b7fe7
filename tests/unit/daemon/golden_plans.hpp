// SPDX-License-Identifier: GPL-2.0-or-later
//
// The golden plans, a simulated host for each, and what a job of theirs must come to when it is undone or gone on with:
// worked out from the plan's own words, not from what the executor does.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "execute/executor.hpp"
#include "scratch.hpp"
#include "support/golden_host.hpp"

namespace memhot::execute {

namespace fs = std::filesystem;
using journal::StepState;

class StillClock : public Clock {
public:
    std::uint64_t wall() override { return 1'790'000'000'000'000; }
    std::uint64_t monotonic() override { return now; }
    void sleep(std::uint64_t microseconds) override { now += microseconds; }
    std::uint64_t now = 0;
};

struct Case {
    std::string file;
    Snapshot snapshot;
    Plan plan;
};

// Those of tests/golden/plans that do something, by name.
inline std::vector<Case> cases() {
    std::vector<Case> out;
    for (const auto& entry : fs::directory_iterator(MEMHOT_SOURCE_DIR "/tests/golden/plans")) {
        std::ifstream in(entry.path());
        std::string host;
        std::string wanted;
        std::getline(in, host);
        std::getline(in, wanted);
        auto snapshot = test::golden_host(host);
        const auto wish = parse_wish(test::words_in(wanted));
        if (!snapshot || !wish) continue;
        auto plan = make_plan(*snapshot, *wish);
        if (!plan || plan->refused() || plan->steps.empty()) continue;
        out.push_back({entry.path().stem(), *std::move(snapshot), *std::move(plan)});
    }
    std::ranges::sort(out, {}, &Case::file);
    return out;
}

// The simulated host of a case, and what it was asked to do.
class CaseHost : public Target {
public:
    explicit CaseHost(const Case& one) : host_(*SimulatedHost::from_snapshot(one.snapshot)) {}

    Attempt carry_out(const Action& action) override {
        take(action);
        return {};
    }
    Result<std::optional<std::string>> look(const Fact& fact) override {
        ++looks;
        return std::optional<std::string>(host_.value(fact.kind, fact.name));
    }
    void take(const Action& action) {
        const Verdict verdict = host_.carry_out(action);
        EXPECT_NE(verdict.outcome.kind, Outcome::Kind::refused) << to_string(action) << ": " << verdict.summary;
        taken.push_back(action);
    }

    std::vector<Action> taken;
    std::size_t looks = 0;

private:
    SimulatedHost host_;
};

inline bool is_save(const Action& action) { return std::holds_alternative<SaveAction>(action); }

// The uuid of a namespace is chosen when it is created.
inline Action without_uuid(Action action) {
    if (auto* command = std::get_if<CommandLine>(&action))
        std::erase_if(command->arguments, [](const std::string& one) { return one.starts_with("--uuid="); });
    return action;
}

// What the host is known by behind so many steps.
inline std::map<std::string, std::string> known_behind(const Plan& plan, std::size_t steps) {
    std::map<std::string, std::string> out;
    for (const auto& step : plan.steps) {
        for (const auto& fact : step.before) out.try_emplace(fact.name, fact.value);
    }
    for (std::size_t i = 0; i < steps; ++i) {
        for (const auto& fact : plan.steps[i].after) out[fact.name] = fact.value;
    }
    return out;
}

// A label-less namespace that is disabled, made anew and enabled is in its place as it was at the start, and has no uuid to
// be told by.
inline bool looks_as_at_the_start(const Plan& plan, std::size_t at) {
    return !plan.steps[at].replaces && known_behind(plan, at + 1) == known_behind(plan, 0) &&
           known_behind(plan, at) != known_behind(plan, 0);
}

inline StepState state_of(const journal::Job& job, std::size_t step) {
    return step < job.steps.size() ? job.steps[step].state : StepState::untouched;
}

// Where a job stands when its process dies: so many steps are written down as done; the next one may be intended, and the
// host has done it or not.
struct Died {
    enum class Doubt : std::uint8_t { none, not_done, done };
    std::size_t done = 0;
    Doubt doubt = Doubt::none;

    [[nodiscard]] std::size_t on_host() const { return done + (doubt == Doubt::done ? 1 : 0); }
};

// What a rollback leaves.
struct RolledBack {
    std::vector<StepState> states;
    std::vector<bool> stays;   // on the host
    [[nodiscard]] bool whole() const {
        return std::ranges::none_of(stays, [](bool one) { return one; });
    }
};

// A step without an undo stays, and so does one in doubt that changes nothing which can be seen; both keep what they
// depend on, but not what was held for the time of the plan alone.
inline RolledBack rolled_back(const Plan& plan, const Died& died) {
    RolledBack out{std::vector(plan.steps.size(), StepState::untouched), std::vector<bool>(plan.steps.size())};
    std::vector<bool> held(plan.steps.size());
    const bool doubtful = died.doubt != Died::Doubt::none;
    for (std::size_t i = died.done + (doubtful ? 1 : 0); i-- > 0;) {
        const PlanStep& step = plan.steps[i];
        const bool in_doubt = doubtful && i == died.done;
        const auto keep_what_it_needs = [&] {
            for (const auto on : step.depends_on) held[on] = true;
        };
        if (is_save(step.action)) {
            out.states[i] = in_doubt ? StepState::unknown : StepState::done;
            if (held[i]) keep_what_it_needs();
            continue;
        }
        const bool unseen = in_doubt && step.after.empty();
        if (in_doubt && !unseen && died.doubt == Died::Doubt::not_done) continue;
        out.stays[i] = held[i] || unseen || step.undo.empty();
        out.states[i] = !out.stays[i] ? StepState::undone : in_doubt ? StepState::unknown : StepState::done;
        if (out.stays[i]) keep_what_it_needs();
    }
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        const auto taken_back = plan.steps[i].takes_back;
        if (!taken_back || out.states[i] == StepState::done || !out.stays[*taken_back]) continue;
        out.states[*taken_back] = StepState::undone;
        out.stays[*taken_back] = false;
    }
    return out;
}

// "online, node0": what an undo brings back. Its zone may be another one, which the plan says: a zone shrinks when its last
// block goes (mm/memory_hotplug.c: remove_pfn_range_from_zone).
inline std::string without_zones(const std::string& block) { return block.substr(0, block.find(", zones")); }

// Everything that the steps change is as those that stay leave it.
inline void expect_only(const Plan& plan, const std::vector<bool>& stays, Target& host, const std::string& what) {
    struct Expected {
        Fact fact;
        std::string differs;   // "it comes back in zone ..."
    };
    std::map<std::pair<Fact::Kind, std::string>, Expected> expected;
    for (const auto& step : plan.steps) {
        for (const auto& fact : step.before)
            expected.try_emplace({fact.kind, fact.name}, Expected{fact, step.undo_differs});
    }
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        for (const auto& fact : plan.steps[i].after) {
            if (stays[i]) expected[{fact.kind, fact.name}] = {fact, ""};
        }
    }
    for (const auto& [key, one] : expected) {
        const std::string now = **host.look(one.fact);
        EXPECT_EQ(without_zones(now), without_zones(one.fact.value)) << what << " " << key.second;
        if (now == one.fact.value) continue;
        EXPECT_NE(one.differs.find("comes back in zone"), std::string::npos)
            << what << " " << key.second << ": " << now;
    }
}

// The blocks and devices of all steps as both hosts show them.
inline void expect_same(const Plan& plan, Target& host, Target& other, const std::string& what) {
    for (const auto& step : plan.steps) {
        for (const auto& fact : step.before) {
            EXPECT_EQ(**host.look(fact), **other.look(fact)) << what << " " << fact.name;
        }
    }
}

class GoldenPlans : public Scratch {
protected:
    // What `act` makes of an executor on a journal that goes on where it was left.
    template <class Act>
    JobResult with_executor(Target& target, Act act) {
        const auto lock = journal::HostLock::take(top + "/run", "test");
        EXPECT_TRUE(lock.ok());
        auto book = journal::Journal::open(top + "/state", *lock);
        Executor executor(target, *book, clock);
        const auto result = act(executor);
        EXPECT_TRUE(result.ok()) << result.error().message();
        return *result;
    }
    JobResult run(Target& target, const Case& one, bool undo = false) {
        Options options;
        options.accept_danger = true;
        options.undo_on_failure = undo;
        return with_executor(target, [&](Executor& executor) { return executor.run(one.plan, "1", options); });
    }
    JobResult undo(Target& target, const Plan& plan, const journal::Job& job) {
        return with_executor(target, [&](Executor& executor) { return executor.undo(plan, job, Options{}); });
    }
    JobResult finish(Target& target, const Plan& plan, const journal::Job& job) {
        return with_executor(target, [&](Executor& executor) { return executor.finish(plan, job, Options{}); });
    }
    [[nodiscard]] journal::Job written() const {
        const auto reading = journal::read_journal(top + "/state");
        EXPECT_TRUE(reading.ok() && reading->damaged.empty());
        const auto jobs = journal::jobs_of(reading->entries);
        EXPECT_EQ(jobs.back().contradiction, "");
        return jobs.back();
    }
    void forget() { fs::remove_all(top + "/state"); }

    // The report, the journal and the host say of a rollback what the plan says of it.
    void expect_rolled_back(const Plan& plan, const RolledBack& expected, const JobResult& result, Target& host,
                            const std::string& what) {
        const journal::Job after = written();
        for (std::size_t i = 0; i < plan.steps.size(); ++i) {
            EXPECT_EQ(to_string(result.steps[i].state), to_string(expected.states[i])) << what << ", step " << i + 1;
            EXPECT_EQ(to_string(state_of(after, i)), to_string(expected.states[i])) << what << ", step " << i + 1;
            if (expected.stays[i]) {
                EXPECT_NE(result.steps[i].text, "") << what << ": it says why step " << i + 1 << " stays";
            }
        }
        EXPECT_EQ(result.end, expected.whole() ? JobEnd::undone : JobEnd::failed) << what << ": " << result.text;
        EXPECT_EQ(result.exit_status(), expected.whole() ? 0 : 6) << what;
        EXPECT_FALSE(after.interrupted()) << what;
        expect_only(plan, expected.stays, host, what);
    }
    // ... and of a job that was gone on with. on_host: what the dead process had done there.
    void expect_finished(const Plan& plan, const Died& died, const JobResult& result, CaseHost& host,
                         const std::string& what) {
        const journal::Job after = written();
        const bool doubtful = died.doubt != Died::Doubt::none;
        const bool save = doubtful && is_save(plan.steps[died.done].action);
        EXPECT_FALSE(after.interrupted()) << what;
        const bool unseen = doubtful && !save && plan.steps[died.done].after.empty();
        if (unseen || (died.doubt == Died::Doubt::done && looks_as_at_the_start(plan, died.done))) {
            EXPECT_EQ(result.end, JobEnd::failed) << what;
            EXPECT_EQ(result.steps[died.done].state, StepState::unknown) << what;
            EXPECT_TRUE(host.taken.empty()) << what << ": nothing is done where nobody knows";
            return;
        }
        EXPECT_EQ(result.end, JobEnd::done) << what << ": " << result.text;
        // A copy that may have been made is made again: that harms nobody.
        const std::size_t left = plan.steps.size() - (save ? died.done : died.on_host());
        ASSERT_EQ(host.taken.size(), left) << what;
        for (std::size_t i = 0; i < left; ++i)
            EXPECT_EQ(without_uuid(host.taken[i]), without_uuid(plan.steps[plan.steps.size() - left + i].action))
                << what;
        for (std::size_t i = 0; i < plan.steps.size(); ++i) {
            EXPECT_EQ(result.steps[i].state, StepState::done) << what << ", step " << i + 1;
            EXPECT_EQ(state_of(after, i), StepState::done) << what << ", step " << i + 1;
        }
        expect_only(plan, std::vector<bool>(plan.steps.size(), true), host, what);
    }

    StillClock clock;
};

}   // namespace memhot::execute
