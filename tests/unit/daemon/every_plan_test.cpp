// SPDX-License-Identifier: GPL-2.0-or-later
//
// Every step of every golden plan fails once and is killed once. Afterwards journal, host and report agree: what is
// written as done is done, once, and nothing else; the job can be finished or undone, or says what nobody knows.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "execute/executor.hpp"
#include "support/golden_host.hpp"

namespace memhot::execute {
namespace {

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

std::vector<Case> cases() {
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
        out.push_back({entry.path().filename(), *std::move(snapshot), *std::move(plan)});
    }
    return out;
}

// A simulated host on which one step of the plan meets something.
class Stumbling : public Target {
public:
    enum class How : std::uint8_t { never, fails, dies_before, dies_behind };

    Stumbling(const Case& one, How how, std::size_t at)
        : host_(*SimulatedHost::from_snapshot(one.snapshot)), how_(how), at_(at) {}

    Attempt carry_out(const Action& action) override {
        const bool here = asked_++ == at_;
        if (here && how_ == How::fails) return {EIO, "injected"};
        if (here && how_ == How::dies_before) ::raise(SIGKILL);
        take(action);
        if (here && how_ == How::dies_behind) ::raise(SIGKILL);
        return {};
    }
    Result<std::optional<std::string>> look(const Fact& fact) override {
        return std::optional<std::string>(host_.value(fact.kind, fact.name));
    }

    void take(const Action& action) {
        const Verdict verdict = host_.carry_out(action);
        EXPECT_NE(verdict.outcome.kind, Outcome::Kind::refused) << to_string(action) << ": " << verdict.summary;
        taken.push_back(action);
    }

    std::vector<Action> taken;

private:
    SimulatedHost host_;
    How how_;
    std::size_t at_;
    std::size_t asked_ = 0;
};

class EveryPlan : public testing::Test {
protected:
    void SetUp() override {
        const fs::path where = ::access("/dev/shm", W_OK) == 0 ? fs::path("/dev/shm") : fs::temp_directory_path();
        std::string name = (where / "memhot-plans-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        top = name;
    }
    void TearDown() override { fs::remove_all(top); }

    // What `act` makes of an executor on a journal that goes on where it was left.
    template <class Act>
    JobResult with_executor(Target& target, Act act) {
        const auto lock = journal::HostLock::take(top + "/run", "test");
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
    [[nodiscard]] journal::Job written() const {
        const auto reading = journal::read_journal(top + "/state");
        EXPECT_TRUE(reading.ok() && reading->damaged.empty());
        const auto jobs = journal::jobs_of(reading->entries);
        EXPECT_EQ(jobs.back().contradiction, "");
        return jobs.back();
    }
    void forget() { fs::remove_all(top + "/state"); }

    std::string top;
    StillClock clock;
};

// What the host is known by behind so many steps.
std::map<std::string, std::string> known_behind(const Plan& plan, std::size_t steps) {
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
bool looks_as_at_the_start(const Plan& plan, std::size_t at) {
    return !plan.steps[at].replaces && known_behind(plan, at + 1) == known_behind(plan, 0) &&
           known_behind(plan, at) != known_behind(plan, 0);
}

// "online, node0": what an undo brings back. Its zone may be another one, which the plan says: a zone shrinks when its last
// block goes (mm/memory_hotplug.c: remove_pfn_range_from_zone).
std::string without_zones(const std::string& block) { return block.substr(0, block.find(", zones")); }

// A block as the first step that names it found it.
std::map<std::string, std::pair<Fact, std::string>> first_facts(const Plan& plan) {
    std::map<std::string, std::pair<Fact, std::string>> out;
    for (const auto& step : plan.steps) {
        for (const auto& fact : step.before) out.try_emplace(fact.name, fact, step.undo_differs);
    }
    return out;
}

void expect_blocks_back(const Case& one, Target& host, const std::string& what) {
    for (const auto& [name, first] : first_facts(one.plan)) {
        const auto& [fact, differs] = first;
        const std::string now = **host.look(fact);
        EXPECT_EQ(without_zones(now), without_zones(fact.value)) << what << " " << name;
        if (now == fact.value) continue;
        EXPECT_NE(differs.find("comes back in zone"), std::string::npos) << what << " " << name << ": " << now;
    }
}

// The blocks of all steps as both hosts show them.
void expect_same_blocks(const Case& one, Target& host, Target& other, const std::string& what) {
    for (const auto& step : one.plan.steps) {
        for (const auto& fact : step.before) {
            EXPECT_EQ(**host.look(fact), **other.look(fact)) << what << " " << fact.name;
        }
    }
}

// The first `count` steps done, and nothing else.
Stumbling done_until(const Case& one, std::size_t count) {
    Stumbling out(one, Stumbling::How::never, 0);
    for (std::size_t i = 0; i < count; ++i) out.take(one.plan.steps[i].action);
    out.taken.clear();
    return out;
}

StepState state_of(const journal::Job& job, std::size_t step) {
    return step < job.steps.size() ? job.steps[step].state : StepState::untouched;
}

TEST_F(EveryPlan, read_back_from_its_JSON_is_the_same) {
    const auto all = cases();
    EXPECT_GE(all.size(), 25U);
    for (const auto& one : all) {
        const auto read = plan_from_json(to_json(one.plan));
        ASSERT_TRUE(read.ok()) << one.file << ": " << read.error().message();
        EXPECT_TRUE(same_actions(one.plan, *read)) << one.file;
        EXPECT_EQ(read->wish, one.plan.wish) << one.file;
        EXPECT_EQ(read->facts, one.plan.facts) << one.file;
        for (std::size_t i = 0; i < one.plan.steps.size(); ++i) {
            const PlanStep& was = one.plan.steps[i];
            const PlanStep& is = read->steps[i];
            EXPECT_EQ(was.undo, is.undo) << one.file;
            EXPECT_EQ(was.before, is.before) << one.file;
            EXPECT_EQ(was.after, is.after) << one.file;
            EXPECT_EQ(was.did, is.did) << one.file;
            EXPECT_EQ(was.cost, is.cost) << one.file;
            EXPECT_EQ(was.depends_on, is.depends_on) << one.file;
        }
    }
}

// Steps that hold something for the time of the plan, which ends at step `at`: they are undone.
std::vector<std::size_t> held_at(const Plan& plan, std::size_t at) {
    std::vector<std::size_t> out;
    for (std::size_t i = at; i < plan.steps.size(); ++i) {
        if (plan.steps[i].takes_back && *plan.steps[i].takes_back < at) out.push_back(*plan.steps[i].takes_back);
    }
    return out;
}

TEST_F(EveryPlan, fails_once_at_each_step) {
    for (const auto& one : cases()) {
        for (std::size_t at = 0; at < one.plan.steps.size(); ++at) {
            const std::string what = one.file + " step " + std::to_string(at + 1);
            Stumbling host(one, Stumbling::How::fails, at);
            const JobResult result = run(host, one);
            const journal::Job job = written();
            const auto held = held_at(one.plan, at);
            bool changed = false;   // a copy in the job's directory is no change
            for (std::size_t i = 0; i < one.plan.steps.size(); ++i) {
                const bool undone = std::ranges::find(held, i) != held.end();
                const StepState expected = undone    ? StepState::undone
                                           : i < at  ? StepState::done
                                           : i == at ? StepState::failed
                                                     : StepState::untouched;
                const bool save = std::holds_alternative<SaveAction>(one.plan.steps[i].action);
                changed = changed || (expected == StepState::done && !save);
                EXPECT_EQ(result.steps[i].state, expected) << what;
                EXPECT_EQ(state_of(job, i), expected) << what;
            }
            EXPECT_EQ(host.taken.size(), at + held.size()) << what << ": nothing behind the failure, nothing twice";
            EXPECT_EQ(result.exit_status(), changed ? 6 : 5) << what;
            auto expected = done_until(one, at);
            for (const auto step : held) expected.take(one.plan.steps[step].undo.front());
            expect_same_blocks(one, host, expected, what);
            forget();
        }
    }
}

TEST_F(EveryPlan, all_or_nothing_goes_back_as_far_as_there_is_a_way) {
    for (const auto& one : cases()) {
        for (std::size_t at = 0; at < one.plan.steps.size(); ++at) {
            const std::string what = one.file + " step " + std::to_string(at + 1);
            Stumbling host(one, Stumbling::How::fails, at);
            const JobResult result = run(host, one, true);
            const journal::Job job = written();
            bool all_back = true;
            for (std::size_t i = 0; i < at; ++i) {
                EXPECT_EQ(result.steps[i].state, state_of(job, i)) << what;
                const PlanStep& step = one.plan.steps[i];
                const bool way = !step.undo.empty();
                EXPECT_EQ(result.steps[i].state, way ? StepState::undone : StepState::done) << what;
                all_back = all_back && (way || std::holds_alternative<SaveAction>(step.action));
            }
            if (all_back) {
                expect_blocks_back(one, host, what);
            }
            forget();
        }
    }
}

TEST_F(EveryPlan, killed_at_each_step_is_finished_without_doing_anything_twice) {
    for (const auto& one : cases()) {
        for (std::size_t at = 0; at < one.plan.steps.size(); ++at) {
            for (const auto how : {Stumbling::How::dies_before, Stumbling::How::dies_behind}) {
                const std::string what = one.file + " step " + std::to_string(at + 1);
                const pid_t child = ::fork();
                if (child == 0) {
                    Stumbling host(one, how, at);
                    run(host, one);
                    ::_exit(0);
                }
                int status = 0;
                ::waitpid(child, &status, 0);
                ASSERT_TRUE(WIFSIGNALED(status)) << what;
                const journal::Job job = written();
                EXPECT_TRUE(job.interrupted()) << what;
                for (std::size_t i = 0; i < one.plan.steps.size(); ++i) {
                    const StepState expected = i < at    ? StepState::done
                                               : i == at ? StepState::unknown
                                                         : StepState::untouched;
                    EXPECT_EQ(state_of(job, i), expected) << what;
                }
                const bool happened = how == Stumbling::How::dies_behind;
                const auto kept = plan_from_json(job.plan);
                ASSERT_TRUE(kept.ok()) << what;
                auto host = done_until(one, at + (happened ? 1 : 0));
                const JobResult result =
                    with_executor(host, [&](Executor& executor) { return executor.finish(*kept, job, Options{}); });
                const PlanStep& doubtful = one.plan.steps[at];
                const bool shows = !doubtful.after.empty() || std::holds_alternative<SaveAction>(doubtful.action);
                if (!shows || (happened && looks_as_at_the_start(one.plan, at))) {
                    EXPECT_EQ(result.end, JobEnd::failed) << what;
                    EXPECT_EQ(result.steps[at].state, StepState::unknown) << what;
                    EXPECT_TRUE(host.taken.empty()) << what << ": nothing is done where nobody knows";
                } else {
                    EXPECT_EQ(result.end, JobEnd::done) << what << ": " << result.text;
                    const bool again = !happened || std::holds_alternative<SaveAction>(doubtful.action);
                    EXPECT_EQ(host.taken.size(), one.plan.steps.size() - at - (again ? 0 : 1)) << what;
                    auto expected = done_until(one, one.plan.steps.size());
                    expect_same_blocks(one, host, expected, what);
                }
                forget();
            }
        }
    }
}

TEST_F(EveryPlan, killed_at_each_step_is_undone_or_says_what_nobody_knows) {
    for (const auto& one : cases()) {
        for (std::size_t at = 0; at < one.plan.steps.size(); ++at) {
            for (const bool happened : {false, true}) {
                const std::string what = one.file + " step " + std::to_string(at + 1);
                const pid_t child = ::fork();
                if (child == 0) {
                    Stumbling host(one, happened ? Stumbling::How::dies_behind : Stumbling::How::dies_before, at);
                    run(host, one);
                    ::_exit(0);
                }
                ::waitpid(child, nullptr, 0);
                const journal::Job job = written();
                auto host = done_until(one, at + (happened ? 1 : 0));
                const JobResult result =
                    with_executor(host, [&](Executor& executor) { return executor.undo(one.plan, job, Options{}); });
                const journal::Job after = written();
                bool all_back = true;
                for (std::size_t i = 0; i < one.plan.steps.size(); ++i) {
                    const StepState state = result.steps[i].state;
                    // What the host shows as never done is written nowhere: the journal keeps its "unknown".
                    if (state != StepState::untouched) {
                        EXPECT_EQ(state, state_of(after, i)) << what;
                    }
                    const bool harmless = std::holds_alternative<SaveAction>(one.plan.steps[i].action);
                    all_back = all_back && (harmless || state == StepState::undone || state == StepState::untouched);
                }
                if (all_back) {
                    expect_blocks_back(one, host, what);
                }
                EXPECT_EQ(result.end, result.changed() ? JobEnd::failed : JobEnd::undone) << what;
                forget();
            }
        }
    }
}

std::size_t changes_in(const std::vector<Action>& actions) {
    return static_cast<std::size_t>(std::ranges::count_if(
        actions, [](const Action& action) { return !std::holds_alternative<SaveAction>(action); }));
}

// Whatever the undo had done when the process died is not done again, and in the end the host is as an undo leaves it that
// nobody killed.
TEST_F(EveryPlan, killed_while_it_is_rolled_back_is_rolled_back_again) {
    std::size_t kills = 0;
    for (const auto& one : cases()) {
        const auto undo = [&](Target& host) {
            return with_executor(host,
                                 [&](Executor& executor) { return executor.undo(one.plan, written(), Options{}); });
        };
        const auto run_whole = [&](Stumbling::How how, std::size_t at) {
            forget();
            Stumbling first(one, Stumbling::How::never, 0);
            EXPECT_EQ(run(first, one).end, JobEnd::done) << one.file;
            Stumbling host(one, how, at);
            for (const auto& step : one.plan.steps) host.take(step.action);
            host.taken.clear();
            return host;
        };
        auto whole = run_whole(Stumbling::How::never, 0);
        const JobResult wanted = undo(whole);
        for (std::size_t at = 0; at < whole.taken.size(); ++at) {
            for (const auto how : {Stumbling::How::dies_before, Stumbling::How::dies_behind}) {
                const std::string what = one.file + " undo " + std::to_string(at + 1);
                auto dying = run_whole(how, at);
                const pid_t child = ::fork();
                if (child == 0) {
                    undo(dying);
                    ::_exit(0);
                }
                int status = 0;
                ::waitpid(child, &status, 0);
                ASSERT_TRUE(WIFSIGNALED(status)) << what;
                EXPECT_EQ(written().contradiction, "") << what;
                auto host = done_until(one, one.plan.steps.size());
                const std::size_t happened = at + (how == Stumbling::How::dies_behind ? 1 : 0);
                for (std::size_t i = 0; i < happened; ++i) host.take(whole.taken[i]);
                const std::size_t changed = changes_in(host.taken);
                const JobResult result = undo(host);
                EXPECT_EQ(result.exit_status(), wanted.exit_status()) << what << ": " << result.text;
                EXPECT_EQ(changes_in(host.taken), changes_in(whole.taken)) << what << ", " << changed << " before";
                expect_same_blocks(one, host, whole, what);
                EXPECT_EQ(written().contradiction, "") << what;
                ++kills;
            }
        }
        forget();
    }
    EXPECT_GE(kills, 100U);
}

// What lives in memory alone is gone: onlined blocks, held policies, drivers of dax devices. Namespaces stay, so those plans
// are not looked at here.
TEST_F(EveryPlan, killed_and_rebooted_is_done_from_its_beginning) {
    const auto stays = [](const PlanStep& step) {
        const auto* command = std::get_if<CommandLine>(&step.action);
        return command != nullptr &&
               (command->program == "ndctl" || command->verb == "create-device" || command->verb == "destroy-device");
    };
    std::size_t looked_at = 0;
    for (const auto& one : cases()) {
        if (std::ranges::any_of(one.plan.steps, stays)) continue;
        for (std::size_t at = 0; at < one.plan.steps.size(); ++at) {
            const std::string what = one.file + " step " + std::to_string(at + 1);
            const pid_t child = ::fork();
            if (child == 0) {
                Stumbling host(one, Stumbling::How::dies_behind, at);
                run(host, one);
                ::_exit(0);
            }
            ::waitpid(child, nullptr, 0);
            const journal::Job job = written();
            auto rebooted = done_until(one, 0);
            const JobResult result =
                with_executor(rebooted, [&](Executor& executor) { return executor.finish(one.plan, job, Options{}); });
            EXPECT_EQ(result.end, JobEnd::done) << what << ": " << result.text;
            EXPECT_EQ(rebooted.taken.size(), one.plan.steps.size()) << what;
            expect_same_blocks(one, rebooted, *std::make_unique<Stumbling>(done_until(one, one.plan.steps.size())),
                               what);
            EXPECT_EQ(written().contradiction, "") << what;
            ++looked_at;
            forget();
        }
    }
    EXPECT_GE(looked_at, 40U);
}

}   // namespace
}   // namespace memhot::execute
