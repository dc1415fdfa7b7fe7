// SPDX-License-Identifier: GPL-2.0-or-later
//
// A plan carried out on the simulated host, with a journal and a clock of the test's own.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "execute/executor.hpp"
#include "scratch.hpp"

namespace memhot::execute {

namespace fs = std::filesystem;
using journal::StepState;

class FakeClock : public Clock {
public:
    std::uint64_t wall() override { return 1'790'000'000'000'000 + now; }
    std::uint64_t monotonic() override { return now; }
    void sleep(std::uint64_t microseconds) override {
        waits.push_back(microseconds);
        now += microseconds;
    }
    std::uint64_t now = 0;
    std::vector<std::uint64_t> waits;
};

inline Snapshot host(const char* name) { return *load_snapshot(std::string(MEMHOT_TEST_DATA) + "/" + name); }

class Execution : public Scratch {
protected:
    void use(const char* file, const std::vector<std::string>& words) {
        snapshot = host(file);
        plan = *make_plan(snapshot, *parse_wish(words));
        ASSERT_FALSE(plan.refused()) << to_text(plan);
    }
    SimulatedTarget target(const std::vector<std::string>& faults = {}) {
        std::vector<Fault> parsed;
        for (const auto& fault : faults) parsed.push_back(*parse_fault(fault));
        return {*SimulatedHost::from_snapshot(snapshot), std::move(parsed), clock};
    }
    JobResult run(Target& where) {
        const auto lock = journal::HostLock::take(top + "/run", "test");
        auto book = journal::Journal::open(top + "/state", *lock);
        Executor executor(where, *book, clock);
        auto result = executor.run(plan, "job1", options);
        EXPECT_TRUE(result.ok()) << result.error().message();
        return *std::move(result);
    }
    [[nodiscard]] journal::Job job() const {
        const auto jobs = journal::jobs_of(journal::read_journal(top + "/state")->entries);
        EXPECT_EQ(jobs.back().contradiction, "");
        return jobs.back();
    }
    // The blocks' words on the host, as the state of the steps says they must be.
    void expect_agreement(SimulatedTarget& where, const JobResult& result) {
        const journal::Job written = job();
        for (std::size_t i = 0; i < plan.steps.size(); ++i) {
            const StepState said = result.steps[i].state;
            const StepState noted = i < written.steps.size() ? written.steps[i].state : StepState::untouched;
            EXPECT_EQ(said, noted) << "step " << i;
            const bool done = said == StepState::done;
            for (const auto& fact : done ? plan.steps[i].after : plan.steps[i].before) {
                const std::string now = where.host().value(fact.kind, fact.name);
                EXPECT_EQ(now.substr(0, now.find(',')), fact.value.substr(0, fact.value.find(','))) << "step " << i;
            }
        }
    }

    Snapshot snapshot;
    Plan plan;
    FakeClock clock;
    Options options;
};

}   // namespace memhot::execute
